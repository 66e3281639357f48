"""The agent: retrieve, rerank, forecast, explain, answer.

Public names are loaded when first used, since they bring torch and FAISS along.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.agent.agent import RecommenderAgent
    from nextinterest.agent.config import AgentConfig
    from nextinterest.agent.engine import Engine
    from nextinterest.agent.ranked import RankedItems

__all__ = ["AgentConfig", "Engine", "RankedItems", "RecommenderAgent"]

_HOME = {
    "AgentConfig": "config",
    "Engine": "engine",
    "RankedItems": "ranked",
    "RecommenderAgent": "agent",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
