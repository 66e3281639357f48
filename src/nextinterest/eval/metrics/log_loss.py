"""Log-loss of the probability given to what happened, in nats.

    log-loss = - log max(P(target), floor)

Source: Good, Rational Decisions, JRSS B 1952 (the logarithmic score). It is the only metric here that
judges the whole distribution; exp of its mean is the perplexity. A probability of zero would make every
mean infinite, so probabilities are floored at `FLOOR`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from nextinterest.eval.metrics.ranks import Scores

__all__ = ["FLOOR", "log_loss"]

FLOOR: Final = 1e-9
"""Least probability an item is held to have been given."""


def log_loss(log_probabilities: ArrayLike, floor: float = FLOOR) -> Scores:
    """Return the loss of each case, shape (n,), from log P(target); NaN stays NaN (probability unknown).

    Examples
    --------
    >>> log_loss(np.log([1.0, 0.5])).round(4).tolist()
    [0.0, 0.6931]
    >>> log_loss([-np.inf]).round(4).tolist()
    [20.7233]
    """
    log_p = np.asarray(log_probabilities, dtype=np.float64)
    return np.abs(np.maximum(log_p, np.log(floor)))
