"""Popularity: the next item is drawn by how often items occur in the training events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.columns import HistoryColumns

__all__ = ["Popularity", "PopularityConfig"]


class PopularityConfig(BaselineConfig):
    """Options of `Popularity`."""

    smoothing: float = Field(
        default=1.0,
        gt=0,
        description="Events added to every item's count, so that no item has probability 0.",
    )


class Popularity(Baseline[PopularityConfig]):
    """P(i) = (n_i + a) / (n + a n_items), with n_i the training events of item i and a the smoothing.

    Examples
    --------
    >>> from nextinterest.domain import History
    >>> log = EventLog(("ann",), np.array([0, 3]), np.array([1, 1, 0], dtype=np.int32))
    >>> model = Popularity.fit(log, Catalog(["a", "b", "c"], ["A", "B", "C"]))
    >>> model.recommend([History(np.array([], dtype=np.int32))], k=3).items.tolist()
    [[1, 0, 2]]
    """

    NAME: ClassVar[str] = "popularity"
    SPACE: ClassVar[Mapping[str, tuple[object, ...]]] = {"smoothing": (0.01, 0.1, 1.0, 10.0)}
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"smoothing"})

    def __init__(self, catalog: Catalog, config: PopularityConfig, counts: NDArray[np.int64]) -> None:
        super().__init__(catalog, config)
        self._counts = counts

    @classmethod
    def fit(cls, train: EventLog, catalog: Catalog, config: PopularityConfig | None = None) -> Self:
        """Count the training events of each item."""
        return cls(catalog, config or PopularityConfig(), train.item_counts(len(catalog)))

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return log counts, the same for every history; float32, shape (n, n_items)."""
        row = np.log(self._counts + self.config.smoothing).astype(np.float32)
        return np.repeat(row[None, :], len(columns), axis=0)

    def state(self) -> Arrays:
        """Return the counts."""
        return {"counts": self._counts}

    @classmethod
    def restore(cls, catalog: Catalog, config: PopularityConfig, state: Arrays) -> Self:
        """Return a baseline from its counts."""
        return cls(catalog, config, state["counts"].astype(np.int64))
