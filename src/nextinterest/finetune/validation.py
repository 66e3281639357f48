"""Ranks on held-out events while training: NDCG@10, HR@10 and log-loss over the whole catalogue.

Only what training is steered by. What is reported is measured by `nextinterest.eval`, through the same
`Recommender` protocol as every baseline.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from nextinterest.data import HeldOut
from nextinterest.domain import FloatArray

__all__ = ["rank_scores", "seen_mask"]

Scores = FloatArray
_K = 10


def seen_mask(held_out: HeldOut, n_items: int) -> NDArray[np.bool_]:
    """Return which items each case's history holds, shape (n, n_items)."""
    mask = np.zeros((len(held_out), n_items), dtype=bool)
    for row in range(len(held_out)):
        mask[row, held_out.histories[row].items] = True
    return mask


def rank_scores(chunks: Iterable[Scores], held_out: HeldOut) -> dict[str, float]:
    """Return measures of scores that need not be normalised; seen items are left out.

    Parameters
    ----------
    chunks
        Log-scores of consecutive cases, each float32, shape (some, n_items).
    held_out
        The cases.

    Returns
    -------
    dict
        ``ndcg@10`` (Jarvelin and Kekalainen, 2002, one relevant item), ``hr@10``, and ``log_loss`` in nats.
        A target that the history holds can be found by none and counts as a miss of probability 0, which
        the log-loss leaves out.
    """
    gains: list[float] = []
    hits: list[float] = []
    losses: list[float] = []
    start = 0
    for scores in chunks:
        rows = np.arange(start, start + len(scores))
        part = held_out.take(rows)
        masked = np.where(seen_mask(part, scores.shape[1]), -np.inf, scores.astype(np.float64))
        target = masked[np.arange(len(rows)), part.targets]
        possible = np.isfinite(target)
        # Ties count against the target, so that a constant score earns nothing.
        rank = (masked >= target[:, None]).sum(axis=1) - 1
        hit = possible & (rank < _K)
        gains += np.where(hit, 1.0 / np.log2(rank + 2.0), 0.0).tolist()
        hits += hit.astype(float).tolist()
        top = masked.max(axis=1)
        log_p = target - top - np.log(np.exp(masked - top[:, None]).sum(axis=1))
        losses += (-log_p[possible]).tolist()
        start += len(scores)
    return {
        "ndcg@10": float(np.mean(gains)),
        "hr@10": float(np.mean(hits)),
        "log_loss": float(np.mean(losses)),
    }
