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
from nextinterest.domain import History
from nextinterest.errors import DataError
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.parts import LoadContext, Stored
from nextinterest.retrieval.reading import Reading, SharedReading

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

    def read(self, histories: Sequence[History]) -> Reading:
        """Return the logarithm of one more than each count."""
        return SharedReading(np.log1p(self.counts).astype(np.float32), self.order, len(histories))

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
