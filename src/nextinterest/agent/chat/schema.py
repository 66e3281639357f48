"""What chat answers, as pydantic models: an `Outcome` in words, with what it cost.

Knows neither how messages are read nor how requests are carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from pydantic import Field

from nextinterest.domain import (
    Confirmation,
    Explanation,
    FoundItem,
    Intent,
    Outcome,
    Question,
    Relaxation,
    SessionState,
    Trace,
    Usage,
)
from nextinterest.domain.usage import Metered
from nextinterest.messages import Message

__all__ = [
    "ChatReply",
    "Confirmation",
    "Converses",
    "Explanation",
    "FoundItem",
    "Intent",
    "Question",
    "Relaxation",
    "Usage",
]

EVERYTHING = "everything"
"""The query of a request that forgets the whole profile."""

UNDO = "undo"
"""The query of a request to forget that undoes the newest change of the conversation."""


class ChatReply(Metered, Outcome):
    """The answer: text for people, and the structured result the text was written from."""

    text: str = Field(description="The answer in words, Markdown-free; items stand one a line, numbered.")
    session: SessionState | None = Field(
        default=None, description="The session that it is kept in; None without one."
    )
    usage: Usage = Field(default=Usage(), description="Tokens used.")
    trace: Trace | None = Field(default=None, description="Each step of the answer, where asked for.")


@runtime_checkable
class Converses(Protocol):
    """An agent one can talk to; `RecommenderAgent` is one."""

    def chat(self, messages: Sequence[Message], user: str) -> ChatReply:
        """Answer the newest user message; earlier ones are its context."""
        ...

    def chat_stream(self, messages: Sequence[Message], user: str) -> Iterator[str | ChatReply]:
        """Yield the text of the same answer piece by piece, and last the whole reply."""
        ...
