"""Exposure: how often each item was shown, the sum that coverage and the Gini index are functions of.

Lists are catalogue positions, shape (n, k), with -1 where there is no item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.counting import counted
from nextinterest.domain import IntArray
from nextinterest.errors import DataError

__all__ = ["exposure"]


def exposure(lists: IntArray, n_items: int) -> NDArray[np.int64]:
    """Return how many positions of the lists each item holds, shape (n_items,).

    Raises
    ------
    DataError
        If a position is beyond the catalogue.

    Examples
    --------
    >>> exposure(np.array([[0, 2], [2, -1]], dtype=np.int32), 4).tolist()
    [1, 0, 2, 0]
    """
    shown = lists[lists >= 0]
    if shown.size and int(shown.max()) >= n_items:
        raise DataError(
            f"A list names position {int(shown.max())} of a catalogue of {counted(n_items, 'item')}."
        )
    return np.bincount(shown, minlength=n_items)
