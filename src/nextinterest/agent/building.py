"""An engine from data, nothing trained."""

from __future__ import annotations

from pathlib import Path

from nextinterest.agent.config import AgentConfig
from nextinterest.agent.deferred import DeferredModel
from nextinterest.agent.engine import Engine
from nextinterest.data import EventLog
from nextinterest.domain import Catalog
from nextinterest.llm.devices import DtypeName
from nextinterest.retrieval import Retriever, encoder_assets

__all__ = ["build_engine"]


def build_engine(
    catalog: Catalog,
    log: EventLog,
    language_model: str | Path | None,
    text_encoder: str | Path,
    config: AgentConfig | None = None,
    *,
    device: str = "auto",
    dtype: DtypeName = "auto",
) -> Engine:
    """Return an engine whose retriever learns from a log; see `RecommenderAgent.from_dataset`."""
    config = config or AgentConfig()
    retriever = Retriever.build(catalog, log, encoder_assets.open_encoder(text_encoder, device))
    model: DeferredModel | None = None
    if language_model is not None:
        model = DeferredModel(str(language_model), device=device, dtype=dtype)
        if config.choice_weight > 0:  # every list asks it
            model.load()
    return Engine(
        retriever,
        model,
        config,
        language_model_name=None if language_model is None else str(language_model),
        text_encoder_name=str(text_encoder),
    )
