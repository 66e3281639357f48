"""Item-item matrices: as arrays of a file and back, and moved to a changed catalogue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import coo_array, csr_array

from nextinterest.retrieval.catalog_change import CatalogChange

__all__ = ["matrix_arrays", "matrix_of", "moved"]


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


def moved(matrix: csr_array, change: CatalogChange) -> csr_array:
    """Return a matrix with rows and columns at the positions of a changed catalogue; new items have none."""
    n = len(change.catalog)
    old = matrix.tocoo()
    row, column = change.new_of_old[old.coords[0]], change.new_of_old[old.coords[1]]
    kept = (row >= 0) & (column >= 0)
    return coo_array((old.data[kept], (row[kept], column[kept])), shape=(n, n)).tocsr()
