"""Change of interest: did what was said to rise, rise, and by how much was the size missed.

With r the interest's share so far (the reference), y the share seen next and p the forecast,

    change error        = 1/2 sum_c |(p_c - r_c) - (y_c - r_c)|          (total variation, 0 .. 1)
    direction accuracy  = sum_c |y_c - r_c| a_c / sum_c |y_c - r_c|
    a_c = 1 where sign(p_c - r_c) = sign(y_c - r_c), 1/2 where the forecast says no change, else 0

Rises and falls of shares sum to the same mass, so weighting by the size of the change gives exactly 1/2 to
every forecaster that says the same of all interests ("all fall", "nothing changes"): 1/2 is chance however
many interests are rare. Unweighted accuracy has no such chance level: most interests are rare, and most rare
interests do not occur among the next few events. Pesaran & Timmermann, A Simple Nonparametric Test of
Predictive Performance, JBES 1992, discuss why the base rate must be taken out of directional accuracy.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["change_error", "direction_accuracy"]

NO_CHANGE: Final = 1e-9


def change_error(forecast: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the change missed in each case, shape (n,); the reference cancels out.

    Examples
    --------
    >>> change_error(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])).tolist()
    [0.5]
    """
    error: NDArray[np.float64] = 0.5 * np.abs(forecast - truth).sum(axis=1)
    return error


def direction_accuracy(
    forecast: NDArray[np.float64], truth: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of observed change whose direction was forecast in each case, shape (n,).

    A case in which nothing changed scores 1/2.

    Examples
    --------
    >>> reference, truth = np.array([[0.5, 0.3, 0.2]]), np.array([[0.2, 0.3, 0.5]])
    >>> direction_accuracy(np.array([[0.4, 0.3, 0.3]]), truth, reference).tolist()
    [1.0]
    >>> direction_accuracy(reference, truth, reference).tolist()
    [0.5]
    """
    seen, said = truth - reference, forecast - reference
    agreement = np.where(np.abs(said) < NO_CHANGE, 0.5, (np.sign(said) == np.sign(seen)).astype(np.float64))
    size = np.abs(seen)
    total = size.sum(axis=1)
    score: NDArray[np.float64] = np.divide(
        (size * agreement).sum(axis=1), total, out=np.full(len(total), 0.5), where=total > NO_CHANGE
    )
    return score
