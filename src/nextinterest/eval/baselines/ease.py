"""EASE^R: a linear item-item model with a closed form (Steck, 2019, arXiv:1905.03375)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from pydantic import Field
from scipy import linalg

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray, IntArray
from nextinterest.errors import BudgetError, DataError
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.columns import HistoryColumns

__all__ = ["EASE", "EASEConfig", "ease_memory_gb"]


class EASEConfig(BaselineConfig):
    """Options of `EASE`."""

    regularisation: float = Field(default=300.0, gt=0, description="L2 penalty (lambda in the paper).")
    half_life: float | None = Field(
        default=None,
        gt=0,
        description="Events after which one counts half; None: all count 1.",
    )
    max_items: int | None = Field(
        default=None,
        ge=1,
        description="Model only this many of the most popular items; the others get score 0. None: all.",
    )
    max_memory_gb: float = Field(
        default=6.0, gt=0, description="Refuse to fit where the matrices would need more than this."
    )
    temperature: float = Field(default=1.0, gt=0, description="Scores are divided by it before the softmax.")


def ease_memory_gb(n_items: int) -> float:
    """Return the peak memory of a fit in gigabytes: the Gram matrix and its inverse in float64."""
    return 2 * 8 * n_items**2 / 1e9


class EASE(Baseline[EASEConfig]):
    """score(j | h) = sum over items i of h of w_i B_ij, B the ridge solution with a zero diagonal.

    With G the items' co-occurrence matrix and P = (G + lambda I)^-1: ``B_ij = -P_ij / P_jj``, ``B_jj = 0``
    (equation 8 of the paper). With ``half_life=None`` every w_i is 1, which is the published method.

    Raises
    ------
    BudgetError
        If the matrices of the items modelled would need more than `max_memory_gb`.
    """

    NAME: ClassVar[str] = "ease"
    SPACE: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "half_life": (None, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0),
        "regularisation": (30.0, 100.0, 300.0, 1000.0, 3000.0),
    }
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"half_life", "temperature"})

    def __init__(self, catalog: Catalog, config: EASEConfig, modelled: IntArray, weights: FloatArray) -> None:
        super().__init__(catalog, config)
        self._modelled, self._weights = modelled, weights

    @classmethod
    def fit(cls, train: EventLog, catalog: Catalog, config: EASEConfig | None = None) -> Self:
        """Solve for the weights in float64 by one Cholesky factorisation."""
        config = config or EASEConfig()
        n_items = len(catalog)
        n_modelled = min(n_items, config.max_items or n_items)
        needed = ease_memory_gb(n_modelled)
        if needed > config.max_memory_gb:
            raise BudgetError(
                f"EASE over {n_modelled:,} items needs {needed:.1f} GB, more than the "
                f"{config.max_memory_gb:g} GB allowed.",
                remedy="Raise max_memory_gb, or set max_items to model the most popular items only.",
            )
        popular = np.argsort(-train.item_counts(n_items), kind="stable")[:n_modelled]
        modelled = np.sort(popular).astype(np.int32)
        columns = HistoryColumns(train.offsets, train.items, np.zeros(train.n_users, np.int64))
        users = columns.weighted(n_items)[:, modelled].astype(np.float64)
        gram = (users.T @ users).toarray()
        gram[np.diag_indices_from(gram)] += config.regularisation
        # gram.T is the same matrix in Fortran order, which spares a copy.
        factor, info = linalg.lapack.dpotrf(gram.T, lower=1, overwrite_a=1)
        if info == 0:
            inverse, info = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
        if info != 0:
            raise DataError(
                f"The Gram matrix plus {config.regularisation:g} is not positive definite in float64.",
                remedy="Raise the regularisation.",
            )
        diagonal = np.diag(inverse).copy()
        weights = np.ascontiguousarray(inverse, dtype=np.float32)
        del gram, factor, inverse
        _mirror_lower(weights)
        weights /= -diagonal[None, :].astype(np.float32)
        weights[np.diag_indices_from(weights)] = 0.0
        return cls(catalog, config, modelled, weights)

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return the linear model's scores over the temperature, float32, shape (n, n_items)."""
        n_items = len(self.catalog)
        profile = columns.weighted(n_items, self.config.half_life)
        if len(self._modelled) == n_items:
            dense = np.asarray(profile @ self._weights)
        else:
            dense = np.zeros((len(columns), n_items), dtype=np.float32)
            dense[:, self._modelled] = profile[:, self._modelled] @ self._weights
        dense /= np.float32(self.config.temperature)
        return dense

    def state(self) -> Arrays:
        """Return the positions of the items modelled and their weights."""
        return {"modelled": self._modelled, "weights": self._weights}

    @classmethod
    def restore(cls, catalog: Catalog, config: EASEConfig, state: Arrays) -> Self:
        """Return a baseline from what `state` gave."""
        return cls(catalog, config, state["modelled"].astype(np.int32), state["weights"].astype(np.float32))


def _mirror_lower(matrix: FloatArray, block: int = 1024) -> None:
    """Copy the lower triangle onto the upper one in place; LAPACK fills only one of the two."""
    for start in range(0, len(matrix), block):
        stop = start + block
        square = matrix[start:stop, start:stop]
        square[...] = np.tril(square) + np.tril(square, -1).T
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T
