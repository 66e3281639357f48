"""The marginal of an item model over interests: what its next item says, at every horizon alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.data.interests import interest_marginal
from nextinterest.domain import History, InterestForecasts, ItemScorer

__all__ = ["MarginalForecaster"]


class MarginalForecaster:
    """Forecasts the next-item distribution of a scorer, summed over interests, seen items left out.

    Parameters
    ----------
    scorer
        Any model that says how probable every item is, such as SASRec.
    batch
        Histories scored at once; bounds memory at ``batch * n_items`` numbers.
    """

    def __init__(self, scorer: ItemScorer, batch: int = 512) -> None:
        self.scorer, self.batch = scorer, batch

    @property
    def name(self) -> str:
        """The scorer's name, and that it is its marginal."""
        return f"{self.scorer.name} marginal"

    def forecast(self, histories: Sequence[History], horizon: int) -> InterestForecasts:
        """Forecast the one-step marginal, whatever the horizon."""
        parts = []
        for start in range(0, len(histories), self.batch):
            some = histories[start : start + self.batch]
            parts.append(interest_marginal(self.scorer.log_probabilities(some), self.scorer.catalog, some))
        width = len(self.scorer.catalog.interest_names)
        return InterestForecasts(np.concatenate(parts) if parts else np.zeros((0, width)))
