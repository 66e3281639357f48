"""Sparse matrices over items, built from triplets and written as plain arrays."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nextinterest.domain import FloatArray

__all__ = ["Arrays", "SparseMatrix", "from_triplets", "pack", "unpack"]

Arrays = dict[str, NDArray[np.generic]]
"""Arrays by name: the fitted state of a baseline, written without pickle."""

SparseMatrix: TypeAlias = "sparse.csr_array[np.float32, tuple[int, int]]"

Indices = NDArray[np.integer[Any]]


def from_triplets(
    values: FloatArray, rows: Indices, columns: Indices, shape: tuple[int, int]
) -> SparseMatrix:
    """Return a float32 matrix; values of one position are added up."""
    matrix: SparseMatrix = sparse.csr_array((values.astype(np.float32), (rows, columns)), shape=shape)
    return matrix


def pack(matrix: SparseMatrix) -> Arrays:
    """Return a matrix as the arrays of its compressed rows.

    Examples
    --------
    >>> matrix = from_triplets(np.ones(2, np.float32), np.array([0, 1]), np.array([1, 0]), (2, 2))
    >>> unpack(pack(matrix), (2, 2)).toarray().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}


def unpack(state: Arrays, shape: tuple[int, int]) -> SparseMatrix:
    """Return the matrix that `pack` took apart."""
    indices, indptr = state["indices"].astype(np.int64), state["indptr"].astype(np.int64)
    matrix: SparseMatrix = sparse.csr_array((state["data"].astype(np.float32), indices, indptr), shape=shape)
    return matrix
