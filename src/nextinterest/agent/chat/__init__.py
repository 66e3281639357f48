"""Chat: messages in, an action understood and carried out, a reply whose every word stands on its result.

Names are loaded when first used, since executing an action brings the agent's own imports along.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.agent.chat.schema import (
        ChatAction,
        ChatMessage,
        ChatReply,
        Confirmation,
        Converses,
        Explanation,
        FoundItem,
        Intent,
        Relaxation,
        Usage,
    )

__all__ = [
    "ChatAction",
    "ChatMessage",
    "ChatReply",
    "Confirmation",
    "Converses",
    "Explanation",
    "FoundItem",
    "Intent",
    "Relaxation",
    "Usage",
]

_HOME = dict.fromkeys(__all__, "schema")


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
