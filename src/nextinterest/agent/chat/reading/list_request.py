"""The list that a conversation asks for: its conditions, and the items it starts from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import numpy as np

from nextinterest.agent.chat.reading.leaving_out import left_out
from nextinterest.agent.chat.reading.turn import Turn
from nextinterest.agent.chat.reading.years import YearRange
from nextinterest.domain import Intent, Request, Where
from nextinterest.domain.where import FIRST_YEAR, LAST_YEAR, MAX_NAMES, AttributeConditions

if TYPE_CHECKING:
    from nextinterest.agent.chat.understanding import ChatContext

__all__ = ["ListRequest"]

_NEW = 0.8  # "the newest" begin at this quantile of the times of all items


@dataclass
class ListRequest:
    """The conditions on a list and the items it starts from, as catalogue positions."""

    asked: bool = False
    count: int | None = None
    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    either: bool = False
    years: YearRange = field(default_factory=YearRange)
    liked: list[int] = field(default_factory=list)
    disliked: list[int] = field(default_factory=list)
    similar_to: list[int] = field(default_factory=list)
    less_like: list[int] = field(default_factory=list)
    prices: tuple[float | None, float | None] = (None, None)
    published: tuple[datetime | None, datetime | None] = (None, None)
    attributes: AttributeConditions = field(default_factory=dict)
    without: AttributeConditions = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    available: bool = False
    query: str | None = None

    @classmethod
    def of(cls, request: Request, context: ChatContext, left_out: AbstractSet[int] = frozenset()) -> Self:
        """Return the conditions of a request that was carried out.

        Parameters
        ----------
        request
            The request; of the items that it leaves out, only those of `left_out` stay so.
        context
            What is known of the catalogue.
        left_out
            Catalogue positions of items that the conversation leaves out.
        """
        where = request.where

        def items(names: Iterable[str]) -> list[int]:
            found = (context.titles.resolve(name) for name in names)
            return [item for item in found if item is not None]

        return cls(
            asked=True,
            count=request.count,
            include=list(where.categories),
            exclude=list(where.excluded_categories),
            either=where.match == "any",
            years=YearRange(where.year_from, where.year_to),
            liked=items(request.liked),
            disliked=items(request.disliked),
            similar_to=items(request.similar_to),
            less_like=items(request.less_like),
            prices=(where.price_from, where.price_to),
            published=(where.published_from, where.published_to),
            attributes=dict(where.attributes),
            without=dict(where.excluded_attributes),
            left_out=set(left_out),
            available=where.available,
            query=request.query,
        )

    def leave(self, before: AbstractSet[str], context: ChatContext) -> None:
        """Drop conditions on another kind of thing: where no item is of both the categories before and now.

        Those stay that some item of the categories has, such as a maker of both.
        """
        wanted = set(self.include)
        if not before or not wanted or before & wanted:
            return
        if any(wanted & set(names) and before & set(names) for names in context.catalog.categories):
            return
        kind = Where(categories=tuple(self.include[:MAX_NAMES]), match="any")

        def held(conditions: AttributeConditions) -> AttributeConditions:
            return {
                name: value
                for name, value in conditions.items()
                if context.conditions.mask(kind.model_copy(update={"attributes": {name: value}})).any()
            }

        self.attributes, self.without = held(self.attributes), held(self.without)
        self.prices, self.query = (None, None), None

    def change(self, turn: Turn, context: ChatContext) -> None:
        """Take over the prices, times and attributes that a message asks for."""
        self.prices = turn.prices or self.prices
        if turn.cost is not None:
            self._cost(turn, context)
        said = turn.attributes
        self.attributes = {
            name: one for name, one in self.attributes.items() if name not in said.unwanted
        } | said.wanted
        self.without = {
            name: one for name, one in self.without.items() if name not in said.wanted
        } | said.unwanted
        if turn.dates.newest:
            self._newest(context)
        elif turn.dates.first is not None and context.catalog.details.published is not None:
            self.published = turn.dates.first, turn.dates.last
        elif turn.dates.first is not None and context.years.last is not None:
            last = None if turn.dates.last is None else turn.dates.last.year
            self.years = YearRange(turn.dates.first.year, last)

    def leave_out(self, turn: Turn, context: ChatContext) -> tuple[tuple[str, frozenset[int]], ...]:
        """Leave out what a message rules out and no condition holds; return it with its items."""
        said = tuple(left_out(turn, context, self.include))
        for _, items in said:
            self.left_out |= items
        return said

    def _cost(self, turn: Turn, context: ChatContext) -> None:
        """Set the price range that "cheap" means among what may be listed, and "cheaper" beside what was."""
        known, (least, most) = context.catalog.details.prices, self.prices
        if known is None:
            return
        focus, shown = turn.table.focus, turn.table.shown
        items = list(shown if focus[:1] == shown[:1] else focus)  # a list, or what was named since
        before, now = known[items], known[context.conditions.mask(self.asks("recommend", context).where)]
        before, now = before[~np.isnan(before)], now[~np.isnan(now)]
        if len(before) and turn.cost in {"cheaper", "dearer"}:
            middle = float(np.median(before))
            down, up = known[known < middle], known[known > middle]
            if turn.cost == "cheaper" and len(down):
                least, most = None, float(down.max())
            elif turn.cost == "dearer" and len(up):
                least, most = float(up.min()), None
        elif len(now):
            low, high = (float(value) for value in np.quantile(now, [1 / 3, 2 / 3]))
            least, most = (None, low) if turn.cost in {"cheap", "cheaper"} else (high, None)
        self.prices = least, most

    def _newest(self, context: ChatContext) -> None:
        moments = context.catalog.details.published
        if moments is not None and not np.isnat(moments).all():
            known = np.sort(moments[~np.isnat(moments)])
            first = known[int(_NEW * (len(known) - 1))].astype("datetime64[D]")
            self.published = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(first.astype(int))), None
        elif context.years.last is not None:
            known = np.sort([year for year in context.catalog.years if year is not None])
            self.years = YearRange(int(known[int(_NEW * (len(known) - 1))]), None)

    def asks(self, intent: Intent, context: ChatContext, left_out: Sequence[int] = ()) -> Request:
        """Return the list as a request.

        Parameters
        ----------
        intent
            Whether it is a list of its own, or one of items like others.
        context
            What is known of the catalogue.
        left_out
            Catalogue positions of items that it leaves out this time.
        """
        catalog, called = context.catalog, context.titles.called
        order = {name: n for n, name in enumerate(catalog.category_names)}
        included, excluded = (
            tuple(sorted(names, key=lambda name: order.get(name, len(order))))[:MAX_NAMES]
            for names in (self.include, self.exclude)
        )
        years, published = self.years, self.published
        if context.years.last is None and catalog.details.published is not None and years != YearRange():
            first, last = years.within(1700, 2200)
            published = (
                None if first is None else datetime(first, 1, 1, tzinfo=UTC),
                None if last is None else datetime(last, 12, 31, 23, 59, 59, tzinfo=UTC),
            )
            years = YearRange()
        first, last = years.within(FIRST_YEAR, LAST_YEAR)
        out = dict.fromkeys((*left_out, *sorted(self.left_out)))
        where = Where(
            categories=included,
            match="any" if self.either and len(self.include) > 1 else "all",
            excluded_categories=excluded,
            attributes=dict(list(self.attributes.items())[:MAX_NAMES]),
            excluded_attributes=dict(list(self.without.items())[:MAX_NAMES]),
            year_from=first,
            year_to=last,
            price_from=self.prices[0] if context.priced else None,
            price_to=self.prices[1] if context.priced else None,
            published_from=published[0],
            published_to=published[1],
            available=self.available,
            excluded_items=tuple(catalog.ids[item] for item in out),
        )
        return Request(
            intent=intent,
            where=where,
            count=self.count,
            liked=tuple(called(item) for item in self.liked)[:MAX_NAMES],
            disliked=tuple(called(item) for item in self.disliked)[:MAX_NAMES],
            similar_to=tuple(called(item) for item in self.similar_to)[:MAX_NAMES],
            less_like=tuple(called(item) for item in self.less_like)[:MAX_NAMES],
            query=self.query,
        )
