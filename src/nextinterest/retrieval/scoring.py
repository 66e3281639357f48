"""How candidates are scored: by the ranks that sources gave them, or by a trained pool.

Either says which sources are asked, which candidates are kept, and the log-score of any item, of which the
probabilities are a softmax over the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import IntArray
from nextinterest.retrieval.candidates import Asked, Gathered, gather
from nextinterest.retrieval.config import RetrieverConfig
from nextinterest.retrieval.likeness import Likeness
from nextinterest.retrieval.pool import PoolReading, ScorePool
from nextinterest.retrieval.reading import IndexedVectors
from nextinterest.retrieval.sources import CandidateSource, read_by

__all__ = ["FusedScores", "PooledScores", "Scores", "Scoring", "rank_scores"]


class Scores(Protocol):
    """Candidates of n histories, and log-scores of any items."""

    gathered: Gathered
    """What was named, candidates first; of equal scores the earlier one goes first."""

    width: int
    """How many of those are candidates at most."""

    ceiling: NDArray[np.float64]
    """What no unnamed item exceeds, shape (n,)."""

    unnamed: float | None
    """The score that all unnamed items share; None where they differ."""

    def of(self, items: IntArray) -> NDArray[np.float64]:
        """Return log-scores of some items of each history, both of shape (n, m); any for -1."""
        ...


class Scoring(Protocol):
    """A way to find and score candidates."""

    def read(self, asked: Asked, text: IndexedVectors) -> Scores:
        """Ask the sources, and be ready to score."""
        ...


def rank_scores(scores: NDArray[np.float64], config: RetrieverConfig) -> NDArray[np.float64]:
    """Return log-scores of fused scores: 0 for what no source named, and otherwise above."""
    return np.asarray(np.log1p(scores / config.floor) / config.temperature)


class FusedScores:
    """Scores by fused ranks; see `nextinterest.retrieval.retriever`.

    Parameters
    ----------
    sources
        What names items.
    config
        Weights and depth.
    """

    def __init__(self, sources: Sequence[CandidateSource], config: RetrieverConfig) -> None:
        self.sources, self.config = sources, config

    def read(self, asked: Asked, text: IndexedVectors) -> _FusedReading:
        """Ask the sources; everything they name is a candidate."""
        config = self.config
        readings = read_by(self.sources, asked.histories)
        found = gather(
            readings, asked, text, weights=config.weights, constant=config.rrf_constant, depth=config.depth
        )
        return _FusedReading(_unranked(found, asked, config.rrf_constant), config)


def _unranked(gathered: Gathered, asked: Asked, constant: float) -> Gathered:
    """Return what was gathered, fused without the ranks of queries that steer scores themselves."""
    fused, scores = gathered.fused, gathered.fused.scores.copy()
    for row in range(len(asked.histories)):
        own = len(gathered.names[row]) - len(asked.of(row))
        for column, query in enumerate(asked.of(row), own):
            if query.moves:
                ranks = fused.ranks[row, :, column]
                scores[row] -= np.where(ranks > 0, query.weight / (constant + ranks), 0.0)
    return replace(gathered, fused=replace(fused, scores=np.maximum(scores, 0.0)))


class _FusedReading:
    unnamed: float | None = 0.0

    def __init__(self, gathered: Gathered, config: RetrieverConfig) -> None:
        self.gathered, self._config = gathered, config
        self.width = gathered.fused.items.shape[1]
        self.ceiling = np.zeros(len(gathered.names))

    def of(self, items: IntArray) -> NDArray[np.float64]:
        """Return the log-scores of fused ranks, 0 where no source named an item."""
        fused = self.gathered.fused
        span = max(int(fused.items.max(initial=0)), int(items.max(initial=0))) + 1
        rows = np.arange(len(items), dtype=np.int64)[:, None] * span
        named = fused.items >= 0
        keys, values = (rows + fused.items)[named], rank_scores(fused.scores[named], self._config)
        if not len(keys):
            return np.zeros(items.shape)
        order = np.argsort(keys)
        keys, values = keys[order], values[order]
        at = np.minimum(np.searchsorted(keys, rows + items), len(keys) - 1)
        return np.where((keys[at] == rows + items) & (items >= 0), values[at], 0.0)


class PooledScores:
    """Scores by a trained pool, whose parts and the other sources name the candidates.

    Parameters
    ----------
    sources
        Sources that are no parts of the pool name candidates too.
    pool
        Scores items, by a trained pool or by how alike they are.
    config
        Number of candidates.
    """

    def __init__(
        self, sources: Sequence[CandidateSource], pool: ScorePool | Likeness, config: RetrieverConfig
    ) -> None:
        self.sources, self.pool, self.config = sources, pool, config

    def read(self, asked: Asked, text: IndexedVectors) -> _PooledReading:
        """Read the histories once for naming and scoring, and keep the best-ranked candidates."""
        config, pool = self.config, self.pool.read(asked.histories)
        n = max(asked.k, config.n_candidates)
        others = [source for source in self.sources if source.name not in pool.parts]
        readings = pool.parts | read_by(others, asked.histories)
        # Sources overlap, but not so much that half as many of each are fewer than n together.
        depth = max(asked.k, n // 2)
        found = gather(readings, asked, text, weights={}, constant=config.rrf_constant, depth=depth)
        return _PooledReading(asked, found, pool, n)


class _PooledReading:
    unnamed: float | None = None

    def __init__(self, asked: Asked, gathered: Gathered, pool: PoolReading, width: int) -> None:
        self._asked, self._pool, self.width = asked, pool, width
        items = gathered.fused.items
        last = np.iinfo(np.int32).max
        head = np.argsort(np.where(items[:, :width] < 0, last, items[:, :width]), axis=1, kind="stable")
        tail = np.broadcast_to(
            np.arange(head.shape[1], items.shape[1]), (len(items), items.shape[1] - head.shape[1])
        )
        self.gathered = replace(gathered, fused=gathered.fused.at(np.concatenate([head, tail], axis=1)))
        weights = np.array(list(pool.weights.values()))
        with np.errstate(invalid="ignore"):  # a weight of 0 times minus infinity
            terms = weights * gathered.beyond[:, : len(weights)].astype(np.float64)
        self.ceiling = np.where(weights > 0, terms, 0.0).sum(axis=1)

    def of(self, items: IntArray) -> NDArray[np.float64]:
        """Return the pool's weighted sums.

        Seen items, where they may return, are as improbable as the least probable item: the parts were
        trained on what follows for the first time and say nothing of repeats.
        """
        scores = self._pool.of(items).astype(np.float64)
        if self._asked.exclude is None:
            for row, history in enumerate(self._asked.histories):
                seen = np.isin(items[row], history.items)
                scores[row, seen] = scores[row, items[row] >= 0].min(initial=np.inf)
        return scores
