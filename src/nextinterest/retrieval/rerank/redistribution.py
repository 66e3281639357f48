"""How a choice between candidates changes a ranking of the whole catalogue.

The choice redistributes the probability that retrieval gave to the candidates among those candidates:

    log P(i) = log P_r(i) + w log P_c(i) + const   for candidates, with the same total as under P_r,
    P(i)     = P_r(i)                              for every other item,

with P_c the choice probabilities and w their weight, fitted on validation events. So probabilities over the
catalogue sum to one whatever the choice is, and a list of k sums to at most one.
"""

from __future__ import annotations

import numpy as np

from nextinterest.domain import FloatArray

__all__ = ["redistribute"]


def redistribute(retrieval: FloatArray, choice: FloatArray, weight: float) -> FloatArray:
    """Redistribute the candidates' retrieval probability by the formula of the module.

    Parameters
    ----------
    retrieval
        log P_r of the candidates, shape (n,).
    choice
        log P_c of the candidates, shape (n,).
    weight
        w of the formula.

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
    raw = retrieval + weight * choice
    return np.asarray(raw - np.logaddexp.reduce(raw) + np.logaddexp.reduce(retrieval), dtype=np.float32)
