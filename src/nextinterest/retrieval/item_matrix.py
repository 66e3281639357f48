"""Item-item matrices: cut to their largest entries, as arrays of a file, moved to a changed catalogue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import coo_array, csr_array

from nextinterest.domain import FloatArray

__all__ = ["largest_entries", "matrix_arrays", "matrix_of", "moved"]


def matrix_arrays(matrix: csr_array, dtype: DTypeLike) -> dict[str, NDArray[np.generic]]:
    """Return a matrix as arrays of a file, values in `dtype`, columns in 16 bits where they fit."""
    fits = matrix.nnz == 0 or int(matrix.indices.max()) < 2**16
    return {
        "data": matrix.data.astype(dtype),
        "indices": matrix.indices.astype(np.uint16 if fits else np.int32),
        "indptr": matrix.indptr.astype(np.int64),
    }


def matrix_of(arrays: Mapping[str, NDArray[np.generic]], n_items: int) -> csr_array:
    """Return what `matrix_arrays` was given, float32, shape (n_items, n_items).

    Examples
    --------
    >>> matrix = csr_array(np.array([[0.0, 0.5], [0.0, 0.0]], dtype=np.float32))
    >>> matrix_of(matrix_arrays(matrix, np.float16), 2).toarray().tolist()
    [[0.0, 0.5], [0.0, 0.0]]
    """
    data, columns = arrays["data"].astype(np.float32), arrays["indices"].astype(np.int32)
    return csr_array((data, columns, arrays["indptr"]), shape=(n_items, n_items))


def moved(matrix: csr_array, new_of_old: NDArray[np.integer], n: int) -> csr_array:
    """Return a matrix with its rows and columns at new positions; new items have no entries.

    Parameters
    ----------
    matrix
        Shape (n_old, n_old).
    new_of_old
        New position of each old item, -1 where it was removed, shape (n_old,).
    n
        Number of items now.
    """
    old = matrix.tocoo()
    row, column = new_of_old[old.coords[0]], new_of_old[old.coords[1]]
    kept = (row >= 0) & (column >= 0)
    return coo_array((old.data[kept], (row[kept], column[kept])), shape=(n, n)).tocsr()


def largest_entries(matrix: FloatArray | csr_array, n: int) -> csr_array:
    """Return a matrix with only the n entries of largest magnitude of each row, as float32; ties by column.

    Examples
    --------
    >>> largest_entries(np.array([[3.0, -4.0, 1.0], [0.0, 2.0, 0.0]]), 2).toarray().tolist()
    [[3.0, -4.0, 0.0], [0.0, 2.0, 0.0]]
    """
    stored = csr_array(matrix)
    lengths, size = np.diff(stored.indptr), np.abs(stored.data)
    rows = np.repeat(np.arange(stored.shape[0]), lengths)
    least = np.zeros(stored.shape[0], dtype=size.dtype)
    for row in np.flatnonzero(lengths > n):  # only what is as large as the n-th of its row has to be sorted
        of_row = size[stored.indptr[row] : stored.indptr[row + 1]]
        least[row] = -np.partition(-of_row, n - 1)[n - 1]
    large = np.flatnonzero(~(size < least[rows]))
    order = large[np.lexsort((stored.indices[large], -size[large], rows[large]))]
    of_rows = np.bincount(rows[large], minlength=stored.shape[0])
    position = np.arange(len(order)) - np.repeat(np.cumsum(of_rows) - of_rows, of_rows)
    kept = np.sort(order[position < n])
    counts = np.minimum(lengths, n)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    data = stored.data[kept].astype(np.float32)
    return csr_array((data, stored.indices[kept], offsets), shape=stored.shape)
