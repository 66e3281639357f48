"""Constraints: which items may be returned at all.

`Where` says it as data, in Python, HTTP and chat alike; `Conditions` turns it into a mask over a catalogue.
An item whose value is not known meets no condition on it, but for availability: what is not known to be gone
is there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    model_validator,
)

from nextinterest.domain.arrays import BoolArray
from nextinterest.domain.catalog import Catalog
from nextinterest.domain.items import AttributeValue, Moment, utc
from nextinterest.domain.names import found_name

__all__ = ["FIRST_YEAR", "LAST_YEAR", "MAX_NAMES", "Conditions", "Name", "Names", "Span", "Where", "Year"]

FIRST_YEAR, LAST_YEAR = 1000, 2999
MAX_NAMES = 20
MAX_ITEMS = 100_000
MAX_VALUES = 100


def _listed(value: object) -> object:
    """Return a list of one for a single text, which else would be refused; a list as a strict tuple."""
    if isinstance(value, list):
        return tuple(value)
    return (value,) if isinstance(value, str) else value


Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_NAMES), BeforeValidator(_listed)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
Price = Annotated[float, Field(allow_inf_nan=False)]
ItemIds = Annotated[
    tuple[Annotated[str, StringConstraints(min_length=1)], ...],
    Field(max_length=MAX_ITEMS),
    BeforeValidator(_listed),
]


class Span(BaseModel):
    """A range of numbers, its ends included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: float | None = Field(default=None, allow_inf_nan=False, description="Smallest value.")
    most: float | None = Field(default=None, allow_inf_nan=False, description="Largest value.")


Text = Annotated[str, StringConstraints(max_length=300)]
Value = StrictBool | StrictInt | StrictFloat | Text
AttributeCondition = Span | Value | Annotated[tuple[Text, ...], Field(max_length=MAX_VALUES)]
"""What an attribute must be: a value, one of several texts, or a number in a range."""

AttributeConditions = Annotated[dict[Name, AttributeCondition], Field(max_length=MAX_NAMES)]


class Where(BaseModel):
    """Constraints on items; an item must meet all of them. Without any, every item does.

    One text stands for a list of one, as in ``Where(categories="Crime")``.

    Examples
    --------
    >>> Where(categories=("Crime",), year_from=1990).model_dump(exclude_defaults=True)
    {'categories': ('Crime',), 'year_from': 1990}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: Names = Field(default=(), description="Categories that items must have.")
    match: Literal["all", "any"] = Field(
        default="all", description="Whether an item must have all of the categories, or any one of them."
    )
    excluded_categories: Names = Field(default=(), description="Categories that no item may have.")
    attributes: AttributeConditions = Field(
        default_factory=dict,
        description="By name of an attribute what it must be: a value, one of several, or a range.",
    )
    excluded_attributes: AttributeConditions = Field(
        default_factory=dict, description="By name of an attribute what it may not be."
    )
    price_from: Price | None = Field(default=None, description="Lowest price, inclusive.")
    price_to: Price | None = Field(default=None, description="Highest price, inclusive.")
    year_from: Year | None = Field(default=None, description="Earliest year, inclusive.")
    year_to: Year | None = Field(default=None, description="Latest year, inclusive.")
    excluded_year_from: Year | None = Field(
        default=None, description="First year of a span that items may not be from, such as a decade."
    )
    excluded_year_to: Year | None = Field(default=None, description="Last year of that span.")
    published_from: Moment | None = Field(default=None, description="Earliest time of publication.")
    published_to: Moment | None = Field(default=None, description="Latest time of publication.")
    available: bool = Field(default=False, description="Whether items must be available now and in stock.")
    only_items: ItemIds | None = Field(default=None, description="Ids of the only items to choose from.")
    excluded_items: ItemIds = Field(default=(), description="Ids of items that may not be returned.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("year", "excluded_year", "price", "published"):
            first, last = getattr(self, f"{name}_from"), getattr(self, f"{name}_to")
            if first is not None and last is not None and first > last:
                raise ValueError(f"{name}_from {first} lies after {name}_to {last}")
        return self

    @property
    def empty(self) -> bool:
        """Whether every item meets it."""
        return self == Where(match=self.match)


class Conditions:
    """Which items of a catalogue meet constraints.

    Parameters
    ----------
    catalog
        The catalogue.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> films = [Item("a", "Alien", ("Horror",), 1979), Item("e", "Emma", ("Romance",), 1996)]
    >>> catalog = Catalog.from_items(films)
    >>> Conditions(catalog).mask(Where(year_from=1990)).tolist()
    [False, True]
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    @cached_property
    def _has(self) -> BoolArray:
        return np.asarray(self.catalog.category_matrix > 0)

    @cached_property
    def years(self) -> np.ndarray:
        """Years of the items, int64, -1 where unknown."""
        return np.array([-1 if year is None else year for year in self.catalog.years], dtype=np.int64)

    @cached_property
    def _column(self) -> dict[str, int]:
        """Column of each category, by its name and, after all of these, by its name in small letters."""
        names = self.catalog.category_names
        exact = {name: j for j, name in enumerate(names)}
        return {name.casefold(): j for j, name in reversed(list(enumerate(names)))} | exact

    def category(self, name: str) -> str | None:
        """Return the catalogue's name of a category, whatever its capitals; None where it has none such."""
        column = self._found(name)
        return None if column is None else self.catalog.category_names[column]

    def values(self, attribute: str) -> Collection[AttributeValue]:
        """Return the distinct values that items have of an attribute; none where it is no item's."""
        return self._codes[attribute][1].keys() if attribute in self._codes else ()

    def _found(self, name: str) -> int | None:
        exact = found_name(self._column, name)
        return found_name(self._column, name.casefold()) if exact is None else exact

    def mask(self, where: Where, now: datetime | None = None) -> BoolArray:
        """Return which items meet the constraints, bool, shape (n_items,).

        Parameters
        ----------
        where
            The constraints. Categories and texts are compared without regard to capitals; a category,
            attribute or id that the catalogue does not have is met by no item.
        now
            The moment at which items must be available, where that is asked for; None asks the clock.
        """
        fits = np.ones(len(self.catalog), dtype=bool)
        if where.categories:
            stacked = np.stack([self._of(name) for name in where.categories])
            fits &= stacked.any(axis=0) if where.match == "any" else stacked.all(axis=0)
        for name in where.excluded_categories:
            fits &= ~self._of(name)
        if where.year_from is not None:
            fits &= self.years >= where.year_from
        if where.year_to is not None:
            fits &= (self.years >= 0) & (self.years <= where.year_to)
        if where.excluded_year_from is not None or where.excluded_year_to is not None:
            first = FIRST_YEAR if where.excluded_year_from is None else where.excluded_year_from
            last = LAST_YEAR if where.excluded_year_to is None else where.excluded_year_to
            fits &= ~((self.years >= first) & (self.years <= last))
        details = self.catalog.details
        if where.price_from is not None:
            fits &= False if details.prices is None else details.prices >= where.price_from
        if where.price_to is not None:
            fits &= False if details.prices is None else details.prices <= where.price_to
        if where.published_from is not None:
            fits &= False if details.published is None else details.published >= _moment(where.published_from)
        if where.published_to is not None:
            fits &= False if details.published is None else details.published <= _moment(where.published_to)
        for name, condition in where.attributes.items():
            fits &= self._attribute(name, condition)
        for name, condition in where.excluded_attributes.items():
            fits &= ~self._attribute(name, condition)
        if where.available:
            fits &= self._available(datetime.now(UTC) if now is None else now)
        if where.only_items is not None:
            fits &= self._named(where.only_items)
        if where.excluded_items:
            fits &= ~self._named(where.excluded_items)
        return fits

    def _of(self, name: str) -> BoolArray:
        column = self._found(name)
        return np.zeros(len(self.catalog), dtype=bool) if column is None else self._has[:, column]

    def _named(self, item_ids: Iterable[str]) -> BoolArray:
        named = np.zeros(len(self.catalog), dtype=bool)
        named[[self.catalog.position(item_id) for item_id in item_ids if item_id in self.catalog]] = True
        return named

    def _available(self, now: datetime) -> BoolArray:
        details, moment = self.catalog.details, _moment(now)
        fits = np.ones(len(self.catalog), dtype=bool)
        if details.available_since is not None:
            fits &= ~(details.available_since > moment)  # NaT is neither
        if details.available_until is not None:
            fits &= ~(details.available_until <= moment)
        if details.stock is not None:
            fits &= details.stock != 0
        return fits

    @cached_property
    def _codes(self) -> dict[str, tuple[np.ndarray, Mapping[AttributeValue, int]]]:
        """Of each attribute a code for each item (-1 where it has none), and the values by code."""
        found: dict[str, tuple[np.ndarray, Mapping[AttributeValue, int]]] = {}
        for name, column in self.catalog.details.attributes.items():
            distinct = dict.fromkeys(value for value in column if value is not None)
            values: dict[AttributeValue, int] = {value: code for code, value in enumerate(distinct)}
            codes = np.array([-1 if value is None else values[value] for value in column], dtype=np.int64)
            found[name] = (codes, values)
        return found

    def _attribute(self, name: str, condition: AttributeCondition) -> BoolArray:
        if name not in self._codes:
            return np.zeros(len(self.catalog), dtype=bool)
        codes, values = self._codes[name]
        meets = _within(condition) if isinstance(condition, Span) else _one_of(condition)
        return np.isin(codes, [code for value, code in values.items() if meets(value)])


def _within(span: Span) -> Callable[[AttributeValue], bool]:
    least = -math.inf if span.least is None else span.least
    most = math.inf if span.most is None else span.most

    def meets(value: AttributeValue) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most

    return meets


def _one_of(condition: AttributeValue) -> Callable[[AttributeValue], bool]:
    wanted = {_folded(one) for one in (condition if isinstance(condition, tuple) else (condition,))}

    def meets(value: AttributeValue) -> bool:
        return any(_folded(one) in wanted for one in (value if isinstance(value, tuple) else (value,)))

    return meets


def _folded(value: AttributeValue) -> object:
    """Return a value as it is compared: text without regard to case, and true apart from 1."""
    return value.casefold() if isinstance(value, str) else (type(value) is bool, value)


def _moment(time: datetime) -> np.datetime64:
    return np.datetime64(utc(time).replace(tzinfo=None), "us")
