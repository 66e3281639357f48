"""Catalogue coverage: the share of the catalogue that is recommended to anyone.

    coverage = #{ i : exposure_i > 0 } / n_items

Source: Ge, Delgado-Battenfeld & Jannach, Beyond Accuracy: Evaluating Recommender Systems by Coverage and
Serendipity, RecSys 2010.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["coverage"]


def coverage(exposures: ArrayLike) -> float:
    """Return coverage from the exposure of every item of the catalogue, shape (n_items,).

    Examples
    --------
    >>> coverage([1, 0, 2, 0])
    0.5
    """
    shown = np.asarray(exposures)
    return float(np.count_nonzero(shown) / len(shown))
