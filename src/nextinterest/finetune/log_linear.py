"""Weights of a log-linear blend: how much each part of a ranking deserves, fitted on validation events.

For an event with candidates c and parts p (log-scores s_pc) the blend is

    P(c) = exp(sum_p w_p s_pc) / sum_c' exp(sum_p w_p s_pc')

and the weights minimise the mean of -log P(target) over the events plus ridge / 2 |w - e_1|^2, which is
convex in w (conditional logit; McFadden 1974). Weights may not be negative: a part that does harm gets zero.
Knows nothing of where the scores come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from nextinterest.errors import DataError

__all__ = ["LogLinearFit", "fit_log_linear"]

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LogLinearFit:
    """What was fitted.

    Attributes
    ----------
    weights
        Weight of each part, by name.
    log_loss
        Mean -log P(target) of the blend, in nats.
    log_loss_of
        The same of each part alone, at its own best weight.
    n_events
        Events that had their target among the candidates; only they tell weights apart.
    """

    weights: dict[str, float]
    log_loss: float
    log_loss_of: dict[str, float]
    n_events: int


def fit_log_linear(
    parts: dict[str, NDArray[np.floating]], targets: NDArray[np.integer], ridge: float = 1e-3
) -> LogLinearFit:
    """Fit the weights of a blend.

    Parameters
    ----------
    parts
        Log-scores of each part by name, shape (n, c); ``-inf`` in every part alike marks an empty position.
    targets
        Position of the target among the candidates, shape (n,); -1 where it is not among them.
    ridge
        Pulls the first part's weight towards 1 and the others' towards 0, so that parts which say nothing
        weigh nothing.

    Raises
    ------
    DataError
        If there are no parts, shapes differ, or no event has its target among its candidates.
    """
    if not parts:
        raise DataError("A blend needs at least one part.", remedy="Give the log-scores of a part.")
    shapes = {name: part.shape for name, part in parts.items()}
    if len(set(shapes.values())) > 1 or next(iter(shapes.values()))[:1] != targets.shape:
        raise DataError(f"Parts and targets differ in shape: {shapes}, targets {targets.shape}.")
    kept = np.flatnonzero(targets >= 0)
    if len(kept) == 0:
        raise DataError(
            "No event has its target among its candidates, so nothing tells the parts apart.",
            remedy="Offer more candidates, or use more validation events.",
        )
    stacked = np.stack([np.asarray(part, dtype=np.float64)[kept] for part in parts.values()])
    empty = np.asarray(~np.isfinite(stacked).all(axis=0))
    stacked[:, empty] = 0.0
    hit = targets[kept].astype(np.int64)
    if empty[np.arange(len(kept)), hit].any():
        raise DataError("A target stands at an empty position.", remedy="Use -1 for a target not offered.")
    weights, loss = _minimise(stacked, empty, hit, ridge)
    alone = {name: _minimise(stacked[i : i + 1], empty, hit, ridge)[1] for i, name in enumerate(parts)}
    return LogLinearFit(dict(zip(parts, weights, strict=True)), loss, alone, len(kept))


def _minimise(
    stacked: Scores, empty: NDArray[np.bool_], hit: NDArray[np.int64], ridge: float
) -> tuple[Sequence[float], float]:
    rows = np.arange(len(hit))
    prior = np.zeros(len(stacked))
    prior[0] = 1.0

    def losses(weights: Scores) -> tuple[float, Scores]:
        """Return the mean loss without the ridge, and its gradient."""
        logits = np.where(empty, -np.inf, np.tensordot(weights, stacked, axes=1))
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        expected = (np.exp(log_p) * stacked).sum(axis=2)
        return -float(log_p[rows, hit].mean()), (expected - stacked[:, rows, hit]).mean(axis=1)

    def objective(weights: Scores) -> tuple[float, Scores]:
        loss, gradient = losses(weights)
        off = weights - prior
        return loss + ridge / 2 * float(off @ off), gradient + ridge * off

    found = minimize(objective, prior, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(stacked))
    return found.x.tolist(), losses(found.x)[0]
