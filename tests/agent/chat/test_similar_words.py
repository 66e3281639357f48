"""Items like others that are asked for with words besides: the words order the neighbours."""

from __future__ import annotations

import pytest
from support.films import WordEncoder
from support.written import written

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.chat import ModelReader
from nextinterest.agent.notes import MATCHED
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, Request
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.retrieval import Retriever


@pytest.fixture
def agent(catalog: Catalog, log: EventLog) -> RecommenderAgent:
    return RecommenderAgent(Engine(Retriever.build(catalog, log, WordEncoder()), None), log)


def test_words_move_the_neighbours(agent: RecommenderAgent, catalog: Catalog) -> None:
    model = catalog.titles[0]
    plain = agent.carry_out(Request(intent="similar", similar_to=(model,), count=5)).recommendations
    assert plain is not None
    last = plain.items[-1]
    asked = Request(intent="similar", similar_to=(model,), count=5, query=f"{last.title} please")
    outcome = agent.carry_out(asked)
    made = outcome.recommendations
    assert made is not None
    assert made.match in {"weak", "clear"}
    assert MATCHED[made.match] in outcome.notes
    assert next(one.rank for one in made.items if one.item_id == last.item_id) < last.rank
    assert "similarity" in made.items[0].scores
    chances = [one.probability for one in made.items]
    assert chances == sorted(chances, reverse=True)


def test_words_that_match_nothing_are_said(agent: RecommenderAgent, catalog: Catalog) -> None:
    asked = Request(intent="similar", similar_to=(catalog.titles[0],), query="xqzw")
    reader = ModelReader(ScriptedLanguageModel([written(asked)]))
    agent.conversation = agent.conversation.read_by(reader)
    reply = agent.chat([Message(role="user", content="...")], history=["a"])
    assert reply.request.query == "xqzw"
    assert MATCHED["none"] in reply.notes
