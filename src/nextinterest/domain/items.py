"""One item, as a record: what a catalogue says of one thing that can be recommended.

`Catalog` holds the same in columns, and makes an `Item` where one is asked for. An `Item` is a plain
dataclass that validates nothing; whoever reads one from outside does so through
`pydantic.TypeAdapter(Item)`, which also gives its JSON schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    TypeAdapter,
)

__all__ = ["AttributeValue", "Availability", "Item", "Moment", "utc"]

AttributeValue = StrictBool | StrictInt | StrictFloat | str | tuple[str, ...]
"""A property of an item: text, a number, true or false, or several texts."""


def utc(time: datetime) -> datetime:
    """Return a time in UTC; one without a zone is UTC already."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


_TIME = TypeAdapter(datetime)


def _read_time(value: object) -> object:
    """Return a text as a time, also a date alone, which is its first moment; a number is no time."""
    if isinstance(value, int | float):
        raise ValueError("has to be a time, such as 2026-05-10T18:30:00Z")
    return _TIME.validate_python(value) if isinstance(value, str) else value


Moment = Annotated[datetime, BeforeValidator(_read_time), AfterValidator(utc)]
"""A time, in UTC; one without a zone is UTC already, as it is where data is loaded."""


@dataclass(frozen=True, slots=True)
class Availability:
    """When an item can be had, and how many are left; None is not known and limits nothing."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    since: Annotated[Moment | None, Field(description="First moment it can be had.")] = None
    until: Annotated[Moment | None, Field(description="Moment from which it cannot.")] = None
    stock: Annotated[int | None, Field(description="How many are left.", ge=0, le=10**15)] = None

    def __post_init__(self) -> None:
        for name, time in (("since", self.since), ("until", self.until)):
            if time is not None:
                object.__setattr__(self, name, utc(time))

    def at(self, moment: datetime) -> bool:
        """Return whether the item can be had at a moment.

        Examples
        --------
        >>> Availability(until=datetime(2024, 5, 1)).at(datetime(2024, 5, 1)), Availability(stock=0).at(_NOON)
        (False, False)
        """
        moment = utc(moment)
        return (
            (self.since is None or self.since <= moment)
            and (self.until is None or moment < self.until)
            and self.stock != 0
        )


_NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended. Its text is untrusted until `prompts` has neutralised it."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: Annotated[str, Field(description="Unique id.", min_length=1)]
    title: Annotated[str, Field(description="Title.")]
    categories: Annotated[tuple[str, ...], Field(description="Categories.")] = ()
    year: Annotated[int | None, Field(description="Year, where known.")] = None
    description: Annotated[str | None, Field(description="Longer text.")] = None
    price: Annotated[float | None, Field(description="Price.", allow_inf_nan=False)] = None
    published: Annotated[
        Moment | None, Field(description="When it appeared, more exactly than its year.")
    ] = None
    available: Annotated[
        Availability | None, Field(description="When it can be had, and how many are left.")
    ] = None
    attributes: Annotated[
        Mapping[str, AttributeValue],
        Field(description="What else is known of it, by name: brand, colour, author, ..."),
    ] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.published is not None:
            object.__setattr__(self, "published", utc(self.published))
