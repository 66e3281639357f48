"""Candidates by vectors: the items nearest to a history's vector in an `ItemIndex`.

What the vectors mean is the caller's: the recency-weighted mean of text vectors (`TextNeighbours`) or the
state of a trained sequence encoder (`VectorSource` with its own index and query function).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nextinterest.domain import FloatArray, History, IntArray
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.history_vector import event_weights, history_vectors
from nextinterest.retrieval.index import ItemIndex
from nextinterest.retrieval.lists import empty_lists, seen_items

__all__ = ["TextNeighbours", "VectorSource"]


class VectorSource:
    """Items nearest to a query vector.

    Parameters
    ----------
    name
        Name of the source.
    index
        Item vectors.
    query
        Query vectors of histories, float32, shape (n, dimension). It is not called with empty histories.
    """

    def __init__(self, name: str, index: ItemIndex, query: Callable[[Sequence[History]], FloatArray]) -> None:
        self._name, self.index, self.query = name, index, query

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._name

    def candidates(
        self, histories: Sequence[History], k: int, exclude_seen: bool = True
    ) -> tuple[IntArray, FloatArray]:
        """Return the k nearest items of each history; none for an empty one."""
        items, scores = empty_lists(len(histories), k)
        filled = [i for i, history in enumerate(histories) if len(history)]
        if filled:
            asked = [histories[i] for i in filled]
            found = self.index.search(self.query(asked), k, seen_items(asked, exclude_seen))
            items[filled], scores[filled] = found
        return items, scores

    def follow(self, change: CatalogChange) -> None:
        """Rename what is held and drop what was removed.

        The caller adds vectors for new items where this source's vectors are not the text vectors.
        """
        self.index.renumber(change.new_of_old)


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
        self.vectors, self.half_life, self.rating_gain = vectors, half_life, rating_gain
        self._source = VectorSource(self.name, index, self._query)

    @property
    def index(self) -> ItemIndex:
        """The index that is searched."""
        return self._source.index

    def _query(self, histories: Sequence[History]) -> FloatArray:
        weights = event_weights(histories, len(self.vectors), self.half_life, self.rating_gain)
        return history_vectors(weights, self.vectors)

    def candidates(
        self, histories: Sequence[History], k: int, exclude_seen: bool = True
    ) -> tuple[IntArray, FloatArray]:
        """Return the k nearest items of each history; none for an empty one."""
        return self._source.candidates(histories, k, exclude_seen)

    def follow(self, change: CatalogChange) -> None:
        """Rename, remove, replace and add, touching only what changed."""
        self._source.follow(change)
        there = np.isin(change.encoded, self.index.items)
        self.index.replace(change.encoded[there], change.vectors[there])
        self.index.add(change.encoded[~there], change.vectors[~there])
        old, new = change.kept
        vectors = np.zeros((len(change.catalog), self.index.dimension), dtype=np.float32)
        vectors[new] = self.vectors[old]
        vectors[change.encoded] = change.vectors
        self.vectors = vectors
