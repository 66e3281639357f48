"""The one input of every accuracy metric: the ranks of a case's relevant items.

HR, Recall, NDCG, MRR and MAP need nothing of a ranked list but where the relevant items stand in it. So a
case with one relevant item is one number, and a full ranking of a million items needs no list at all.

Conventions: ranks count from 1; `MISS` is a relevant item that was not ranked (or ranked beyond what was
asked for); `ABSENT` is no item, filling the row of a case with fewer relevant items than another.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nextinterest.errors import DataError

__all__ = ["ABSENT", "MISS", "RankTable", "Scores", "rank_table"]

MISS: Final = int(np.iinfo(np.int32).max)
"""Rank of a relevant item that is not in the list."""

ABSENT: Final = 0
"""Filler behind the last relevant item of a case."""

RankTable = NDArray[np.int32]
Scores = NDArray[np.float64]


def rank_table(ranks: ArrayLike, k: int | None = None) -> RankTable:
    """Return ranks as a table, shape (n_cases, n_relevant), and check `k`.

    Parameters
    ----------
    ranks
        Shape (n_cases,) where every case has one relevant item, else (n_cases, most relevant items) filled
        up with `ABSENT`.
    k
        The cut-off the caller was given; None for none.

    Raises
    ------
    DataError
        If `k` is below one, a rank is negative, or the array has more than two dimensions.

    Examples
    --------
    >>> rank_table([3, 1]).tolist()
    [[3], [1]]
    """
    if k is not None and k < 1:
        raise DataError(f"A metric is cut off at k={k}.", remedy="Give a k of at least 1, or None.")
    table = np.asarray(ranks)
    if table.dtype != np.int32:
        table = np.minimum(table, MISS).astype(np.int32)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2:
        raise DataError(f"Ranks have {table.ndim} dimensions.", remedy="Give shape (n,) or (n, m).")
    if table.size and table.min() < 0:
        raise DataError("A rank is negative.", remedy="Count ranks from 1; use MISS for an unranked item.")
    return table
