"""The nouns of the house, named once: items, events, histories, the catalogue, ranked lists.

In bulk everything is columnar: a `History` holds arrays of catalogue *positions* (0 .. n_items - 1), not
objects, and a `Catalog` holds columns. `Item` and `Event` are views for one thing at a time. The pydantic
models at the end are what callers and the HTTP API receive.

This module knows nothing of files, text prompts, language models or indexes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nextinterest.errors import DataError, UnknownItemError

__all__ = [
    "Candidate",
    "Catalog",
    "Event",
    "Evidence",
    "History",
    "InterestForecaster",
    "InterestForecasts",
    "Item",
    "ItemScorer",
    "Rankings",
    "Recommendation",
    "Recommendations",
    "Recommender",
]

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]
TimeArray = NDArray[np.int64]

NO_CATEGORY = "(none)"
"""Name of the interest that holds the items of no category."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended. Its text is untrusted until `prompts` has neutralised it."""

    id: str
    title: str
    categories: tuple[str, ...] = ()
    year: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a user did: which item, when (UTC), and how it was rated where that is known."""

    item_id: str
    time: datetime | None = None
    rating: float | None = None


class Catalog:
    """An immutable, columnar catalogue. Position ``i`` is the item everywhere else in the package.

    Parameters
    ----------
    ids
        Unique item ids, shape (n_items,).
    titles
        Titles, shape (n_items,); an item without a title carries its id.
    categories
        Category names of each item, shape (n_items,); empty tuples where none are known.
    years
        Year of each item, or None.
    descriptions
        Longer text of each item, or None.

    Raises
    ------
    DataError
        If columns differ in length or an id appears twice.
    """

    def __init__(
        self,
        ids: Sequence[str],
        titles: Sequence[str],
        categories: Sequence[tuple[str, ...]] | None = None,
        years: Sequence[int | None] | None = None,
        descriptions: Sequence[str | None] | None = None,
    ) -> None:
        n = len(ids)
        self.ids: tuple[str, ...] = tuple(ids)
        self.titles: tuple[str, ...] = tuple(titles)
        self.categories: tuple[tuple[str, ...], ...] = (
            tuple(categories) if categories is not None else ((),) * n
        )
        self.years: tuple[int | None, ...] = tuple(years) if years is not None else (None,) * n
        self.descriptions: tuple[str | None, ...] = (
            tuple(descriptions) if descriptions is not None else (None,) * n
        )
        lengths = {len(self.titles), len(self.categories), len(self.years), len(self.descriptions), n}
        if len(lengths) != 1:
            raise DataError(
                f"The catalogue's columns differ in length: {sorted(lengths)}.",
                remedy="Give every column one value per item.",
            )
        self._positions = {item_id: position for position, item_id in enumerate(self.ids)}
        if len(self._positions) != n:
            seen: set[str] = set()
            twice = next(item_id for item_id in self.ids if item_id in seen or seen.add(item_id))  # type: ignore[func-returns-value]
            raise DataError(
                f"Item id {twice!r} appears more than once in the catalogue.", remedy="Give each item one id."
            )

    @classmethod
    def from_items(cls, items: Iterable[Item]) -> Catalog:
        """Build a catalogue from single items, in their order."""
        rows = list(items)
        return cls(
            [row.id for row in rows],
            [row.title for row in rows],
            [row.categories for row in rows],
            [row.year for row in rows],
            [row.description for row in rows],
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._positions

    def __getitem__(self, position: int) -> Item:
        return Item(
            self.ids[position],
            self.titles[position],
            self.categories[position],
            self.years[position],
            self.descriptions[position],
        )

    def __iter__(self) -> Iterator[Item]:
        return (self[position] for position in range(len(self)))

    def position(self, item_id: str) -> int:
        """Return the position of an item id.

        Raises
        ------
        UnknownItemError
            If the catalogue has no such item.
        """
        try:
            return self._positions[item_id]
        except KeyError:
            raise UnknownItemError(
                f"Item id {item_id!r} is not in the catalogue of {len(self):,} items.",
                remedy="Check the id, or pass on_unknown='skip' to leave such events out.",
            ) from None

    @cached_property
    def category_names(self) -> tuple[str, ...]:
        """All categories, sorted by name."""
        return tuple(sorted({name for names in self.categories for name in names}))

    @cached_property
    def category_matrix(self) -> FloatArray:
        """Membership of items in categories, shape (n_items, n_categories), rows summing to one.

        An item of m categories counts 1/m for each, so that sums over items are shares of attention and
        item and interest distributions cannot contradict each other. Rows of items without a category
        are zero.
        """
        column = {name: j for j, name in enumerate(self.category_names)}
        matrix = np.zeros((len(self), len(column)), dtype=np.float32)
        for i, names in enumerate(self.categories):
            for name in names:
                matrix[i, column[name]] += 1.0
        totals = matrix.sum(axis=1, keepdims=True)
        np.divide(matrix, totals, out=matrix, where=totals > 0)
        matrix.setflags(write=False)
        return matrix

    @cached_property
    def interest_names(self) -> tuple[str, ...]:
        """The categories, and behind them ``(none)`` where some item has no category."""
        uncovered = any(not names for names in self.categories)
        return (*self.category_names, NO_CATEGORY) if uncovered else self.category_names

    @cached_property
    def interest_matrix(self) -> FloatArray:
        """As `category_matrix` with a column for ``(none)``, so that *every* row sums to one.

        Shape (n_items, n_interests). A marginal of an item distribution over it is itself a distribution.
        """
        matrix = self.category_matrix
        if len(self.interest_names) > matrix.shape[1]:
            matrix = np.concatenate([matrix, 1.0 - matrix.sum(axis=1, keepdims=True)], axis=1)
            matrix[:, -1] = matrix[:, -1].round()
            matrix.setflags(write=False)
        return matrix

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every column; equal fingerprints mean equal catalogues in equal order."""
        digest = hashlib.sha256()
        for i in range(len(self)):
            row = (self.ids[i], self.titles[i], self.categories[i], self.years[i], self.descriptions[i])
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def with_items(self, items: Iterable[Item]) -> Catalog:
        """Return a catalogue in which items of known id are replaced in place and new ones appended."""
        rows = {item.id: item for item in self}
        rows.update((item.id, item) for item in items)
        return Catalog.from_items(rows.values())

    def without(self, item_ids: Iterable[str]) -> Catalog:
        """Return a catalogue without these items; the positions behind them move up.

        Raises
        ------
        UnknownItemError
            If an id is not in the catalogue.
        """
        gone = {self.position(item_id) for item_id in item_ids}
        return Catalog.from_items(self[i] for i in range(len(self)) if i not in gone)


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
    """

    items: IntArray
    times: TimeArray | None = None
    ratings: FloatArray | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", np.asarray(self.items, dtype=np.int32))
        if self.times is not None:
            object.__setattr__(self, "times", np.asarray(self.times, dtype=np.int64))
        if self.ratings is not None:
            object.__setattr__(self, "ratings", np.asarray(self.ratings, dtype=np.float32))
        for name, column in (("times", self.times), ("ratings", self.ratings)):
            if column is not None and column.shape != self.items.shape:
                raise DataError(
                    f"A history has {len(self.items)} items and {len(column)} {name}.",
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

    def followed_by(self, items: IntArray) -> History:
        """Return the history with items after it, at the time of the newest event and without ratings.

        Examples
        --------
        >>> longer = History(np.array([4]), np.array([60])).followed_by(np.array([7, 5]))
        >>> longer.items.tolist(), longer.times.tolist()
        ([4, 7, 5], [60, 60, 60])
        """
        times, ratings = self.times, self.ratings
        if times is not None:
            times = np.append(times, np.full(len(items), times[-1] if len(times) else 0))
        if ratings is not None:
            ratings = np.append(ratings, np.full(len(items), np.nan, dtype=np.float32))
        return replace(self, items=np.append(self.items, items), times=times, ratings=ratings)

    def events(self, catalog: Catalog) -> list[Event]:
        """Return the events one by one, with ids of the catalogue."""
        return [
            Event(
                catalog.ids[int(position)],
                None if self.times is None else datetime.fromtimestamp(int(self.times[i]), UTC),
                None if self.ratings is None or np.isnan(self.ratings[i]) else float(self.ratings[i]),
            )
            for i, position in enumerate(self.items)
        ]

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
        if rows and len(dated) == len(rows):
            seconds = np.array([int(_utc(time).timestamp()) for _, time in dated], dtype=np.int64)
            order = np.argsort(seconds, kind="stable")
            rows, times = [rows[i] for i in order], seconds[order]
        ratings: FloatArray | None = None
        if any(event.rating is not None for event in rows):
            ratings = np.array([np.nan if e.rating is None else e.rating for e in rows], dtype=np.float32)
        items = np.array([catalog.position(event.item_id) for event in rows], dtype=np.int32)
        return cls(items, times, ratings, user)


def _utc(time: datetime) -> datetime:
    """Read a time without a zone as UTC; the house knows no other zone."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


@dataclass(frozen=True, slots=True, eq=False)
class Rankings:
    """Ranked lists for n histories, best first.

    Attributes
    ----------
    items
        Catalogue positions, int32, shape (n, k); -1 behind the end of a list shorter than k.
    probabilities
        Probability that the item is the next one, float32, shape (n, k), non-increasing along a row,
        each row summing to at most 1; 0 where `items` is -1.
    """

    items: IntArray
    probabilities: FloatArray

    def __post_init__(self) -> None:
        if self.items.shape != self.probabilities.shape or self.items.ndim != 2:
            raise DataError(
                f"Rankings need two arrays of one shape (n, k); got {self.items.shape} and "
                f"{self.probabilities.shape}."
            )

    def __len__(self) -> int:
        return len(self.items)


@runtime_checkable
class Recommender(Protocol):
    """Anything that ranks the catalogue for a history: a baseline, a retriever, the whole agent.

    ``recommend`` takes any history, of a known or never-seen user, an empty one too, and returns items of
    the catalogue only, without duplicates, each with a probability. With ``exclude_seen`` no item of the
    history is returned.
    """

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        ...

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose positions are returned."""
        ...

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history."""
        ...


@runtime_checkable
class ItemScorer(Recommender, Protocol):
    """A recommender that can also say how probable *every* item is, which a full-rank evaluation uses."""

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        """Return log P(next item = i | history), float32, shape (n, n_items); rows are normalised.

        Seen items are not masked here; whoever masks them renormalises.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class InterestForecasts:
    """Forecast shares of attention for n histories, over the interests of a catalogue.

    Attributes
    ----------
    shares
        Expected share of each interest among the coming events, float64, shape (n, n_interests), rows
        summing to one; columns as `Catalog.interest_names`.
    lower, upper
        Ends of the prediction interval of the share that will be seen, same shape; None where the
        forecaster gives none.
    level
        Nominal coverage of that interval.
    """

    shares: NDArray[np.float64]
    lower: NDArray[np.float64] | None = None
    upper: NDArray[np.float64] | None = None
    level: float = 0.8

    def __len__(self) -> int:
        return len(self.shares)


@runtime_checkable
class InterestForecaster(Protocol):
    """Anything that says how attention will be shared among interests over a user's coming events."""

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        ...

    def forecast(self, histories: Sequence[History], horizon: int) -> InterestForecasts:
        """Forecast the shares of each interest among the next `horizon` events of each history."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item put forward for one history, before reranking.

    Attributes
    ----------
    item
        Catalogue position.
    score
        Fused score of all sources; larger is better.
    ranks
        Rank (from 1) in each source that named the item, by source name.
    """

    item: int
    score: float
    ranks: dict[str, int]


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Output):
    """A past event that speaks for a recommendation."""

    item_id: str = Field(description="Id of the past event's item.")
    title: str = Field(description="Its title.")
    effect: float | None = Field(
        default=None,
        description="By how much the event raises the item's log-probability (nats), found by leaving it "
        "out; None where that was not tried.",
    )
    similarity: float = Field(
        description="Cosine similarity of the two items' text embeddings, between -1 and 1.", ge=-1.0, le=1.0
    )
    time: datetime | None = Field(default=None, description="When the event happened (UTC).")


class Recommendation(_Output):
    """One recommended item."""

    rank: int = Field(description="Place in the list, from 1.", ge=1)
    item_id: str = Field(description="Id of the item, always one of the catalogue.")
    title: str = Field(description="Title of the item.")
    categories: tuple[str, ...] = Field(default=(), description="Categories of the item.")
    year: int | None = Field(default=None, description="Year of the item, where known.")
    probability: float = Field(description="Probability that this is the next item.", ge=0.0, le=1.0)
    scores: dict[str, float] = Field(
        default_factory=dict, description="Log-scores of the parts that were blended, by name."
    )
    evidence: tuple[Evidence, ...] = Field(
        default=(), description="Past events that speak for the item, the strongest first."
    )


class Recommendations(_Output):
    """A ranked list for one history, and how it came about."""

    user: str | None = Field(default=None, description="Id of the user, where one was given.")
    items: tuple[Recommendation, ...] = Field(description="Recommended items, best first.")
    events_used: int = Field(description="Events of the history that were used.", ge=0)
    skipped: tuple[str, ...] = Field(
        default=(), description="Item ids or titles of the history that the catalogue does not have."
    )
    notes: tuple[str, ...] = Field(
        default=(), description="What the reader should know, such as that the history was empty."
    )
