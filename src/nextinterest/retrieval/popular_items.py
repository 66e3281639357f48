"""Candidates by popularity: the items most people met, optionally with old events fading.

The count of an item is the sum over its events of ``2 ** (-age / half_life)``, age taken from the newest
event of the log; without a half-life, the number of events. It answers for empty histories too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.log import EventLog
from nextinterest.domain import FloatArray, History, IntArray
from nextinterest.errors import DataError
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.lists import drop_excluded, seen_items
from nextinterest.retrieval.parts import LoadContext, Stored

__all__ = ["PopularItems"]

_DAY = 86_400.0


class PopularItems:
    """The same ranking for everyone, less what each has seen.

    Parameters
    ----------
    counts
        Weight of each item, shape (n_items,); ties go to the smaller position.
    """

    name = "popularity"
    kind: ClassVar[str] = "popular items"

    def __init__(self, counts: NDArray[np.float64]) -> None:
        self.counts = np.asarray(counts, dtype=np.float64)
        self.order = np.argsort(-self.counts, kind="stable").astype(np.int32)

    @classmethod
    def fit(cls, log: EventLog, n_items: int, half_life_days: float | None = None) -> PopularItems:
        """Count the events of a log.

        Raises
        ------
        DataError
            If a half-life is asked for and the log has no times.
        """
        if half_life_days is None:
            return cls(np.bincount(log.items, minlength=n_items).astype(np.float64))
        if log.times is None:
            raise DataError(
                "Recent popularity needs times, and this log has none.",
                remedy="Set popularity_half_life_days to None.",
            )
        age = (log.times.max(initial=0) - log.times) / _DAY
        counts = np.bincount(log.items, weights=np.exp2(-age / half_life_days), minlength=n_items)
        return cls(counts.astype(np.float64))

    def candidates(
        self, histories: Sequence[History], k: int, exclude_seen: bool = True
    ) -> tuple[IntArray, FloatArray]:
        """Return the k most popular items of each history, or all where there are fewer."""
        seen = seen_items(histories, exclude_seen)
        fetch = k + max((len(row) for row in seen), default=0) if seen is not None else k
        head = self.order[:fetch]
        shape = (len(histories), len(head))
        scores = np.log1p(self.counts[head]).astype(np.float32)
        return drop_excluded(np.broadcast_to(head, shape), np.broadcast_to(scores, shape), seen, k)

    def follow(self, change: CatalogChange) -> None:
        """Keep the counts of the items that stayed; new ones start at 0, last in the order."""
        old, new = change.kept
        counts = np.zeros(len(change.catalog))
        counts[new] = self.counts[old]
        self.__init__(counts)  # type: ignore[misc]

    def save(self) -> Stored:
        """Return the counts."""
        return Stored(self.kind, self.name, {}, {"counts": self.counts})

    @classmethod
    def load(cls, stored: Stored, context: LoadContext) -> PopularItems:
        """Return what `save` was called on."""
        return cls(stored.tensors["counts"].astype(np.float64))
