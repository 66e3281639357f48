"""Four users over nine films, a scripted model, and the agent over them."""

from __future__ import annotations

import numpy as np
import pytest
from support.films import FILMS, WordEncoder

from nextinterest.agent import AgentConfig, Engine, RecommenderAgent
from nextinterest.data import EventLog
from nextinterest.domain import Catalog
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.retrieval import Retriever


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog.from_items(FILMS)


@pytest.fixture(scope="session")
def log(catalog: Catalog) -> EventLog:
    items_of = {"ann": "abda", "bob": "cegc", "cem": "fhab", "dot": "ceg"}
    users = np.array([u for u, items in enumerate(items_of.values()) for _ in items], dtype=np.int32)
    items = np.array([catalog.position(i) for items in items_of.values() for i in items], dtype=np.int32)
    return EventLog.from_arrays(tuple(items_of), users, items, np.arange(len(items), dtype=np.int64) * 3600)


@pytest.fixture
def model() -> ScriptedLanguageModel:
    return ScriptedLanguageModel()


@pytest.fixture
def agent(catalog: Catalog, log: EventLog, model: ScriptedLanguageModel) -> RecommenderAgent:
    retriever = Retriever.build(catalog, log, WordEncoder())
    # The scripted tokenizer has one token per character.
    return RecommenderAgent(
        Engine(retriever, model, AgentConfig(n_candidates=5, max_prompt_tokens=4096)), log
    )
