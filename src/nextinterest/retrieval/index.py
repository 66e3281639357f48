"""Item vectors in FAISS: nearest items by inner product, kept up to date without a rebuild.

Exact search (`IndexFlatIP`) up to `EXACT_LIMIT` items, an HNSW graph (Malkov and Yashunin, 2018) above, where
one scan would take tens of milliseconds. Items are named by catalogue position. Knows nothing of texts or
users, and of vectors only their dimension; on unit vectors the inner product is the cosine.

Searches may run in several threads at once; changes need the index to themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nextinterest.counting import counted
from nextinterest.domain import BoolArray, FloatArray, IntArray
from nextinterest.errors import DataError, IntegrityError
from nextinterest.retrieval.lists import drop_excluded, empty_lists

__all__ = ["EXACT_LIMIT", "IndexKind", "IndexShape", "ItemIndex"]

EXACT_LIMIT = 50_000
"""Items up to which ``kind="auto"`` searches exactly: a few milliseconds a query on one core."""

IndexKind = Literal["auto", "exact", "hnsw"]

_FaissIndex = Any  # faiss's own stubs know little of what its classes can do
_GONE = -1  # id of a removed node, which stays in an HNSW graph as a way to others
_NEIGHBOURS = 32
_EF_CONSTRUCTION = 80
_EF_SEARCH = 96
_BLAS_FROM = 8  # queries
_TIED = 1e-6  # products of unit vectors by one way and another differ by less
_FEW_ALLOWED = 0.2  # share of allowed items below which a graph is not walked
_MAX_GONE = 0.3  # share of removed nodes above which the graph is built anew


class IndexShape(BaseModel):
    """Kind and size of an index."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["exact", "hnsw"]
    dimension: int = Field(ge=1)
    n_items: int = Field(ge=0)


class ItemIndex:
    """Vectors of items, searchable by inner product.

    Parameters
    ----------
    dimension
        Length of a vector.
    kind
        ``exact``, ``hnsw``, or ``auto``: exact unless `expected` exceeds `EXACT_LIMIT`.
    expected
        Items to be held, which ``auto`` decides by. The kind does not change later.
    """

    def __init__(self, dimension: int, kind: IndexKind = "auto", expected: int = 0) -> None:
        self.dimension = dimension
        self.kind: Literal["exact", "hnsw"] = (
            ("hnsw" if expected > EXACT_LIMIT else "exact") if kind == "auto" else kind
        )
        self._index = self._empty()
        self._held: NDArray[np.int64] | None = None  # what `_ids` has read of the index, until it changes

    @classmethod
    def from_vectors(cls, vectors: FloatArray, kind: IndexKind = "auto") -> ItemIndex:
        """Build an index in which row i of the vectors, shape (n, dimension), is item i."""
        index = cls(vectors.shape[1], kind, len(vectors))
        index.add(np.arange(len(vectors), dtype=np.int32), vectors)
        return index

    def _empty(self) -> _FaissIndex:
        import faiss

        if self.kind == "exact":
            return faiss.IndexIDMap2(faiss.IndexFlatIP(self.dimension))
        graph = faiss.IndexHNSWFlat(self.dimension, _NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = _EF_CONSTRUCTION
        return faiss.IndexIDMap2(graph)

    def __len__(self) -> int:
        ids = self._ids()
        return len(ids) if self.kind == "exact" else int(np.count_nonzero(ids != _GONE))

    @property
    def items(self) -> NDArray[np.int64]:
        """The items held, in the order of storage, shape (n_items,)."""
        ids = self._ids()
        held: NDArray[np.int64] = ids[ids != _GONE]
        return held

    def vectors(self, items: NDArray[np.integer]) -> FloatArray:
        """Return the vectors of these items, float32, shape (len(items), dimension).

        Raises
        ------
        DataError
            If one is not in the index.
        """
        self._require(items)
        if not len(items):
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(items.astype(np.int64)), dtype=np.float32)

    def add(self, items: NDArray[np.integer], vectors: FloatArray) -> None:
        """Add items that are not there yet.

        Raises
        ------
        DataError
            If an item is there already or named twice, or the shapes do not fit.
        """
        if vectors.shape != (len(items), self.dimension):
            raise DataError(
                f"{len(items)} items need vectors of shape ({len(items)}, {self.dimension}); "
                f"got {vectors.shape}.",
                remedy="Encode them with the encoder the index was built with.",
            )
        if len(np.unique(items)) != len(items) or np.isin(items, self._ids()).any() or (items < 0).any():
            raise DataError(
                "An item to add is in the index already, named twice, or negative.",
                remedy="Use replace() for items that are there.",
            )
        if len(items):
            self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), items.astype(np.int64))
            self._held = None

    def remove(self, items: NDArray[np.integer]) -> None:
        """Remove items.

        Raises
        ------
        DataError
            If one is not in the index.
        """
        self._require(items)
        if not len(items):
            return
        if self.kind == "exact":
            self._index.remove_ids(items.astype(np.int64))
            self._held = None
            return
        ids = self._ids().copy()
        ids[np.isin(ids, items)] = _GONE
        self._set_ids(ids)
        gone = ids == _GONE
        if gone.mean() > _MAX_GONE:
            kept, vectors = ids[~gone], self.vectors(ids[~gone])
            self._index, self._held = self._empty(), None
            self.add(kept, vectors)

    def replace(self, items: NDArray[np.integer], vectors: FloatArray) -> None:
        """Give items that are there other vectors, shape (len(items), dimension)."""
        if vectors.shape != (len(items), self.dimension):
            raise DataError(
                f"{len(items)} items need vectors of shape ({len(items)}, {self.dimension}); "
                f"got {vectors.shape}.",
                remedy="Encode them with the encoder the index was built with.",
            )
        if len(np.unique(items)) != len(items):
            raise DataError("An item to replace is named twice.", remedy="Give one vector per item.")
        self.remove(items)
        self.add(items, vectors)

    def renumber(self, new_of_old: NDArray[np.integer]) -> None:
        """Rename item i to ``new_of_old[i]``, for a catalogue whose positions have moved.

        Parameters
        ----------
        new_of_old
            New position of each old one, shape (n_old,); -1 removes the item.
        """
        items = self.items
        self.remove(items[new_of_old[items] < 0])
        ids = self._ids().copy()
        there = ids != _GONE
        ids[there] = new_of_old[ids[there]]
        self._set_ids(ids)

    def search(
        self,
        queries: FloatArray,
        k: int,
        exclude: Sequence[IntArray] | None = None,
        allowed: BoolArray | None = None,
    ) -> tuple[IntArray, FloatArray]:
        """Return the k items of largest inner product for each query.

        Parameters
        ----------
        queries
            Vectors, float32, shape (n, dimension).
        k
            Length of the lists.
        exclude
            Items that query i must not return, one array per query. However many there are, the list holds
            the k best of the others, or all of them where they are fewer.
        allowed
            Which items any list may hold, bool, shape (n_items,) of the catalogue; None for all. FAISS passes
            over the others while it searches (an `IDSelectorBitmap`).

        Returns
        -------
        tuple
            Items, int32, shape (n, k), -1 behind the end, and inner products, ``-inf`` there. Ties go to the
            smaller position, but for those that a graph leaves out. An exact list is the same whatever
            queries are searched for beside its own.
        """
        items, scores = empty_lists(len(queries), k)
        edge = np.full(len(queries), -np.inf, dtype=np.float32)
        size = len(self)
        if not len(queries) or not size or k < 1:
            return items, scores
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        # k + |excluded| fetched items hold at least k allowed ones, and one more shows whether the last of
        # them ties with what was not fetched. Queries of like need share one call.
        need = np.full(len(queries), k + 1)
        if exclude is not None:
            need += np.array([len(row) for row in exclude])
        need = np.minimum(2 ** np.ceil(np.log2(need)).astype(np.int64), size)
        for fetch in np.unique(need):
            rows = np.flatnonzero(need == fetch)
            banned = None if exclude is None else [exclude[int(i)] for i in rows]
            items[rows], scores[rows], edge[rows] = self._fetch(queries[rows], int(fetch), banned, k, allowed)
        # A graph may hide some items from a walk: a list that came back short of k is done exactly. So is one
        # whose last item ties with others that may not have been fetched.
        short = (items < 0).any(axis=1)
        if self.kind == "exact":
            short |= scores[:, -1] < edge + _TIED
        again = np.flatnonzero(short & (need < size))
        if len(again):
            banned = None if exclude is None else [exclude[int(i)] for i in again]
            items[again], scores[again], _ = self._fetch(queries[again], size, banned, k, allowed)
        return items, scores

    def _fetch(
        self,
        queries: FloatArray,
        fetch: int,
        exclude: Sequence[IntArray] | None,
        k: int,
        allowed: BoolArray | None,
    ) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return lists as `search` does, and the least score that was fetched for each."""
        import faiss

        # A graph search for a large share of all items costs more than a scan and may miss some; so does one
        # that walks over many nodes it may not return.
        few = allowed is not None and allowed.mean() < _FEW_ALLOWED
        if self.kind == "exact" or few or fetch > max(len(self) // 10, 1000):
            flat: _FaissIndex = faiss.downcast_index(self._index.index)
            flat = flat if self.kind == "exact" else faiss.downcast_index(flat.storage)
            ids = self._ids()
            surplus = 0 if self.kind == "exact" else int((ids == _GONE).sum())
            mask = None if allowed is None else (ids >= 0) & allowed[ids]
            scores, slots = _scan(flat, queries, min(fetch + surplus, len(ids)), mask)
            found = np.where(slots >= 0, ids[slots], _GONE)
        else:
            held = faiss.IDSelectorRange(0, np.iinfo(np.int64).max) if allowed is None else _bitmap(allowed)
            parameters = faiss.SearchParametersHNSW(  # type: ignore[attr-defined]
                sel=held, efSearch=max(_EF_SEARCH, fetch)
            )
            scores, found = self._index.search(queries, fetch, params=parameters)
        if (scores[:, 1:] >= scores[:, :-1]).any():  # ties, which FAISS leaves in any order
            order = np.lexsort((found, -scores), axis=1)
            found, scores = np.take_along_axis(found, order, 1), np.take_along_axis(scores, order, 1)
        return *drop_excluded(found, scores, exclude, k), scores[:, -1]

    @property
    def shape(self) -> IndexShape:
        """What `from_bytes` checks."""
        return IndexShape(kind=self.kind, dimension=self.dimension, n_items=len(self))

    def to_bytes(self) -> bytes:
        """Return the index as the content of a file."""
        import faiss

        data: bytes = faiss.serialize_index(self._index).tobytes()
        return data

    @classmethod
    def from_bytes(cls, data: bytes, shape: IndexShape) -> ItemIndex:
        """Return the index that `to_bytes` was called on. FAISS trusts the bytes: check their hash before.

        Raises
        ------
        IntegrityError
            If it is of another shape.
        """
        import faiss

        index = cls(shape.dimension, shape.kind)
        index._index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        if index._index.d != shape.dimension or len(index) != shape.n_items:
            raise IntegrityError(
                f"The index holds {len(index)} vectors of length {index._index.d}, its manifest says "
                f"{shape.n_items} of length {shape.dimension}.",
                remedy="Build and save it again.",
            )
        return index

    def _ids(self) -> NDArray[np.int64]:
        if self._held is None:
            import faiss

            self._held = np.asarray(faiss.vector_to_array(self._index.id_map), dtype=np.int64)
        return self._held

    def _set_ids(self, ids: NDArray[np.int64]) -> None:
        import faiss

        faiss.copy_array_to_vector(ids, self._index.id_map)
        self._index.construct_rev_map()
        self._held = None

    def _require(self, items: NDArray[np.integer]) -> None:
        unknown = ~np.isin(items, self.items)
        if unknown.any():
            raise DataError(
                f"{counted(int(unknown.sum()), 'item is', 'items are')} not in the index, such as "
                f"{int(items[unknown][0])}.",
                remedy="Add them first.",
            )


def _bitmap(mask: BoolArray) -> _FaissIndex:
    import faiss

    return faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))  # type: ignore[arg-type,call-arg]


def _scan(
    flat: _FaissIndex, queries: FloatArray, k: int, mask: BoolArray | None
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Search exactly, a batch of queries by matrix product and single ones by one pass over the vectors.

    With a mask, shape (n_vectors,), only where it is true, one pass for each query.

    Recent faiss takes the matrix product only for batches of hundreds, which is several times slower from
    about eight queries on (bench/retrieval.py). What it decides by is global and its unit has changed between
    releases, so it is set to an extreme per call; another thread's search would at worst be slower.
    """
    import faiss

    if mask is not None:
        selected = faiss.SearchParameters(sel=_bitmap(mask))  # type: ignore[call-arg]
        scores, slots = flat.search(queries, k, params=selected)
        return scores, slots
    if len(queries) < _BLAS_FROM:
        scores, slots = flat.search(queries, k)
        return scores, slots
    before = faiss.cvar.distance_compute_blas_threshold
    try:
        faiss.cvar.distance_compute_blas_threshold = 1
        scores, slots = flat.search(queries, k)
    finally:
        if before > 1:  # else another thread is between these lines too, and will restore it
            faiss.cvar.distance_compute_blas_threshold = before
    # Again as one pass computes them: a matrix product rounds by where a query and an item stand in it, and
    # equal items would not tie.
    distances = faiss.swig_ptr(scores), faiss.swig_ptr(slots)
    flat.compute_distance_subset(len(queries), faiss.swig_ptr(queries), k, *distances)
    return scores, slots
