"""Candidates: what every source, and every query, names for some histories, merged by rank.

Names nothing that may not be returned: the constraints hold inside each search, not after it. What the
candidates are worth is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nextinterest.domain import BoolArray, FloatArray, History, IntArray
from nextinterest.retrieval.fusion import Fused, reciprocal_rank_fusion
from nextinterest.retrieval.lists import PAD, empty_lists
from nextinterest.retrieval.queries import Query
from nextinterest.retrieval.reading import IndexedVectors, Reading
from nextinterest.tracing import step

__all__ = ["Asked", "Gathered", "gather"]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What is asked of a ranking.

    Attributes
    ----------
    histories
        n histories.
    k
        Length of the lists, at most.
    exclude
        Items that list i must not hold, one array per history; None excludes nothing.
    allowed
        Which items any list may hold, bool, shape (n_items,); None for all.
    queries
        What to search for besides, one sequence per history; None for nothing.
    """

    histories: Sequence[History]
    k: int
    exclude: Sequence[IntArray] | None = None
    allowed: BoolArray | None = None
    queries: Sequence[Sequence[Query]] | None = None

    def at(self, rows: Sequence[int]) -> Asked:
        """Return what is asked of some of the histories."""
        return replace(
            self,
            histories=[self.histories[row] for row in rows],
            exclude=None if self.exclude is None else [self.exclude[row] for row in rows],
            queries=None if self.queries is None else [self.queries[row] for row in rows],
        )

    def of(self, row: int) -> Sequence[Query]:
        """Return the queries of one history."""
        return () if self.queries is None else self.queries[row]

    def free(self, row: int, n_items: int) -> BoolArray:
        """Return which items may be on one list, bool, shape (n_items,), to be changed at will."""
        free = np.ones(n_items, dtype=bool) if self.allowed is None else self.allowed.copy()
        if self.exclude is not None:
            free[self.exclude[row]] = False
        return free


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What the sources named.

    Attributes
    ----------
    fused
        The merged lists; the last axis of its ranks is that of `names`.
    names
        The sources of each history by column: first those of all histories, then its own queries.
    beyond
        What no item that a source did not name exceeds in that source's scores, float32, shape
        (n, n_columns): the last score of its list, or `Reading.least` where the list ended before.
    """

    fused: Fused
    names: list[tuple[str, ...]]
    beyond: FloatArray


def gather(
    readings: Mapping[str, Reading],
    asked: Asked,
    text: IndexedVectors,
    *,
    weights: Mapping[str, float],
    constant: float,
    depth: int,
) -> Gathered:
    """Ask every source and every query for its best items, and merge them.

    Parameters
    ----------
    readings
        What each source has read of the histories, by name.
    asked
        What is asked.
    text
        The items' text vectors, in which queries are searched.
    weights
        Fusion weight of each source; one that is not named weighs 1.
    constant
        See `nextinterest.retrieval.fusion`.
    depth
        Items that each source names.
    """
    n, own = len(asked.histories), len(readings)
    n_columns = own + max((len(asked.of(row)) for row in range(n)), default=0)
    weighed = np.zeros((n, n_columns))
    weighed[:, :own] = [weights.get(name, 1.0) for name in readings]
    beyond = np.full((n, n_columns), -np.inf, dtype=np.float32)
    lists: list[IntArray] = []
    for column, (name, reading) in enumerate(readings.items()):
        with step("search", source=name, n=depth) as s:
            items, scores = reading.best(depth, asked.exclude, asked.allowed)
            if s:
                s.note(found=int((items >= 0).sum()))
        lists.append(items)
        beyond[:, column] = np.maximum(scores[:, -1], reading.least)
    lists += [empty_lists(n, depth)[0] for _ in range(own, n_columns)]
    for row in range(n):
        for column, query in enumerate(asked.of(row), own):
            with step("search", source=query.source, n=depth) as s:
                lists[column][row], beyond[row, column] = _named(query, asked, row, text, depth)
                if s:
                    s.note(found=int((lists[column][row] >= 0).sum()))
            weighed[row, column] = query.weight
    names = [(*readings, *(query.source for query in asked.of(row))) for row in range(n)]
    return Gathered(reciprocal_rank_fusion(lists, weighed, constant), names, beyond)


def _named(query: Query, asked: Asked, row: int, text: IndexedVectors, depth: int) -> tuple[IntArray, float]:
    """Return what one query of one history names, int32, shape (depth,), and the score of the last one."""
    exclude = None if asked.exclude is None else [asked.exclude[row]]
    if query.vector is not None:
        found, scores = text.index.search(query.vector[None], depth, exclude, asked.allowed)
        return found[0], float(scores[0, -1])
    items = np.full(depth, PAD, dtype=np.int32)
    given = np.empty(0, dtype=np.int32) if query.items is None else query.items
    kept = given[asked.free(row, len(text.vectors))[given]]
    items[: len(kept[:depth])] = kept[:depth]
    return items, float(len(kept) > depth)  # an item is one of those given, 1, or not, 0
