"""Ranked lists as padded arrays: leaving items out, cutting to k, for many lists at once.

A batch of lists is a pair of arrays of shape (n, k): catalogue positions, best first, with -1 behind the end
of a short list, and scores, with ``-inf`` there. Knows nothing of where lists come from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from nextinterest.domain import FloatArray, History, IntArray

__all__ = [
    "PAD",
    "drop_excluded",
    "empty_lists",
    "falling_by_row",
    "largest",
    "rounded_down",
    "seen_items",
    "top_k_rows",
]

_LARGEST_TABLE = 1 << 24  # bytes; for a few lists, reading a table is several times faster than sorting

PAD = -1
"""Stands where a list has ended."""


def empty_lists(n: int, k: int) -> tuple[IntArray, FloatArray]:
    """Return n lists of width k in which nothing stands yet."""
    return np.full((n, k), PAD, dtype=np.int32), np.full((n, k), -np.inf, dtype=np.float32)


def rounded_down(probabilities: NDArray[np.float64]) -> FloatArray:
    """Return probabilities as float32, none larger than it was, so that no list sums to more than 1."""
    near = probabilities.astype(np.float32)
    return np.where(near > probabilities, np.nextafter(near, np.float32(0)), near)


def seen_items(
    histories: Sequence[History], exclude_seen: bool, open_kinds: Collection[str] = ()
) -> list[IntArray] | None:
    """Return the items of each history (see `History.had`), or None where seen items may be returned."""
    return [history.had(open_kinds) for history in histories] if exclude_seen else None


def drop_excluded(
    items: NDArray[np.integer], scores: FloatArray, exclude: Sequence[IntArray] | None, k: int
) -> tuple[IntArray, FloatArray]:
    """Remove padding and each row's excluded items, close the gaps, cut to k.

    Parameters
    ----------
    items, scores
        Lists of shape (n, m), best first.
    exclude
        Items that row i must not hold, one array per row; None excludes nothing.
    k
        Width of the result, which may exceed m.

    Returns
    -------
    tuple
        Lists of shape (n, k).

    Examples
    --------
    >>> items, scores = np.array([[4, 2, 7]]), np.array([[0.9, 0.8, 0.7]], dtype=np.float32)
    >>> drop_excluded(items, scores, [np.array([2])], 3)[0].tolist()
    [[4, 7, -1]]
    """
    n = len(items)
    if n == 1:
        return _drop_from_one(items[0], scores[0], None if exclude is None else exclude[0], k)
    keep = items >= 0
    if exclude is not None and n:
        lengths = np.array([len(row) for row in exclude], dtype=np.int64)
        if lengths.sum():
            banned = np.concatenate(exclude).astype(np.int64)
            span = int(max(items.max(initial=0), banned.max())) + 1
            rows = np.arange(n, dtype=np.int64)
            own = np.repeat(rows, lengths)
            if n * span <= _LARGEST_TABLE:
                table = np.zeros((n, span), dtype=bool)
                table[own, banned] = True
                keep &= ~np.take_along_axis(table, np.maximum(items, 0).astype(np.int64), axis=1)
            else:
                keep &= ~np.isin(rows[:, None] * span + items, own * span + banned)
    kept_items, kept_scores = empty_lists(n, k)
    position = np.cumsum(keep, axis=1) - 1
    keep &= position < k
    row, column = np.nonzero(keep)
    kept_items[row, position[row, column]] = items[row, column]
    kept_scores[row, position[row, column]] = scores[row, column]
    return kept_items, kept_scores


def _drop_from_one(
    items: NDArray[np.integer], scores: FloatArray, banned: IntArray | None, k: int
) -> tuple[IntArray, FloatArray]:
    """Return the same of one list, which is what a user waits for."""
    keep = items >= 0
    if banned is not None and len(banned) and len(items):
        table = np.zeros(int(max(items.max(), banned.max())) + 1, dtype=bool)
        table[banned] = True
        keep &= ~table[items]  # -1 reads the last entry, and is dropped anyway
    kept = np.flatnonzero(keep)[:k]
    kept_items, kept_scores = empty_lists(1, k)
    kept_items[0, : len(kept)], kept_scores[0, : len(kept)] = items[kept], scores[kept]
    return kept_items, kept_scores


def top_k_rows(matrix: csr_array, k: int) -> tuple[IntArray, FloatArray]:
    """Return the k largest stored values of each row, ties by column.

    Parameters
    ----------
    matrix
        Sparse scores, shape (n, n_items); what is not stored is not returned.
    k
        Width of the lists.

    Examples
    --------
    >>> top_k_rows(csr_array(np.array([[0.0, 2.0, 5.0, 2.0], [0.0, 0.0, 0.0, 0.0]])), 2)[0].tolist()
    [[2, 1], [-1, -1]]
    """
    n = matrix.shape[0]
    items, scores = empty_lists(n, k)
    lengths = np.diff(matrix.indptr)
    if n == 1:
        row = largest(matrix.data, matrix.indices, k)
        items[0, : len(row)], scores[0, : len(row)] = matrix.indices[row], matrix.data[row]
        return items, scores
    rows = np.repeat(np.arange(n), lengths)
    if not matrix.has_sorted_indices:
        matrix = matrix.sorted_indices()
    order = falling_by_row(rows, matrix.data)
    position = np.arange(len(order)) - np.repeat(matrix.indptr[:-1], lengths)
    order, position, rows = order[position < k], position[position < k], rows[position < k]
    items[rows, position] = matrix.indices[order]
    scores[rows, position] = matrix.data[order]
    return items, scores


def falling_by_row(rows: NDArray[np.integer], values: NDArray[np.number]) -> NDArray[np.intp]:
    """Return the order by row and, within a row, by falling value; ties stay as they are.

    Several times faster than a lexicographic sort: few rows are numbers of 16 bits, which numpy sorts in one
    pass.

    Examples
    --------
    >>> falling_by_row(np.array([1, 0, 1, 1]), np.array([2.0, 1.0, 3.0, 2.0])).tolist()
    [1, 2, 0, 3]
    """
    order = np.argsort(-values, kind="stable")
    few = rows.max(initial=0) <= np.iinfo(np.uint16).max
    of_row = rows[order].astype(np.uint16) if few else rows[order]
    return order[np.argsort(of_row, kind="stable")]


def largest(values: FloatArray, columns: NDArray[np.integer], k: int) -> NDArray[np.intp]:
    """Return where the k largest values are, largest first, ties by column; only they are sorted."""
    if len(values) > 2 * k > 0:
        near = np.flatnonzero(values >= np.partition(values, len(values) - k)[len(values) - k])
        return near[np.lexsort((columns[near], -values[near]))][:k]
    return np.lexsort((columns, -values))[:k]
