"""Candidates that a retriever puts forward for held-out events, and how well some scores order them.

What is measured is the whole of retrieve-and-rerank: a target that the retriever did not offer is a miss,
however good the reranker. So the retriever's own order, measured here too, is the line to beat. Knows
nothing of how scores come about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from nextinterest.data import HeldOut
from nextinterest.domain import FloatArray, History, IntArray, Recommender
from nextinterest.errors import DataError
from nextinterest.retrieval.ranks import target_ranks, tie_order

__all__ = ["RerankingCases"]

_K = 10
_RIDGE = 1e-3
_MOST = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class RerankingCases:
    """Held-out cases with their candidates.

    Attributes
    ----------
    histories
        What came before each event, n of them.
    items
        Candidates of each case, best first, int32, shape (at most k,).
    log_p
        The retriever's log-probability of each, float32.
    positions
        Where the target stands among its candidates, int32, shape (n,); -1 where it is not offered.
    n_cases
        Cases that measures are means over: n and those left out by `answerable`, which are misses.
    n_items
        Size of the catalogue.
    """

    histories: list[History]
    items: list[IntArray]
    log_p: list[FloatArray]
    positions: IntArray
    n_cases: int
    n_items: int

    @classmethod
    def of(
        cls, retriever: Recommender, held_out: HeldOut, n_candidates: int, *, most: int | None = None
    ) -> RerankingCases:
        """Ask a retriever for the candidates of held-out cases, as serving does.

        Parameters
        ----------
        retriever
            The retriever.
        held_out
            The cases.
        n_candidates
            Length of a list.
        most
            Cases that are asked about at most, drawn evenly; None for all.
        """
        if most is not None and most < len(held_out):
            held_out = held_out.take(np.linspace(0, len(held_out) - 1, most).astype(np.int64))
        histories = list(held_out.histories)
        found = retriever.recommend(histories, n_candidates)
        items = [row[row >= 0] for row in found.items]
        log_p = [
            np.log(np.maximum(row[: len(kept)], 1e-38)).astype(np.float32)
            for row, kept in zip(found.probabilities, items, strict=True)
        ]
        hits = [np.flatnonzero(kept == target) for kept, target in zip(items, held_out.targets, strict=True)]
        positions = np.array([hit[0] if len(hit) else -1 for hit in hits], dtype=np.int32)
        return cls(histories, items, log_p, positions, len(histories), len(retriever.catalog))

    def __len__(self) -> int:
        return len(self.histories)

    def answerable(self) -> RerankingCases:
        """Return the cases whose target is offered; the others are misses whatever the scores."""
        some = np.flatnonzero(self.positions >= 0).tolist()
        return RerankingCases(
            [self.histories[i] for i in some],
            [self.items[i] for i in some],
            [self.log_p[i] for i in some],
            self.positions[some],
            self.n_cases,
            self.n_items,
        )

    def ranks(self, scores: Sequence[FloatArray]) -> NDArray[np.int64]:
        """Return the target's rank from 1 under scores of the candidates, shape (n,); 0 if not offered."""
        ties = tie_order(self.n_items)
        return np.array(
            [
                0 if position < 0 else int(target_ranks(row[None], np.array([position]), ties[items])[0])
                for row, position, items in zip(scores, self.positions, self.items, strict=True)
            ],
            dtype=np.int64,
        )

    def gains(self, scores: Sequence[FloatArray]) -> NDArray[np.float64]:
        """Return the NDCG@10 of each case (Jarvelin and Kekalainen, 2002, one relevant item), shape (n,)."""
        ranks = self.ranks(scores)
        return np.where((ranks > 0) & (ranks <= _K), 1.0 / np.log2(np.maximum(ranks, 1) + 1.0), 0.0)

    def gain(self, scores: Sequence[FloatArray], over: Sequence[FloatArray]) -> tuple[float, float]:
        """Return by how much NDCG@10 is larger under `scores` than under `over`, and its standard error.

        Paired over the cases; a case left out by `answerable` is a miss under both. Cases of one user are
        taken for independent ones, so give one case of each user where the error matters.
        """
        own = np.zeros(self.n_cases)
        own[: len(self)] = self.gains(scores) - self.gains(over)
        return float(own.mean()), float(own.std(ddof=1) / np.sqrt(self.n_cases)) if self.n_cases > 1 else 0.0

    def measure(self, scores: Sequence[FloatArray]) -> dict[str, float]:
        """Return measures of scores, in the order of `items`, that need not be normalised.

        Returns
        -------
        dict
            ``ndcg@10`` and ``hr@10`` over all cases; ``offered``, the share of them whose target is among
            the candidates; ``log_loss``, the mean of -log P(target) over those, in nats, with P the softmax
            of the scores over the candidates (0 where there are none).
        """
        ranks = self.ranks(scores)
        offered = np.flatnonzero(ranks > 0)
        losses = [
            float(np.logaddexp.reduce(scores[i].astype(np.float64)) - scores[i][self.positions[i]])
            for i in offered.tolist()
        ]
        return {
            "ndcg@10": float(self.gains(scores).sum()) / self.n_cases,
            "hr@10": float(((ranks > 0) & (ranks <= _K)).sum()) / self.n_cases,
            "offered": len(offered) / self.n_cases,
            "log_loss": float(np.mean(losses)) if losses else 0.0,
        }

    def weighted(self, scores: Sequence[FloatArray], weight: float) -> list[FloatArray]:
        """Return the log-scores of P_retriever(i) P_scores(i)^weight, as in serving."""
        return [log_p + np.float32(weight) * own for log_p, own in zip(self.log_p, scores, strict=True)]

    def cross_fitted(self, scores: Sequence[FloatArray]) -> list[FloatArray]:
        """Return `weighted` scores, those of either half of the cases by the weight fitted on the other.

        Raises
        ------
        DataError
            If a half has no case with its target among its candidates.
        """
        half = np.arange(len(self)) % 2
        weights = [self.fit_weight(scores, half != own) for own in (0, 1)]
        blended = [self.weighted(scores, weight) for weight in weights]
        return [blended[own][i] for i, own in enumerate(half.tolist())]

    def fit_weight(self, scores: Sequence[FloatArray], of: NDArray[np.bool_] | None = None) -> float:
        """Return the weight, 0 or above, under which `weighted` has the least log-loss over the candidates.

        The retriever's exponent is 1, as in serving. Convex in the one weight; a little ridge gives a score
        that says nothing the weight 0. `of` says which cases count, shape (n,); None for all.

        Raises
        ------
        DataError
            If no case has its target among its candidates.
        """
        counted = self.positions >= 0 if of is None else (self.positions >= 0) & of
        offered = np.flatnonzero(counted).tolist()
        if not offered:
            raise DataError(
                "No validation event has its target among its candidates, so nothing tells weights apart.",
                remedy="Offer more candidates (n_candidates), or use more validation events.",
            )
        width = max(len(self.items[i]) for i in offered)
        base, own = np.full((2, len(offered), width), -np.inf)
        for row, i in enumerate(offered):
            base[row, : len(self.log_p[i])] = self.log_p[i]
            own[row, : len(scores[i])] = scores[i]
        own = np.where(np.isfinite(base), own, 0.0)
        rows, positions = np.arange(len(offered)), self.positions[offered]

        def loss(weight: float) -> float:
            logits = base + weight * own
            losses = np.logaddexp.reduce(logits, axis=1) - logits[rows, positions]
            return float(losses.mean()) + _RIDGE / 2 * weight**2

        found = minimize_scalar(loss, bounds=(0.0, _MOST), method="bounded", options={"xatol": 1e-5})
        return float(found.x) if loss(float(found.x)) < loss(0.0) else 0.0
