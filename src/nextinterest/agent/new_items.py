"""What an item must meet to be put into a catalogue that is served: one check for Python and HTTP.

A data set is read as it is, and odd names in it are only noted (`nextinterest.data.controls`); what is put in
later is refused instead, since nobody reads a report of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
)

from nextinterest.arguments import first_problem
from nextinterest.characters import DIRECTION_CONTROLS
from nextinterest.domain import Item
from nextinterest.domain.items import Availability, Moment
from nextinterest.errors import DataError

__all__ = ["NewAvailability", "NewItem", "checked_items"]

MOST = 2**53
"""The largest whole number that JSON carries exactly."""


def _shows(text: str, allowed: str = "") -> str:
    """Return a text of an item, unless it holds characters that control what shows it."""
    for position, character in enumerate(text):
        direction = character in DIRECTION_CONTROLS
        if direction or (unicodedata.category(character) == "Cc" and character not in allowed):
            kind = "direction-changing" if direction else "control"
            raise ValueError(f"holds the {kind} character U+{ord(character):04X} at position {position}")
    return text


ShownText = Annotated[str, AfterValidator(_shows)]
"""Text on one line, such as an id or a title: no control characters, those that change direction included."""

LongText = Annotated[str, AfterValidator(partial(_shows, allowed="\t\n\r"))]
"""The same, of several lines."""

Name = Annotated[ShownText, Field(min_length=1, max_length=300)]
Value = (
    StrictBool
    | Annotated[StrictInt, Field(ge=-MOST, le=MOST)]
    | Annotated[StrictFloat, Field(allow_inf_nan=False)]
    | Annotated[ShownText, Field(max_length=4096)]
    | Annotated[list[Annotated[ShownText, Field(max_length=300)]], Field(max_length=100)]
)


class NewAvailability(BaseModel):
    """When an item can be had, and how many are left."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(default=None, description="First moment it can be had; UTC without a zone.")
    until: Moment | None = Field(default=None, description="Moment from which it cannot.")
    stock: int | None = Field(default=None, description="How many are left.", ge=0, le=MOST)


class NewItem(BaseModel):
    """One item of the catalogue."""

    model_config = ConfigDict(extra="forbid")

    id: ShownText = Field(
        description="Unique id; item_id is read too.",
        min_length=1,
        max_length=512,
        validation_alias=AliasChoices("id", "item_id"),
    )
    title: ShownText = Field(description="Title.", min_length=1, max_length=4096)
    categories: list[ShownText] = Field(default_factory=list, description="Categories.", max_length=64)
    year: int | None = Field(default=None, description="Year.", ge=1, le=9999)
    description: LongText | None = Field(default=None, description="Longer text.", max_length=65_536)
    price: float | None = Field(default=None, description="Price.", ge=0, le=1e12, allow_inf_nan=False)
    published: Moment | None = Field(default=None, description="When it appeared; UTC without a zone.")
    available: NewAvailability | None = Field(
        default=None, description="When it can be had, and how many are left."
    )
    attributes: dict[Name, Value] = Field(
        default_factory=dict, description="What else is known of it, by name: brand, colour.", max_length=64
    )

    def item(self) -> Item:
        """Return the item, as the agent takes it."""
        known = self.available
        return Item(
            self.id,
            self.title,
            tuple(self.categories),
            self.year,
            self.description,
            self.price,
            self.published,
            None if known is None else Availability(known.since, known.until, known.stock),
            {name: tuple(v) if isinstance(v, list) else v for name, v in self.attributes.items()},
        )


def checked_items(items: Sequence[Item]) -> list[Item]:
    """Return items that may be put into a catalogue.

    Raises
    ------
    DataError
        If one of them may not; it is named by its number from 1, and the field.
    """
    return [_checked(item, number) for number, item in enumerate(items, start=1)]


def _checked(item: Item, number: int) -> Item:
    try:
        return NewItem.model_validate(asdict(item)).item()
    except ValidationError as cause:
        raise DataError(
            f"Element {number} of items: {first_problem(cause)}.",
            remedy="No item was put. Mend it, or leave it out.",
        ) from None
