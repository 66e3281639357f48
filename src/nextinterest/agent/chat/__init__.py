"""Chat: messages in, a request understood and carried out, a reply whose every word stands on its result.

Names are loaded when first used, since carrying a request out brings the agent's own imports along.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.agent.chat.conversing import Conversation
    from nextinterest.agent.chat.model_reader import ModelReader
    from nextinterest.agent.chat.reading.reader import CompositionalReader
    from nextinterest.agent.chat.schema import (
        ChatReply,
        Confirmation,
        Converses,
        Explanation,
        FoundItem,
        Intent,
        Question,
        Relaxation,
        Usage,
    )
    from nextinterest.agent.chat.tuned_reader import TunedReader
    from nextinterest.agent.chat.understanding import ChatContext, Understanding, Understood

__all__ = [
    "ChatContext",
    "ChatReply",
    "CompositionalReader",
    "Confirmation",
    "Conversation",
    "Converses",
    "Explanation",
    "FoundItem",
    "Intent",
    "ModelReader",
    "Question",
    "Relaxation",
    "TunedReader",
    "Understanding",
    "Understood",
    "Usage",
]

_HOME = dict.fromkeys(__all__, "schema") | {
    "ChatContext": "understanding",
    "CompositionalReader": "reading.reader",
    "Conversation": "conversing",
    "ModelReader": "model_reader",
    "TunedReader": "tuned_reader",
    "Understanding": "understanding",
    "Understood": "understanding",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
