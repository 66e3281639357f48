"""Events, and a user's history of them as arrays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

import numpy as np
from pydantic import AwareDatetime, ConfigDict, Field

from nextinterest.amounts import Amount, amounts
from nextinterest.counting import counted
from nextinterest.domain.arrays import BoolArray, FloatArray, IntArray, TimeArray
from nextinterest.domain.catalog import Catalog
from nextinterest.domain.items import utc
from nextinterest.domain.kinds import Kinds
from nextinterest.errors import DataError

__all__ = ["Event", "History"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a user did with an item.

    As with `Item`, nothing is validated here: `pydantic.TypeAdapter(Event)` reads events from outside.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    item: Annotated[str, Field(description="Id of the item.", min_length=1)]
    time: Annotated[AwareDatetime | None, Field(description="When it happened.")] = None
    rating: Annotated[Amount | None, Field(description="Rating, where one was given.")] = None
    kind: Annotated[
        str | None, Field(description="What was done: view, cart, buy, play, like, skip, hide, rate, ...")
    ] = None
    weight: Annotated[Amount | None, Field(description="How much of it: pieces, plays, minutes.")] = None
    user: Annotated[
        str | None, Field(description="Id of the user; None in a history, which is of one user.")
    ] = None


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """One user's events, oldest first, as arrays.

    Attributes
    ----------
    items
        Catalogue positions, int32, shape (n_events,).
    times
        Seconds since 1970 UTC, int64, shape (n_events,), non-decreasing; None where times are unknown.
    ratings
        Ratings as given, float32, shape (n_events,), NaN where missing; None where there are none.
    user
        The user's id, or None for a user without one.
    nanoseconds
        What each time is beyond its second, int32, shape (n_events,); None where times are whole seconds.
    kinds
        What each event was; None where no kind is known.
    weights
        Weights of the events, float32, shape (n_events,), NaN where missing; None where there are none.
    """

    items: IntArray
    times: TimeArray | None = None
    ratings: FloatArray | None = None
    user: str | None = None
    nanoseconds: IntArray | None = None
    kinds: Kinds | None = None
    weights: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", np.asarray(self.items, dtype=np.int32))
        if self.times is not None:
            object.__setattr__(self, "times", np.asarray(self.times, dtype=np.int64))
        if self.ratings is not None:
            object.__setattr__(self, "ratings", amounts(self.ratings, "rating"))
        if self.nanoseconds is not None:
            object.__setattr__(self, "nanoseconds", np.asarray(self.nanoseconds, dtype=np.int32))
        if self.weights is not None:
            object.__setattr__(self, "weights", amounts(self.weights, "weight"))
        for name in ("times", "ratings", "nanoseconds", "kinds", "weights"):
            column = getattr(self, name)
            if column is not None and len(column) != len(self.items):
                raise DataError(
                    f"A history has {counted(len(self.items), 'item')} and {len(column)} {name}.",
                    remedy=f"Give one of the {name} per event, or none at all.",
                )

    def __len__(self) -> int:
        return len(self.items)

    def _take(self, where: slice | BoolArray) -> History:
        return replace(
            self,
            items=self.items[where],
            times=None if self.times is None else self.times[where],
            ratings=None if self.ratings is None else self.ratings[where],
            nanoseconds=None if self.nanoseconds is None else self.nanoseconds[where],
            kinds=None if self.kinds is None else self.kinds.take(where),
            weights=None if self.weights is None else self.weights[where],
        )

    def last(self, n: int) -> History:
        """Return the n newest events (all of them where there are fewer)."""
        return self._take(slice(max(0, len(self) - n), None))

    def first(self, n: int) -> History:
        """Return the n oldest events."""
        return self._take(slice(0, n))

    def without(self, positions: Sequence[int]) -> History:
        """Return the events of all other items.

        Examples
        --------
        >>> History(np.array([4, 5, 4, 6], dtype=np.int32)).without([4]).items.tolist()
        [5, 6]
        """
        return self._take(~np.isin(self.items, np.asarray(positions, dtype=np.int32)))

    def had(self, open_kinds: Collection[str] = ()) -> IntArray:
        """Return the items of the history, sorted, without those that only have events of some kinds.

        Examples
        --------
        >>> history = History(np.array([4, 5, 4]), kinds=Kinds.of(["view", "view", "buy"]))
        >>> history.had().tolist(), history.had(["view"]).tolist()
        ([4, 5], [4])
        """
        if self.kinds is None or not open_kinds:
            return np.unique(self.items)
        return np.unique(self.items[~self.kinds.among(open_kinds)])

    def followed_by(self, items: IntArray, kind: str | None = None) -> History:
        """Return the history with items after it, at the time of the newest event.

        Their ratings and weights are not known, nor their kind unless it is given.

        Examples
        --------
        >>> longer = History(np.array([4]), np.array([60])).followed_by(np.array([7, 5]))
        >>> longer.items.tolist(), longer.times.tolist()
        ([4, 7, 5], [60, 60, 60])
        """
        times, nanoseconds = self.times, self.nanoseconds
        if times is not None:
            times = np.append(times, np.full(len(items), times[-1] if len(times) else 0))
        if nanoseconds is not None:
            last = nanoseconds[-1] if len(nanoseconds) else 0
            nanoseconds = np.append(nanoseconds, np.full(len(items), last, dtype=np.int32))
        unknown = np.full(len(items), np.nan, dtype=np.float32)
        kinds = self.kinds
        if kinds is None and kind is not None:
            kinds = Kinds(np.full(len(self), -1, dtype=np.int8), ())
        return replace(
            self,
            items=np.append(self.items, items),
            times=times,
            ratings=None if self.ratings is None else np.append(self.ratings, unknown),
            nanoseconds=nanoseconds,
            kinds=None if kinds is None else kinds.followed_by(len(items), kind),
            weights=None if self.weights is None else np.append(self.weights, unknown),
        )

    def events(self, catalog: Catalog) -> list[Event]:
        """Return the events one by one, with ids of the catalogue; times to the microsecond."""
        return [
            Event(
                catalog.ids[int(position)],
                self._time(i),
                _number(self.ratings, i),
                None if self.kinds is None else self.kinds.name(i),
                _number(self.weights, i),
            )
            for i, position in enumerate(self.items)
        ]

    def _time(self, i: int) -> datetime | None:
        if self.times is None:
            return None
        time = datetime.fromtimestamp(int(self.times[i]), UTC)
        return time if self.nanoseconds is None else time.replace(microsecond=self.nanoseconds[i] // 1000)

    @classmethod
    def from_events(cls, events: Sequence[Event], catalog: Catalog, user: str | None = None) -> History:
        """Build a history from single events, sorted by time; events of one time keep their given order.

        Times are kept only where every event has one: a partly dated history has no order to trust
        but the one it was given in.

        Raises
        ------
        UnknownItemError
            If an event's item is not in the catalogue.
        """
        dated = [(event, event.time) for event in events if event.time is not None]
        rows = list(events)
        times: TimeArray | None = None
        nanoseconds: IntArray | None = None
        if rows and len(dated) == len(rows):
            exact = np.array([(utc(time) - _EPOCH) // _MICROSECOND for _, time in dated], dtype=np.int64)
            order = np.argsort(exact, kind="stable")
            rows, (times, rest) = [rows[i] for i in order], np.divmod(exact[order], 1_000_000)
            nanoseconds = (1000 * rest).astype(np.int32) if rest.any() else None
        items = np.array([catalog.position(event.item) for event in rows], dtype=np.int32)
        return cls(
            items,
            times,
            _numbers([event.rating for event in rows], "rating"),
            user,
            nanoseconds,
            Kinds.of(event.kind for event in rows),
            _numbers([event.weight for event in rows], "weight"),
        )


def _number(column: FloatArray | None, i: int) -> float | None:
    return None if column is None or np.isnan(column[i]) else float(column[i])


def _numbers(values: Sequence[float | None], what: str) -> FloatArray | None:
    if all(value is None for value in values):
        return None
    return amounts(np.array([np.nan if value is None else value for value in values]), what)
