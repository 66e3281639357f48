"""Candidates by co-occurrence: what stood near the history's items in the sequences of others.

For events of one user at ranks s < t with t - s <= window, a pair counts ``1 / (t - s)`` in both directions:

    C[a, b] = sum over such pairs of {a, b} of 1 / (t - s)
    S[a, b] = C[a, b] / (sqrt(n_a n_b) + shrinkage)          n: number of events of the item

which is the cosine of item-based neighbourhoods (`nextinterest.retrieval.pairs.shrunk_cosine`) within a
window, so that sequences count and not only sets. Each item keeps its `neighbours` largest entries. A
history's score of an item is the sum of S over its events, with the recency weights of
`nextinterest.retrieval.history_vector`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from nextinterest.data.log import EventLog
from nextinterest.domain import History
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.history_vector import event_weights
from nextinterest.retrieval.item_matrix import largest_entries, matrix_arrays, matrix_of, moved
from nextinterest.retrieval.pairs import pair_counts, shrunk_cosine
from nextinterest.retrieval.parts import LoadContext, Stored
from nextinterest.retrieval.reading import Reading, RowReading

__all__ = ["CoOccurrence", "fit_similarity"]


def fit_similarity(
    log: EventLog, n_items: int, window: int, neighbours: int, shrinkage: float = 0.0
) -> csr_array:
    """Return S of the module docstring, float32, shape (n_items, n_items), zero diagonal.

    Parameters
    ----------
    log
        Events to learn from.
    n_items
        Size of the catalogue.
    window
        Largest distance of two events that count as a pair.
    neighbours
        Entries kept per item.
    shrinkage
        Added to the denominator; large values distrust rare items.

    Examples
    --------
    >>> log = EventLog(("ann",), np.array([0, 3]), np.array([0, 1, 2], dtype=np.int32))
    >>> fit_similarity(log, 3, window=2, neighbours=2).toarray().tolist()
    [[0.0, 1.0, 0.5], [1.0, 0.0, 1.0], [0.5, 1.0, 0.0]]
    """
    pairs = pair_counts(log, n_items, window, lambda distance: 1.0 / distance)
    both = csr_array(pairs + pairs.T)
    both.setdiag(0.0)
    both.eliminate_zeros()
    events = log.item_counts(n_items)
    return largest_entries(shrunk_cosine(both, events, events, shrinkage), neighbours)


class CoOccurrence:
    """Items that stood near the history's items in other histories.

    Parameters
    ----------
    similarity
        From `fit_similarity`, shape (n_items, n_items).
    half_life, rating_gain
        See `nextinterest.retrieval.history_vector`.
    """

    name = "cooccurrence"
    kind: ClassVar[str] = "co-occurrence"

    def __init__(self, similarity: csr_array, half_life: float, rating_gain: float = 0.0) -> None:
        self.similarity, self.half_life, self.rating_gain = similarity, half_life, rating_gain

    def read(self, histories: Sequence[History]) -> Reading:
        """Return the summed similarities."""
        n_items = self.similarity.shape[0]
        weights = event_weights(histories, n_items, self.half_life, self.rating_gain)
        return RowReading.product(weights, self.similarity)

    def follow(self, change: CatalogChange) -> None:
        """Move rows and columns; new items co-occurred with nothing yet."""
        self.similarity = moved(self.similarity, change.new_of_old, len(change.catalog))

    def save(self) -> Stored:
        """Return the similarities and how histories are weighted."""
        settings = {"half_life": self.half_life, "rating_gain": self.rating_gain}
        return Stored(self.kind, self.name, settings, matrix_arrays(self.similarity, np.float32))

    @classmethod
    def load(cls, stored: Stored, context: LoadContext) -> CoOccurrence:
        """Return what `save` was called on."""
        matrix = matrix_of(stored.tensors, len(context.catalog))
        return cls(matrix, stored.number("half_life"), stored.number("rating_gain"))
