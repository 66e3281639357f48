"""A log-linear pool of distributions: a weighted geometric mean, with weights fitted by convex optimisation.

    log p_c = sum_k w_k log q_kc - log Z

Weights minimise the cross-entropy of seen shares, which is convex in w (it is a conditional logit), with a
little ridge towards the equal mean. Weights are free: a negative one subtracts what another signal already
counts. Source: Genest & Zidek, Combining Probability Distributions, Statistical Science 1986 (logarithmic
pools); McFadden, Conditional logit analysis, 1974.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize

from nextinterest.errors import DataError
from nextinterest.interests.signals import Shares

__all__ = ["fit_pool", "pool"]


def pool(signals: Mapping[str, Shares], weights: Mapping[str, float]) -> Shares:
    """Return the pooled distributions, shape (n, n_interests).

    Raises
    ------
    DataError
        If a weighted signal is missing.

    Examples
    --------
    >>> signals = {"a": np.array([[0.9, 0.1]]), "b": np.array([[0.1, 0.9]])}
    >>> pool(signals, {"a": 0.5, "b": 0.5}).round(3).tolist()
    [[0.5, 0.5]]
    """
    missing = sorted(set(weights) - set(signals))
    if missing or not weights:
        raise DataError(
            f"The pool weighs {sorted(weights)} and the signals at hand are {sorted(signals)}.",
            remedy=f"Provide {missing} or fit the pool on the signals there are.",
        )
    scores = np.sum([weight * np.log(signals[name]) for name, weight in weights.items()], axis=0)
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    pooled: Shares = scores / scores.sum(axis=1, keepdims=True)
    return pooled


def fit_pool(
    signals: Mapping[str, Shares], truth: Shares, names: Sequence[str] | None = None, ridge: float = 1e-3
) -> dict[str, float]:
    """Fit weights to seen shares.

    Parameters
    ----------
    signals
        Strictly positive distributions by name, each of shape (n, n_interests).
    truth
        Seen shares, shape (n, n_interests).
    names
        Signals to use; all where None.
    ridge
        Weight of the squared distance from the equal mean, per case.

    Returns
    -------
    dict of str to float
        The weight of each signal.
    """
    chosen = list(signals if names is None else names)
    logs = np.stack([np.log(signals[name]) for name in chosen], axis=-1)
    start = np.full(len(chosen), 1.0 / len(chosen))

    def objective(weights: Shares) -> tuple[float, Shares]:
        scores = logs @ weights
        scores -= scores.max(axis=1, keepdims=True)
        log_total = np.log(np.exp(scores).sum(axis=1, keepdims=True))
        surplus = np.exp(scores - log_total) - truth
        loss = -(truth * (scores - log_total)).sum() / len(truth)
        gradient = np.einsum("nc,nck->k", surplus, logs) / len(truth)
        away = weights - start
        return float(loss + ridge * away @ away), gradient + 2 * ridge * away

    found = minimize(objective, start, jac=True, method="L-BFGS-B")
    return {name: float(weight) for name, weight in zip(chosen, found.x, strict=True)}
