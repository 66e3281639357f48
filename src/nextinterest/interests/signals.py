"""Signals: several simple views of where a user's interests stand, each a distribution over interests.

The whole history, its recent part at several half-lives, the population, and the marginal of one or more
item models. Each is strictly positive, so that a pool may multiply them. The views of the history depend on
it only through running counts (`RunningCounts`), which one event updates;
`nextinterest.interests.tracker` relies on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.interests import decayed_counts, interest_counts, interest_marginal, smooth
from nextinterest.domain import Catalog, History, ItemScorer

__all__ = [
    "HALF_LIVES",
    "HISTORY_SIGNALS",
    "RunningCounts",
    "Shares",
    "history_signals",
    "model_signals",
    "positive",
]

Shares = NDArray[np.float64]

HALF_LIVES = (3.0, 10.0, 30.0)
"""Half-lives of the recent views, in events: about a sitting, a few sittings, a season."""

HISTORY_SIGNALS = ("long_run", *(f"recent_{half_life:g}" for half_life in HALF_LIVES), "population")
"""Names of the signals that need no item model."""

LONG_RUN_STRENGTH = 10.0
RECENT_STRENGTH = 2.0
FLOOR = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class RunningCounts:
    """What the signals remember of n histories.

    Attributes
    ----------
    total
        Events of each interest, shape (n, n_interests).
    decayed
        The same, decayed by each of `HALF_LIVES`, shape (n_half_lives, n, n_interests).
    """

    total: Shares
    decayed: Shares

    @classmethod
    def of(cls, histories: Sequence[History], catalog: Catalog) -> RunningCounts:
        """Count whole histories."""
        return cls(
            interest_counts(histories, catalog),
            np.stack([decayed_counts(histories, catalog, half_life) for half_life in HALF_LIVES]),
        )

    def plus(self, interests: Shares) -> RunningCounts:
        """Return the counts after one more event each, of interests with shape (n, n_interests)."""
        fade = 0.5 ** (1.0 / np.array(HALF_LIVES))[:, None, None]
        return RunningCounts(self.total + interests, self.decayed * fade + interests)


def history_signals(counts: RunningCounts, population: Shares) -> dict[str, Shares]:
    """Return the signals that need no model, by name, each of shape (n, n_interests)."""
    views = [smooth(counts.total, population, LONG_RUN_STRENGTH)]
    views += [smooth(decayed, population, RECENT_STRENGTH) for decayed in counts.decayed]
    views.append(np.broadcast_to(population, counts.total.shape))
    return {name: positive(view) for name, view in zip(HISTORY_SIGNALS, views, strict=True)}


def model_signals(
    scorers: Mapping[str, ItemScorer], histories: Sequence[History], batch: int = 512
) -> dict[str, Shares]:
    """Return the marginal of each item model over interests, seen items left out, shape (n, n_interests)."""
    signals = {}
    for name, scorer in scorers.items():
        parts = []
        for start in range(0, len(histories), batch):
            some = histories[start : start + batch]
            parts.append(interest_marginal(scorer.log_probabilities(some), scorer.catalog, some))
        width = len(scorer.catalog.interest_names)
        signals[name] = positive(np.concatenate(parts) if parts else np.zeros((0, width)))
    return signals


def positive(shares: Shares) -> Shares:
    """Keep shares, shape (n, n_interests), off zero: its logarithm would outvote every other signal."""
    floored = np.maximum(shares, FLOOR)
    kept: Shares = floored / floored.sum(axis=-1, keepdims=True)
    return kept
