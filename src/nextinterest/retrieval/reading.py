"""What a source or a part has read of some histories: it names its best items, and scores any items.

Reading a history is what costs (an encoder's or a language model's pass); naming candidates and scoring them
are both asked of one `Reading`, so that it is paid once. Vectors name by FAISS, rows of an item-item matrix
by their largest entries, popularity by its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from nextinterest.domain import BoolArray, FloatArray, IntArray
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.index import IndexKind, ItemIndex
from nextinterest.retrieval.lists import drop_excluded, empty_lists, largest, top_k_rows

__all__ = ["IndexedVectors", "Reading", "RowReading", "SharedReading", "VectorReading"]


class Reading(Protocol):
    """Scores of the catalogue's items for n histories, computed only as far as they are asked for."""

    @property
    def least(self) -> float:
        """What no item that a list ended without naming can exceed."""
        ...

    def best(
        self, k: int, exclude: Sequence[IntArray] | None = None, allowed: BoolArray | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Return up to k items for each history.

        Parameters
        ----------
        k
            Length of the lists.
        exclude
            Items that list i must not hold, one array per history.
        allowed
            Which items any list may hold, bool, shape (n_items,); None for all. It holds before items are
            chosen: a list is as long as if no other items were there.

        Returns
        -------
        tuple
            Catalogue positions, int32, shape (n, k), best first, without duplicates, -1 behind the end of a
            short list, and scores, float32, ``-inf`` there. A source that has nothing to say on a history
            (an empty one, for most) names no items rather than guesses.
        """
        ...

    def of(self, items: IntArray) -> FloatArray:
        """Return scores of some items of each history, float32, both of shape (n, m); any for -1."""
        ...

    def all(self) -> FloatArray:
        """Return scores of all items, float32, shape (n, n_items)."""
        ...


class IndexedVectors:
    """Item vectors as an array and as a FAISS index, kept in step.

    Parameters
    ----------
    vectors
        One for each item, float32, shape (n_items, dimension).
    index
        An index over the same vectors; None builds one.
    kind
        Its kind where it is built; see `nextinterest.retrieval.index`.
    """

    def __init__(self, vectors: FloatArray, index: ItemIndex | None = None, kind: IndexKind = "auto") -> None:
        self.vectors = vectors
        self.index = ItemIndex.from_vectors(vectors, kind) if index is None else index

    def read(self, queries: FloatArray, names: BoolArray) -> VectorReading:
        """Return the reading whose scores are inner products; as the attributes of `VectorReading`."""
        return VectorReading(self, queries, names)

    def follow(self, change: CatalogChange, vectors: FloatArray) -> None:
        """Take over a changed catalogue, whose items have these vectors; only what changed is indexed."""
        self.vectors = vectors
        self.index.renumber(change.new_of_old)
        there = np.isin(change.encoded, self.index.items)
        self.index.replace(change.encoded[there], vectors[change.encoded[there]])
        self.index.add(change.encoded[~there], vectors[change.encoded[~there]])


@dataclass(frozen=True, slots=True, eq=False)
class VectorReading:
    """Inner products of item vectors and one query for each history.

    Attributes
    ----------
    indexed
        The item vectors.
    queries
        Float32, shape (n, dimension).
    names
        Of which histories there is something to say, bool, shape (n,); the others' lists are empty.
    """

    indexed: IndexedVectors
    queries: FloatArray
    names: BoolArray

    @property
    def least(self) -> float:
        """Minus infinity: a list ends only with the catalogue."""
        return -np.inf

    def best(
        self, k: int, exclude: Sequence[IntArray] | None = None, allowed: BoolArray | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Return the nearest items, found by FAISS."""
        if self.names.all():
            return self.indexed.index.search(self.queries, k, exclude, allowed)
        items, scores = empty_lists(len(self.queries), k)
        rows = np.flatnonzero(self.names)
        banned = None if exclude is None else [exclude[int(row)] for row in rows]
        items[rows], scores[rows] = self.indexed.index.search(self.queries[rows], k, banned, allowed)
        return items, scores

    def of(self, items: IntArray) -> FloatArray:
        """Return inner products, of many items by one product with all vectors."""
        known = np.maximum(items, 0)
        if 4 * items.shape[1] >= len(self.indexed.vectors):
            return np.take_along_axis(self.all(), known, axis=1)
        vectors = self.indexed.vectors
        found = [vectors.take(row, axis=0) @ query for row, query in zip(known, self.queries, strict=True)]
        return np.stack(found) if found else np.zeros(items.shape, dtype=np.float32)

    def all(self) -> FloatArray:
        """Return all inner products."""
        return self.queries @ self.indexed.vectors.T


@dataclass(frozen=True, slots=True, eq=False)
class RowReading:
    """Sparse scores: zero for all items but some.

    Attributes
    ----------
    rows
        Float32, shape (n, n_items), in canonical form.
    """

    rows: csr_array

    @classmethod
    def product(cls, weights: csr_array, matrix: csr_array) -> RowReading:
        """Return the reading of histories, as weights (n, n_items), by an item-item matrix."""
        rows = csr_array(weights @ matrix)
        rows.sort_indices()
        return cls(rows)

    @property
    def least(self) -> float:
        """Zero, the score of what is not stored: only items above it are named."""
        return 0.0

    def best(
        self, k: int, exclude: Sequence[IntArray] | None = None, allowed: BoolArray | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Return the items of largest score above zero."""
        n, n_items = self.rows.shape
        fetch = k if exclude is None else k + max((len(row) for row in exclude), default=0)
        if n == 1:
            return drop_excluded(*self._best_of_one(min(fetch, n_items), allowed), exclude, k)
        named = self.rows.data > 0
        if allowed is not None:
            named &= allowed[self.rows.indices]
        kept = np.concatenate([[0], np.cumsum(named)])[self.rows.indptr]
        positive = csr_array((self.rows.data[named], self.rows.indices[named], kept), shape=(n, n_items))
        return drop_excluded(*top_k_rows(positive, min(fetch, n_items)), exclude, k)

    def _best_of_one(self, k: int, allowed: BoolArray | None) -> tuple[IntArray, FloatArray]:
        """Return the same of one history, without a matrix of what is named."""
        values, columns = self.rows.data, self.rows.indices
        named = np.flatnonzero(values > 0 if allowed is None else (values > 0) & allowed[columns])
        best = named[largest(values[named], columns[named], k)]
        return columns[best][None], values[best][None]

    def of(self, items: IntArray) -> FloatArray:
        """Return the stored scores, and zeros."""
        n, n_items = self.rows.shape
        stored = np.repeat(np.arange(n, dtype=np.int64), np.diff(self.rows.indptr)) * n_items
        stored += self.rows.indices
        asked = np.arange(n, dtype=np.int64)[:, None] * n_items + items
        if not len(stored):
            return np.zeros(items.shape, dtype=np.float32)
        at = np.minimum(np.searchsorted(stored, asked), len(stored) - 1)
        return np.where(stored[at] == asked, self.rows.data[at], np.float32(0))

    def all(self) -> FloatArray:
        """Return the dense array."""
        return np.asarray(self.rows.toarray(), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class SharedReading:
    """The same scores for every history.

    Attributes
    ----------
    scores
        Float32, shape (n_items,).
    order
        The items by falling score, int32, shape (n_items,).
    n
        Number of histories.
    """

    scores: FloatArray
    order: IntArray
    n: int

    @property
    def least(self) -> float:
        """Minus infinity: a list ends only with the catalogue."""
        return -np.inf

    def best(
        self, k: int, exclude: Sequence[IntArray] | None = None, allowed: BoolArray | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Return the head of the order."""
        order = self.order if allowed is None else self.order[allowed[self.order]]
        fetch = k if exclude is None else k + max((len(row) for row in exclude), default=0)
        head = order[:fetch]
        shape = (self.n, len(head))
        return drop_excluded(
            np.broadcast_to(head, shape), np.broadcast_to(self.scores[head], shape), exclude, k
        )

    def of(self, items: IntArray) -> FloatArray:
        """Return the scores of the items."""
        return self.scores[items]

    def all(self) -> FloatArray:
        """Return the scores, once for each history."""
        return np.broadcast_to(self.scores, (self.n, len(self.scores)))
