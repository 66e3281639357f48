"""How a choice between candidates changes a ranking of the whole catalogue.

The choice redistributes the probability that retrieval gave to the candidates among those candidates:

    L(i) = P_r(i) P_c(i)^w, scaled to the same total M as P_r over the candidates,
    P(i) = (1 - a) L(i) + a M P_c(i)      for candidates,
    P(i) = P_r(i)                         for every other item,

with P_c the choice probabilities of n candidates. So probabilities over the catalogue sum to one whatever the
choice is, and a list of k sums to at most one.

The weight w is fitted on validation events, or a prior. The share a is for models nobody fitted a weight for,
and grows as the choice is farther from even: a = share min(1, s / certain), s = (max P_c - 1/n) / (1 - 1/n).
Under it what a model is sure of counts however sharp retrieval is, and an even choice changes nothing. Let c
be the largest P_c.
Its candidate has at least a c of the total and all others together at most 1 - a c, so three of them can
be above it only where 4 a c <= 1: where a c > 1/4, it is among the first three of the candidates.
"""

from __future__ import annotations

import numpy as np

from nextinterest.domain import FloatArray

__all__ = ["redistribute"]

_ROUNDING = 1e-6  # of probabilities in float32


def redistribute(
    retrieval: FloatArray, choice: FloatArray, weight: float, share: float = 0.0, certain: float = 1.0
) -> FloatArray:
    """Redistribute the candidates' retrieval probability by the formula of the module.

    Parameters
    ----------
    retrieval
        log P_r of the candidates, shape (n,).
    choice
        log P_c of the candidates, shape (n,).
    weight
        w of the formula.
    share
        Largest a of the formula, between 0 and 1.
    certain
        s of the formula from which a is that, above 0.

    Returns
    -------
    array
        log P, shape (n,), with the same sum of probabilities as `retrieval`.

    Examples
    --------
    >>> import numpy as np
    >>> before = np.log(np.array([0.4, 0.2], dtype=np.float32))
    >>> after = np.exp(redistribute(before, np.log(np.array([0.2, 0.8], dtype=np.float32)), 1.0))
    >>> [round(float(p), 3) for p in after]
    [0.2, 0.4]
    """
    if not len(retrieval):
        return retrieval
    total = np.logaddexp.reduce(retrieval)
    raw = retrieval + weight * choice
    blend = raw - np.logaddexp.reduce(raw)
    even = 1.0 / len(choice)
    surplus = (float(np.exp(choice.max())) - even) / (1.0 - even) if len(choice) > 1 else 0.0
    pull = share * min(max(surplus, 0.0) / certain, 1.0)
    if pull > _ROUNDING:
        with np.errstate(divide="ignore"):  # a share of 1 leaves nothing of the blend
            blend = np.logaddexp(np.log1p(-pull) + blend, np.log(pull) + choice)
    return np.asarray(blend + total, dtype=np.float32)
