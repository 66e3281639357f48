"""What was done for a request, as data: the result that a reply is worded from.

Everything in it comes from the catalogue, the history or the ranking.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from nextinterest.domain.items import AttributeValue
from nextinterest.domain.outputs import Evidence, Recommendations
from nextinterest.domain.portraits import InterestOutlook, InterestPortrait
from nextinterest.domain.request import Request

__all__ = [
    "Background",
    "Confirmation",
    "Explanation",
    "FoundItem",
    "KnownFacts",
    "Loosened",
    "Outcome",
    "Past",
    "PastEvent",
    "Question",
    "Relaxation",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FoundItem(_Frozen):
    """An item of the catalogue that a message named or looked for."""

    item_id: str = Field(description="Id of the item.")
    title: str = Field(description="Its title.")
    categories: tuple[str, ...] = Field(default=(), description="Its categories.")
    year: int | None = Field(default=None, description="Its year, where known.")
    asked: str = Field(description="The words it was found by.")
    match: float = Field(description="How well they fit the title: 1 is the very title.", ge=0.0, le=1.0)


class KnownFacts(_Frozen):
    """What a catalogue says of an item beside its title, categories and year."""

    price: float | None = Field(default=None, description="Its price, where known.")
    published: AwareDatetime | None = Field(default=None, description="When it appeared, where known.")
    attributes: dict[str, AttributeValue] = Field(
        default_factory=dict, description="What else is known of it, by name."
    )
    description: str | None = Field(default=None, description="The beginning of its description.")
    stock: int | None = Field(default=None, description="How many are left, where known.", ge=0)
    available: bool | None = Field(
        default=None, description="Whether it can be had now; None where nothing is known of that."
    )


class Background(_Frozen):
    """What the history says of categories, for whoever words a reply."""

    categories: dict[str, int] = Field(
        default_factory=dict, description="Events of the history in each category."
    )
    rising: tuple[str, ...] = Field(
        default=(), description="Categories that more of the recent events are in, beyond chance."
    )
    fading: tuple[str, ...] = Field(default=(), description="Those that fewer of them are in.")


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
    place: int | None = Field(
        default=None, description="Its place in the list shown last, from 1; None where it is in none.", ge=1
    )
    listed: Request | None = Field(
        default=None, description="The request for that list, where it is known: what it was ordered by."
    )
    shared_categories: dict[str, int] = Field(
        default_factory=dict, description="Events of the history in each of the item's categories."
    )
    events: int = Field(description="Events of the history.", ge=0)


class PastEvent(_Frozen):
    """One event of the person."""

    item: FoundItem = Field(description="Its item.")
    kind: str | None = Field(default=None, description="What was done: liked, disliked, seen, buy, ...")
    rating: float | None = Field(default=None, description="The rating, where one was given.")
    time: datetime | None = Field(default=None, description="When, where known.")
    stored: bool = Field(
        default=True, description="Whether it outlasts the conversation, in which it was said otherwise."
    )


class Past(_Frozen):
    """What the person did and said: the events asked for, the newest first."""

    events: tuple[PastEvent, ...] = Field(default=(), description="The newest of those asked for.")
    matching: int = Field(description="How many events were asked for.", ge=0)
    total: int = Field(description="How many events there are, dislikes among them.", ge=0)


class Confirmation(_Frozen):
    """What was written down or taken back."""

    kind: Literal["reported", "forgotten", "forgotten_everything"] = Field(description="What was done.")
    seen: tuple[FoundItem, ...] = Field(default=(), description="Items noted as seen.")
    liked: tuple[FoundItem, ...] = Field(default=(), description="Items noted as liked.")
    disliked: tuple[FoundItem, ...] = Field(default=(), description="Items noted as disliked.")
    forgotten: tuple[FoundItem, ...] = Field(
        default=(), description="Items whose events were taken back; for reported: those it is in place of."
    )
    events: int = Field(description="Events written or removed.", ge=0)
    written: tuple[str, ...] = Field(
        default=(), description="Ids of the items of which an event was written: not those noted before."
    )
    durable: bool = Field(description="Whether it outlasts this conversation.")


class Question(_Frozen):
    """What the agent asks back before it does anything; only an answer to it does."""

    kind: Literal["forget_everything", "forget_items", "which_item"] = Field(
        description="forget_everything: whether the whole stored profile is to be deleted. forget_items: "
        "whether the events of some items are. which_item: which of several items of one title is meant."
    )
    items: tuple[FoundItem, ...] = Field(default=(), description="The items meant.")
    events: int = Field(default=0, description="Stored events that a yes would remove.", ge=0)


Loosened = Literal[
    "years",
    "excluded_years",
    "categories",
    "excluded_categories",
    "attributes",
    "published",
    "prices",
    "available",
]
"""A condition that may be loosened."""


class Relaxation(_Frozen):
    """The nearest request that can be met, where the one made cannot."""

    request: Request = Field(description="The request with one condition loosened.")
    loosened: Loosened = Field(description="Which condition that is.")
    matches: int = Field(description="Items that would fit then.", ge=1)


class Outcome(_Frozen):
    """What was done for a request."""

    request: Request = Field(description="What was asked for.")
    recommendations: Recommendations | None = Field(
        default=None, description="For recommend and similar; without items where nothing fits."
    )
    relaxation: Relaxation | None = Field(
        default=None, description="What would fit instead, where nothing or too little does."
    )
    past: Past | None = Field(
        default=None,
        description="For profile: the person's newest events. For ask: those of the items asked about.",
    )
    matches: int | None = Field(
        default=None,
        description="For search without a title, and for lists under conditions: how many items meet them.",
        ge=0,
    )
    portrait: InterestPortrait | None = Field(default=None, description="For profile.")
    outlook: InterestOutlook | None = Field(default=None, description="For profile: the forecast.")
    explanation: Explanation | None = Field(default=None, description="For explain.")
    confirmation: Confirmation | None = Field(
        default=None, description="For feedback and forget, and where a request came with news of items."
    )
    question: Question | None = Field(
        default=None, description="What is asked back; nothing was changed, and the next message answers."
    )
    found: tuple[FoundItem, ...] = Field(default=(), description="For search and ask: best match first.")
    known: dict[str, KnownFacts] = Field(
        default_factory=dict,
        description="What else the catalogue says of the items listed, found or explained, by id.",
    )
    background: Background | None = Field(
        default=None,
        description="For recommend, similar and explain: what the history says, where a language model words "
        "replies.",
    )
    unknown: tuple[str, ...] = Field(default=(), description="Names that nothing was found for.")
    notes: tuple[str, ...] = Field(default=(), description="What the reader should know.")
    also: tuple[Outcome, ...] = Field(
        default=(), description="What came of further requests of the same message, in their order."
    )

    @property
    def every(self) -> tuple[Outcome, ...]:
        """Itself and those in `also`."""
        return (self, *self.also)

    @property
    def asked_back(self) -> Question | None:
        """The first question among them; None where nothing is asked back."""
        return next((one.question for one in self.every if one.question is not None), None)
