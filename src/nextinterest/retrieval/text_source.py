"""Candidates by text: the items whose texts lie closest to the recency-weighted mean of a history's texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.domain import FloatArray, History
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.history_vector import event_weights, history_vectors
from nextinterest.retrieval.index import ItemIndex
from nextinterest.retrieval.reading import IndexedVectors, Reading

__all__ = ["TextNeighbours"]


class TextNeighbours:
    """Items whose text vector is nearest to the recency-weighted mean of the history's text vectors.

    Parameters
    ----------
    vectors
        Unit text vectors of all items, float32, shape (n_items, dimension).
    index
        An index over the same vectors.
    half_life, rating_gain
        See `nextinterest.retrieval.history_vector`.
    """

    name = "text"

    def __init__(
        self, vectors: FloatArray, index: ItemIndex, half_life: float, rating_gain: float = 0.0
    ) -> None:
        self.half_life, self.rating_gain = half_life, rating_gain
        self.indexed = IndexedVectors(vectors, index)

    def read(self, histories: Sequence[History]) -> Reading:
        """Return the cosines of items and histories; an empty history names nothing."""
        vectors = self.indexed.vectors
        weights = event_weights(histories, len(vectors), self.half_life, self.rating_gain)
        queries = history_vectors(weights, vectors)
        return self.indexed.read(queries, np.asarray(queries.any(axis=1)))

    def follow(self, change: CatalogChange) -> None:
        """Rename, remove, replace and add, touching only what changed."""
        old, new = change.kept
        vectors = np.zeros((len(change.catalog), self.indexed.index.dimension), dtype=np.float32)
        vectors[new] = self.indexed.vectors[old]
        vectors[change.encoded] = change.vectors
        self.indexed.follow(change, vectors)
