"""Whether probabilities can be believed: what the first positions promise against what they keep."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.finetune.log_linear import fit_log_linear

__all__ = ["calibration"]

_K = 10


def calibration(
    scores: NDArray[np.float32], seen: NDArray[np.bool_], targets: NDArray[np.integer]
) -> dict[str, float]:
    """Return how far the softmax of scores is from what happens.

    Parameters
    ----------
    scores
        Log-scores, shape (n, n_items), of cases that played no part in fitting what made them.
    seen
        Items to leave out, same shape.
    targets
        Item that came, shape (n,).

    Returns
    -------
    dict of str to float
        ``temperature`` that would make the log-loss least (Guo et al., 2017; 1 where nothing is left to
        correct, above 1 where the scores are too sure), ``promised@10``, the mean probability that the first
        ten positions carry together, and ``hr@10``, how often the target was among them. Where the first ten
        are to be believed the two are equal.
    """
    masked = np.where(seen, np.float32(-np.inf), scores)
    possible = ~seen[np.arange(len(targets)), targets]
    sharper = fit_log_linear({"all": masked}, np.where(possible, targets, -1)).weights["all"]
    promised = hits = 0.0
    for row, target in zip(masked[possible], targets[possible], strict=True):
        p = np.exp(row - row.max())
        first = np.argpartition(-p, min(_K, len(p) - 1))[:_K]
        promised += float(p[first].sum() / p.sum())
        hits += float(target in first)
    n = int(possible.sum())
    return {
        "temperature": 1.0 / max(sharper, 1e-6),
        "promised@10": promised / n,
        "hr@10": hits / n,
    }
