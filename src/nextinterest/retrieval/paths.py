"""Continuations of one history, scored step by step by a pool whose parts may keep their state.

Scores equal those of the histories scored anew. What is drawn, and how, is not known here.
"""

from __future__ import annotations

import numpy as np

from nextinterest.domain import FloatArray, History, IntArray, ItemScorer
from nextinterest.retrieval.pool import ScorePool

__all__ = ["PoolPaths"]


class PoolPaths:
    """The state of several continuations, scored by a pool.

    It is a `nextinterest.interests.paths.PathState`.

    Parameters
    ----------
    pool
        Scores histories; its language model keeps its states.
    whole
        Answers where the pool does not: for an empty history. It has the pool's catalogue.
    history, n_paths
        What is continued, and how many times.
    """

    def __init__(self, pool: ScorePool, whole: ItemScorer, history: History, n_paths: int) -> None:
        self._whole = whole
        self._histories = [history] * n_paths
        self._scorers = [
            (weight, part.continued(len(history), n_paths))
            for part in pool.parts
            if (weight := pool.weights.get(part.name, 0.0))
        ]

    def log_probabilities(self) -> FloatArray:
        """Return log P(next item) after each path, float32, shape (n_paths, n_items).

        Normalised over the whole catalogue, items seen included as they are scored.
        """
        if not all(len(history) for history in self._histories):
            return self._whole.log_probabilities(self._histories)
        total = np.zeros((len(self._histories), len(self._whole.catalog)))
        for weight, scorer in self._scorers:
            total += weight * scorer.scores(self._histories)
        total -= total.max(axis=1, keepdims=True)
        total -= np.log(np.exp(total).sum(axis=1, keepdims=True))
        return total.astype(np.float32)

    def extend(self, items: IntArray) -> None:
        """Append one event to each path, shape (n_paths,); -1 appends none."""
        self._histories = [
            history.followed_by(items[i : i + 1]) if items[i] >= 0 else history
            for i, history in enumerate(self._histories)
        ]
