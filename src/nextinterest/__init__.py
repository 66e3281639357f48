"""nextinterest: what a person will want next, which interests rise and which fade, and why.

The public names and the packages (``nextinterest.data``, ``nextinterest.eval``, ...) are loaded when first
used, so that ``import nextinterest`` costs nothing: no torch, no FAISS, no transformers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from nextinterest.version import __version__ as __version__

if TYPE_CHECKING:
    from nextinterest import (
        agent,
        artifact_files,
        data,
        domain,
        errors,
        eval,  # noqa: A004
        finetune,
        interests,
        llm,
        profiles,
        prompts,
        retrieval,
        server,
        titles,
    )
    from nextinterest.agent import RecommenderAgent
    from nextinterest.domain import (
        Catalog,
        Event,
        History,
        Item,
        Outcome,
        Recommendations,
        Recommender,
        Request,
        Where,
    )
    from nextinterest.errors import NextInterestError

__all__ = [
    "Catalog",
    "Event",
    "History",
    "Item",
    "NextInterestError",
    "Outcome",
    "Recommendations",
    "Recommender",
    "RecommenderAgent",
    "Request",
    "Where",
    "agent",
    "artifact_files",
    "data",
    "domain",
    "errors",
    "eval",
    "finetune",
    "interests",
    "llm",
    "profiles",
    "prompts",
    "retrieval",
    "server",
    "titles",
]

_PACKAGES = frozenset(name for name in __all__ if name.islower())
_HOME = {
    "RecommenderAgent": "nextinterest.agent",
    "NextInterestError": "nextinterest.errors",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'nextinterest' has no attribute {name!r}")
    if name in _PACKAGES:
        return import_module(f"nextinterest.{name}")
    return getattr(import_module(_HOME.get(name, "nextinterest.domain")), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
