"""What chat takes, what it understands and what it answers, as pydantic models.

`ChatAction` is the flat form in which messages are read: a language model that reads them is held to its
JSON schema, and nothing a message says reaches the agent by any other way. What is carried out is the
`Request` that it says. `ChatReply` is the answer; its text is written from its other fields.

Knows neither how messages are read nor how actions are carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nextinterest.domain import (
    Confirmation,
    Explanation,
    FoundItem,
    Intent,
    Outcome,
    Question,
    Relaxation,
    Request,
    Trace,
    Where,
)
from nextinterest.domain.where import Name, Names, Year
from nextinterest.messages import Message

__all__ = [
    "ChatAction",
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
"""The query of an action that forgets the whole profile."""

MAX_COUNT = 100
_TITLES = ("liked", "disliked", "similar_to")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChatAction(_Frozen):
    """What the newest message asks for, with what earlier messages asked for and still holds."""

    intent: Intent = Field(
        description="recommend: a list of items. similar: items like a named one. explain: why an item was "
        "recommended. feedback: what the person saw, liked or disliked. profile: the person's own interests. "
        "search: whether an item exists. forget: take back what was told. other: anything else."
    )
    count: int | None = Field(
        default=None, ge=1, le=MAX_COUNT, description="How many items, where a number was asked for."
    )
    include_categories: Names = Field(default=(), description="Categories that every item must have.")
    exclude_categories: Names = Field(default=(), description="Categories that no item may have.")
    year_from: Year | None = Field(default=None, description="Earliest year, inclusive.")
    year_to: Year | None = Field(default=None, description="Latest year, inclusive.")
    liked: Names = Field(default=(), description="Titles the person says they like.")
    disliked: Names = Field(default=(), description="Titles the person dislikes or does not want.")
    similar_to: Names = Field(default=(), description="Titles that the items should resemble.")
    query: Name | None = Field(
        default=None,
        description="The title that is looked up, explained, taken back or said to be seen, or words that no "
        "other field holds; 'everything' where all is to be forgotten.",
    )

    @model_validator(mode="after")
    def _years_in_order(self) -> Self:
        if self.year_from is not None and self.year_to is not None and self.year_from > self.year_to:
            raise ValueError(f"year_from {self.year_from} lies after year_to {self.year_to}")
        return self

    def request(self, *, either: bool = False) -> Request:
        """Return the same as a `Request`.

        Parameters
        ----------
        either
            Whether any one of the included categories is enough.
        """
        # Titles and categories of the catalogue stand in an action unchecked, of any length.
        where = Where.model_construct(
            categories=self.include_categories,
            match="any" if either else "all",
            excluded_categories=self.exclude_categories,
            year_from=self.year_from,
            year_to=self.year_to,
        )
        same = {name: getattr(self, name) for name in ("intent", "count", *_TITLES, "query")}
        return Request.model_construct(where=where, **same)


class Usage(_Frozen):
    """Tokens that language models read and wrote for the answer; 0 where none ran."""

    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)

    @property
    def total_tokens(self) -> int:
        """Both together."""
        return self.prompt_tokens + self.completion_tokens


class ChatReply(Outcome):
    """The answer: text for people, and the structured result the text was written from."""

    text: str = Field(description="The answer in words, Markdown-free; items stand one a line, numbered.")
    action: ChatAction = Field(description="The request in the flat form in which it was read.")
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
