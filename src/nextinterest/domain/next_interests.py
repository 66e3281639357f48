"""What a language model predicts: a person's next interests, and titles held against the catalogue."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nextinterest.domain.portraits import Direction, EventRef
from nextinterest.domain.trace import Trace
from nextinterest.domain.usage import Metered, Usage

__all__ = ["GeneratedItem", "HowGrounded", "NextInterest", "NextInterests"]

HowGrounded = Literal["exact", "unique", "neighbour", "outside"]

_ROUNDING = 1e-6


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NextInterest(_Output):
    """One predicted interest."""

    name: str = Field(description="Name of the interest.", min_length=1)
    share: float = Field(description="Predicted share of the coming events.", ge=0.0, le=1.0)
    trend: Direction = Field(description="Whether that is more, as much or less than in the history so far.")
    because: tuple[EventRef, ...] = Field(
        default=(), description="Events of the history that speak for it, as the model named them."
    )


class GeneratedItem(_Output):
    """A title that a model wrote, and the item it means."""

    text: str = Field(description="The title as generated.")
    item_id: str | None = Field(description="Id of the item in the catalogue; None if it has none such.")
    title: str | None = Field(default=None, description="Title of that item, as the catalogue writes it.")
    how: HowGrounded = Field(
        description="How it was found: exact (as written), unique (one item alone fits), neighbour (nearest "
        "by embedding, above a threshold), outside (not in the catalogue; never recommended)."
    )
    log_probability: float | None = Field(
        default=None, description="Log-probability of the title, in nats, where the model gives one."
    )

    @model_validator(mode="after")
    def _outside_has_no_item(self) -> Self:
        if (self.item_id is None) != (self.how == "outside"):
            raise ValueError("an item outside of the catalogue has no id, every other one has")
        return self


class NextInterests(Metered, _Output):
    """What a person will want next, as a language model generated it and the catalogue bears out."""

    user: str | None = Field(default=None, description="Id of the user, where one was given.")
    interests: tuple[NextInterest, ...] = Field(description="Predicted interests, largest share first.")
    items: tuple[GeneratedItem, ...] = Field(description="Generated titles, likeliest first, no item twice.")
    events_used: int = Field(description="Events of the history.", ge=0)
    model: str = Field(description="Name of the language model.")
    skipped: tuple[str, ...] = Field(
        default=(), description="Item ids or titles of the history that the catalogue does not have."
    )
    notes: tuple[str, ...] = Field(default=(), description="What the reader should know.")
    usage: Usage = Field(default=Usage(), description="What language models took for it.")
    trace: Trace | None = Field(default=None, description="Each step of the answer, where asked for.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(interest.share for interest in self.interests) > 1.0 + _ROUNDING:
            raise ValueError("shares of the coming events sum to more than one")
        names = [interest.name for interest in self.interests]
        ids = [item.item_id for item in self.items if item.item_id is not None]
        if len(set(names)) < len(names) or len(set(ids)) < len(ids):
            raise ValueError("an interest or an item is listed twice")
        return self
