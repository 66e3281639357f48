"""EASE^R: a linear item-item model with a closed form (Steck, 2019, arXiv:1905.03375).

With X the users-by-items matrix of choices and P = (X'X + ridge I)^-1: ``B_ij = -P_ij / P_jj``, ``B_jj = 0``
(equation 8 of the paper).
"""

from __future__ import annotations

import numpy as np
from scipy import linalg
from scipy.sparse import csr_array

from nextinterest.counting import counted
from nextinterest.domain import FloatArray
from nextinterest.errors import BudgetError, DataError
from nextinterest.retrieval.pairs import common_users

__all__ = ["ease_memory_gb", "ease_weights"]


def ease_memory_gb(n_items: int) -> float:
    """Return the peak memory of a fit in gigabytes: the Gram matrix and its inverse in float64."""
    return 2 * 8 * n_items**2 / 1e9


def ease_weights(
    chosen: csr_array, ridge: float, *, max_memory_gb: float, remedy: str, command: str = ""
) -> FloatArray:
    """Return B of the module docstring, float32, shape (n_items, n_items).

    Solved in float64 by one Cholesky factorisation.

    Parameters
    ----------
    chosen
        X, from `nextinterest.retrieval.pairs.choices`.
    ridge
        L2 penalty; larger values trust rare pairs less.
    max_memory_gb
        A fit that would take more is refused.
    remedy, command
        Of that refusal: what the caller can set to fit.

    Raises
    ------
    BudgetError
        If the matrices would need more than `max_memory_gb`.
    DataError
        If the Gram matrix plus the ridge is not positive definite.

    Examples
    --------
    >>> from nextinterest.data.log import EventLog
    >>> from nextinterest.retrieval.pairs import choices
    >>> log = EventLog(("a", "b"), np.array([0, 2, 4]), np.array([0, 1, 0, 1], dtype=np.int32))
    >>> weights = ease_weights(choices(log, 3), 1.0, max_memory_gb=1.0, remedy="")
    >>> [abs(round(float(v), 3)) for v in weights[0]]
    [0.0, 0.667, 0.0]
    """
    n_items = chosen.shape[1]
    needed = ease_memory_gb(n_items)
    if needed > max_memory_gb:
        raise BudgetError(
            f"EASE over {counted(n_items, 'item')} needs {needed:.1f} GB, more than the "
            f"{max_memory_gb:g} GB allowed.",
            remedy=remedy,
            command=command,
        )
    gram = np.asarray(common_users(chosen).toarray(), dtype=np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    # gram.T is the same matrix in Fortran order, which spares a copy.
    factor, info = linalg.lapack.dpotrf(gram.T, lower=1, overwrite_a=1)
    if info == 0:
        inverse, info = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise DataError(
            f"The Gram matrix plus {ridge:g} is not positive definite in float64.",
            remedy="Raise the regularisation.",
        )
    diagonal = np.diag(inverse).copy()
    weights = np.ascontiguousarray(inverse, dtype=np.float32)
    del gram, factor, inverse
    _mirror_lower(weights)
    weights /= -diagonal[None, :].astype(np.float32)
    weights[np.diag_indices_from(weights)] = 0.0
    return weights


def _mirror_lower(matrix: FloatArray, block: int = 1024) -> None:
    """Copy the lower triangle onto the upper one in place; LAPACK fills only one of the two."""
    for start in range(0, len(matrix), block):
        stop = start + block
        square = matrix[start:stop, start:stop]
        square[...] = np.tril(square) + np.tril(square, -1).T
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T
