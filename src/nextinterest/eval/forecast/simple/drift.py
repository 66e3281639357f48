"""Global drift: users move, with experience, as other users moved before them.

The population's mix at a user's position in the sequence (events ln n to ln n + 1, in doublings) is compared
with its mix at all positions before, and the user's shrunken long-run mix is tilted by the ratio to a fitted
power:

    p_c  ~  s_c (g_c(position) / g_c(before position))^e,    s the Dirichlet-shrunken long-run mix
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.interests import interest_counts, smooth
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, History
from nextinterest.eval.forecast.simple.base import SimpleForecaster

__all__ = ["GlobalDrift"]

PRIOR = 200.0
"""Weight, in events, of the overall mix in the mix of one position; few users get far."""


class GlobalDrift(SimpleForecaster):
    """Forecasts the shrunken long-run mix tilted by how the population moves; the shape is the exponent."""

    name = "global drift"
    shapes = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)

    def __init__(self, catalog: Catalog, train: EventLog) -> None:
        super().__init__(catalog, train)
        interests = catalog.interest_matrix[train.items].astype(np.float64)
        positions = np.arange(train.n_events) - train.offsets[train.users]
        bins = _doubling(positions)
        counts = np.zeros((int(bins.max(initial=0)) + 1, interests.shape[1]))
        np.add.at(counts, bins, interests)
        before = np.concatenate([np.zeros((1, interests.shape[1])), np.cumsum(counts, axis=0)[:-1]])
        self.log_ratio = np.log(smooth(counts, self.mix, PRIOR)) - np.log(smooth(before, self.mix, PRIOR))

    def counts(self, histories: Sequence[History], shape: float) -> NDArray[np.float64]:
        """Return the counts of all events."""
        return interest_counts(histories, self.catalog)

    def shares(
        self, histories: Sequence[History], counts: NDArray[np.float64], shape: float, strength: float
    ) -> NDArray[np.float64]:
        """Return the shrunken mix, tilted by the drift at each history's position."""
        position = np.minimum(_doubling(counts.sum(axis=1).round().astype(np.int64)), len(self.log_ratio) - 1)
        tilted = smooth(counts, self.mix, strength) * np.exp(shape * self.log_ratio[position])
        shares: NDArray[np.float64] = tilted / tilted.sum(axis=1, keepdims=True)
        return shares


def _doubling(n_events: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the doubling a position in the sequence belongs to: 0, 1, 2-3, 4-7, ..."""
    return np.floor(np.log2(np.maximum(n_events, 1))).astype(np.int64) + (n_events > 0)
