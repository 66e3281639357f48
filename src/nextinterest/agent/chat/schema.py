"""What chat takes, what it understands and what it answers, as pydantic models.

`ChatAction` is the whole of what a message can ask for: a language model that reads messages is held to its
JSON schema, and nothing a message says reaches the agent by any other way. `ChatReply` is the answer; its
text is written from its other fields.

Knows neither how messages are read nor how actions are carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from nextinterest.domain import Evidence, Recommendations
from nextinterest.interests.schema import InterestOutlook, InterestPortrait
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

Intent = Literal["recommend", "similar", "explain", "feedback", "profile", "search", "forget", "other"]
"""What is wanted: a list, a list around items, reasons, to tell something, one's own interests, an item
looked up, something taken back, or anything else."""

EVERYTHING = "everything"
"""The query of an action that forgets the whole profile."""

MAX_COUNT = 100
MAX_NAMES = 20
FIRST_YEAR, LAST_YEAR = 1000, 2999

Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_NAMES)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


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


class FoundItem(_Frozen):
    """An item of the catalogue that a message named or looked for."""

    item_id: str = Field(description="Id of the item.")
    title: str = Field(description="Its title.")
    categories: tuple[str, ...] = Field(default=(), description="Its categories.")
    year: int | None = Field(default=None, description="Its year, where known.")
    asked: str = Field(description="The words it was found by.")
    match: float = Field(description="How well they fit the title: 1 is the very title.", ge=0.0, le=1.0)


class Explanation(_Frozen):
    """Why an item stands where it stands, in values of the ranking."""

    item: FoundItem = Field(description="The item.")
    rank: int | None = Field(
        default=None, description="Its rank among all items not seen; None for a seen one.", ge=1
    )
    probability: float | None = Field(
        default=None, description="Probability that it is the next item.", ge=0.0, le=1.0
    )
    scores: dict[str, float] = Field(default_factory=dict, description="Log-scores of the blended parts.")
    evidence: tuple[Evidence, ...] = Field(
        default=(), description="Past events closest to it, closest first. They resemble; they are no cause."
    )
    seen: bool = Field(default=False, description="Whether the history holds the item.")
    shared_categories: dict[str, int] = Field(
        default_factory=dict, description="Events of the history in each of the item's categories."
    )
    events: int = Field(description="Events of the history.", ge=0)


class Confirmation(_Frozen):
    """What was written down or taken back."""

    kind: Literal["told", "forgotten", "forgotten_everything"] = Field(description="What was done.")
    seen: tuple[FoundItem, ...] = Field(default=(), description="Items noted as seen.")
    liked: tuple[FoundItem, ...] = Field(default=(), description="Items noted as liked.")
    disliked: tuple[FoundItem, ...] = Field(default=(), description="Items noted as disliked.")
    forgotten: tuple[FoundItem, ...] = Field(default=(), description="Items whose events were taken back.")
    events: int = Field(description="Events written or removed.", ge=0)
    durable: bool = Field(description="Whether it outlasts this conversation.")


class Question(_Frozen):
    """What the agent asks back before it does anything; only an answer to it does."""

    kind: Literal["forget_everything", "forget_items", "which_item"] = Field(
        description="forget_everything: whether the whole stored profile is to be deleted. forget_items: "
        "whether the events of some items are. which_item: which of several items of one title is meant."
    )
    items: tuple[FoundItem, ...] = Field(default=(), description="The items meant.")
    events: int = Field(default=0, description="Stored events that a yes would remove.", ge=0)


class Relaxation(_Frozen):
    """The nearest wish that can be fulfilled, where the one asked for cannot."""

    action: ChatAction = Field(description="The wish with one condition loosened.")
    loosened: Literal["years", "include_categories", "exclude_categories", "similar_to"] = Field(
        description="Which condition that is."
    )
    matches: int = Field(description="Items that would fit then.", ge=1)


class Usage(_Frozen):
    """Tokens that language models read and wrote for the answer; 0 where none ran."""

    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)

    @property
    def total_tokens(self) -> int:
        """Both together."""
        return self.prompt_tokens + self.completion_tokens


class ChatReply(_Frozen):
    """The answer: text for people, and the structured result the text was written from."""

    text: str = Field(description="The answer in words, Markdown-free; items stand one a line, numbered.")
    action: ChatAction = Field(description="What was understood.")
    recommendations: Recommendations | None = Field(
        default=None, description="For recommend and similar; without items where nothing fits."
    )
    relaxation: Relaxation | None = Field(
        default=None, description="What would fit instead, where nothing or too little does."
    )
    portrait: InterestPortrait | None = Field(default=None, description="For profile.")
    outlook: InterestOutlook | None = Field(default=None, description="For profile: the forecast.")
    explanation: Explanation | None = Field(default=None, description="For explain.")
    confirmation: Confirmation | None = Field(
        default=None, description="For feedback and forget, and where a wish came with something told."
    )
    question: Question | None = Field(
        default=None, description="What is asked back; nothing was changed, and the next message answers."
    )
    found: tuple[FoundItem, ...] = Field(default=(), description="For search: best match first.")
    notes: tuple[str, ...] = Field(default=(), description="What the reader should know.")
    usage: Usage = Field(default=Usage(), description="Tokens used.")


@runtime_checkable
class Converses(Protocol):
    """An agent one can talk to; `RecommenderAgent` and `LiveAgent` are (the latter needs a user)."""

    def chat(self, messages: Sequence[Message], user: str) -> ChatReply:
        """Answer the newest user message; earlier ones are its context."""
        ...

    def chat_stream(self, messages: Sequence[Message], user: str) -> Iterator[str | ChatReply]:
        """Yield the text of the same answer piece by piece, and last the whole reply."""
        ...
