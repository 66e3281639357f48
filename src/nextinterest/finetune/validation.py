"""Ranks on held-out events while training: NDCG@10, HR@10 and log-loss over the whole catalogue.

Only what training is steered by. What is reported is measured by `nextinterest.eval`, through the same
`Recommender` protocol as every baseline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.data import HeldOut
from nextinterest.domain import FloatArray
from nextinterest.retrieval.ranks import target_ranks, tie_order

__all__ = ["CaseMeasures", "rank_one_by_one", "rank_scores", "seen_mask"]

Scores = FloatArray
_K = 10


@dataclass(frozen=True, slots=True, eq=False)
class CaseMeasures:
    """How each case went.

    Attributes
    ----------
    gains, hits
        Of NDCG@10 (Jarvelin and Kekalainen, 2002, one relevant item) and HR@10, float64, shape (n,).
    losses
        -log P(target) in nats, float64, shape (n,).
    possible
        Whether the target was not masked, bool, shape (n,). One that the history holds can be found by none
        and counts as a miss of probability 0, which the log-loss leaves out.
    """

    gains: NDArray[np.float64]
    hits: NDArray[np.float64]
    losses: NDArray[np.float64]
    possible: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: Sequence[CaseMeasures]) -> CaseMeasures:
        """Return several batches as one."""
        return cls(
            np.concatenate([part.gains for part in parts]),
            np.concatenate([part.hits for part in parts]),
            np.concatenate([part.losses for part in parts]),
            np.concatenate([part.possible for part in parts]),
        )

    def means(self) -> dict[str, float]:
        """Return ``ndcg@10``, ``hr@10``, ``log_loss``, and ``log_likelihood``, its negative.

        The last is there to steer by where validation events are too few for NDCG.
        """
        loss = float(self.losses[self.possible].mean())
        return {
            "ndcg@10": float(self.gains.mean()),
            "hr@10": float(self.hits.mean()),
            "log_loss": loss,
            "log_likelihood": -loss,
        }


def seen_mask(held_out: HeldOut, n_items: int) -> NDArray[np.bool_]:
    """Return which items each case's history holds, shape (n, n_items)."""
    mask = np.zeros((len(held_out), n_items), dtype=bool)
    for row in range(len(held_out)):
        mask[row, held_out.histories[row].items] = True
    return mask


def rank_one_by_one(scores: Scores, seen: NDArray[np.bool_], targets: NDArray[np.integer]) -> CaseMeasures:
    """Rank each target among the items that were not seen.

    Parameters
    ----------
    scores
        Log-scores that need not be normalised, shape (n, n_items).
    seen
        Items to leave out, shape (n, n_items).
    targets
        Shape (n,).
    """
    masked = np.where(seen, -np.inf, scores.astype(np.float64))
    target = masked[np.arange(len(targets)), targets]
    possible = np.isfinite(target)
    rank = target_ranks(masked, targets, tie_order(masked.shape[1]))
    hit = possible & (rank <= _K)
    top = masked.max(axis=1)
    log_p = target - top - np.log(np.exp(masked - top[:, None]).sum(axis=1))
    return CaseMeasures(np.where(hit, 1.0 / np.log2(rank + 1.0), 0.0), hit.astype(float), -log_p, possible)


def rank_scores(chunks: Iterable[Scores], held_out: HeldOut) -> dict[str, float]:
    """Return the means of `CaseMeasures` for scores of held-out cases; seen items are left out.

    Parameters
    ----------
    chunks
        Log-scores of consecutive cases, each float32, shape (some, n_items).
    held_out
        The cases.
    """
    ranked: list[CaseMeasures] = []
    start = 0
    for scores in chunks:
        part = held_out.take(np.arange(start, start + len(scores)))
        ranked.append(rank_one_by_one(scores, seen_mask(part, scores.shape[1]), part.targets))
        start += len(scores)
    return CaseMeasures.joined(ranked).means()
