"""ItemKNN: items liked by the same people as the items of the history (Deshpande and Karypis, 2004)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.columns import HistoryColumns
from nextinterest.eval.baselines.matrices import SparseMatrix, pack, unpack
from nextinterest.retrieval.pairs import nearest_by_users

__all__ = ["ItemKNN", "ItemKNNConfig"]


class ItemKNNConfig(BaselineConfig):
    """Options of `ItemKNN`."""

    neighbours: int = Field(default=100, ge=1, description="Similar items kept for each item.")
    shrinkage: float = Field(
        default=10.0,
        ge=0,
        description="Added to the denominator of the cosine, so that chance pairs count less.",
    )
    half_life: float | None = Field(
        default=None,
        gt=0,
        description="Events after which one counts half; None: all count 1.",
    )
    temperature: float = Field(default=1.0, gt=0, description="Scores are divided by it before the softmax.")


class ItemKNN(Baseline[ItemKNNConfig]):
    """score(j | h) = sum over items i of h, among the nearest neighbours of j, of w_i sim(i, j).

    ``sim(i, j) = n_ij / (sqrt(n_i n_j) + shrinkage)``, with n_ij the users of both, n_i those of i.
    With ``half_life=None`` every w_i is 1, which is the published method; a half-life makes recent events
    count more.
    """

    NAME: ClassVar[str] = "itemknn"
    SPACE: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "half_life": (None, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0),
        "neighbours": (20, 50, 100, 200, 500, 1000),
        "shrinkage": (0.0, 10.0, 30.0, 100.0),
    }
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"half_life", "temperature"})

    def __init__(self, catalog: Catalog, config: ItemKNNConfig, similarity: SparseMatrix) -> None:
        super().__init__(catalog, config)
        self._similarity = similarity

    @classmethod
    def fit(cls, train: EventLog, catalog: Catalog, config: ItemKNNConfig | None = None) -> Self:
        """Compute the shrunk cosines block by block and keep each item's nearest neighbours."""
        config = config or ItemKNNConfig()
        nearest = nearest_by_users(train, len(catalog), config.neighbours, config.shrinkage)
        return cls(catalog, config, nearest.T.tocsr())

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return summed similarities over the temperature, float32, shape (n, n_items)."""
        profile = columns.weighted(len(self.catalog), self.config.half_life)
        dense: FloatArray = (profile @ self._similarity).toarray()
        dense /= np.float32(self.config.temperature)
        return dense

    def state(self) -> Arrays:
        """Return the similarities as a sparse matrix, row = item of the history, column = item scored."""
        return pack(self._similarity)

    @classmethod
    def restore(cls, catalog: Catalog, config: ItemKNNConfig, state: Arrays) -> Self:
        """Return a baseline from what `state` gave."""
        return cls(catalog, config, unpack(state, (len(catalog), len(catalog))))
