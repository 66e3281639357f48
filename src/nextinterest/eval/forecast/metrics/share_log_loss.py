"""Cross-entropy of forecast shares against the shares that were seen, in nats.

    log-loss = - sum_c y_c log max(p_c, floor)

With y the shares of the next n events this is their mean log-loss per event. It is least for p = E[y] (Good,
Rational Decisions, JRSS B 1952; a strictly proper score), and never below the entropy of y.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOOR", "share_log_loss"]

FLOOR: Final = 1e-6
"""Least share that an interest is held to have been given; zero would make the mean infinite."""


def share_log_loss(
    forecast: NDArray[np.float64], truth: NDArray[np.float64], floor: float = FLOOR
) -> NDArray[np.float64]:
    """Return the loss of each case, shape (n,), from shares of shape (n, n_interests).

    Examples
    --------
    >>> share_log_loss(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])).round(4).tolist()
    [0.6931]
    """
    loss: NDArray[np.float64] = -(truth * np.log(np.maximum(forecast, floor))).sum(axis=1)
    return loss
