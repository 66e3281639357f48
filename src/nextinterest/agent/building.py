"""An engine from data, nothing trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nextinterest.agent.config import AgentConfig
from nextinterest.agent.deferred import DeferredModel
from nextinterest.agent.engine import Engine
from nextinterest.agent.role_models import open_roles
from nextinterest.agent.roles import Role
from nextinterest.data import EventLog
from nextinterest.domain import Catalog
from nextinterest.llm import LanguageModelLike
from nextinterest.llm.devices import DtypeName
from nextinterest.llm.opening import name_of
from nextinterest.retrieval import Retriever, encoder_assets

__all__ = ["build_engine"]


def build_engine(
    catalog: Catalog,
    log: EventLog,
    language_model: LanguageModelLike | None,
    text_encoder: str | Path,
    config: AgentConfig | None = None,
    *,
    roles: Mapping[Role, LanguageModelLike | None] | None = None,
    device: str = "auto",
    dtype: DtypeName = "auto",
) -> Engine:
    """Return an engine whose retriever learns from a log; see `RecommenderAgent.from_dataset`."""
    model, own = open_roles(language_model, roles, device=device, dtype=dtype)
    reranks = own.get("rerank", model)
    config = (config or AgentConfig()).for_model(None if reranks is None else reranks.capabilities)
    retriever = Retriever.build(catalog, log, encoder_assets.open_encoder(text_encoder, device))
    if isinstance(reranks, DeferredModel) and config.choice_weight > 0:  # every list asks it
        reranks.load()
    return Engine(
        retriever,
        model,
        config,
        language_model_name=None if model is None else name_of(model),
        text_encoder_name=str(text_encoder),
        roles=own,
    )
