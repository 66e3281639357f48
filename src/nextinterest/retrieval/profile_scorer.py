"""Linear scorers: a history's recency-weighted profile times a fitted item-item matrix.

    s(x, i) = sum over events j of 2 ** (-(T - j) / half_life) * M[x_j, i]

With M from ridge regression this is EASE^R (Steck, 2019) read with a memory that fades; with M the log-lift
of one item being chosen soon after another it is a smoothed Markov chain. A matrix keeps the largest entries
of each row. How matrices are fitted is not known here (see `nextinterest.retrieval.ease` and `lift`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from nextinterest.domain import History
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.history_vector import event_weights
from nextinterest.retrieval.item_matrix import matrix_arrays, matrix_of, moved
from nextinterest.retrieval.parts import BasePart, LoadContext, Stored
from nextinterest.retrieval.reading import Reading, RowReading

__all__ = ["ProfileScorer"]


@dataclass(slots=True)
class ProfileScorer(BasePart):
    """One fitted matrix and the memory it is read with.

    Attributes
    ----------
    name
        Name of the part in a blend.
    matrix
        M of the module docstring, float32, shape (n_items, n_items).
    half_life
        Events after which an event counts half.
    """

    kind: ClassVar[str] = "item matrix"

    name: str
    matrix: csr_array
    half_life: float

    def read(self, histories: Sequence[History]) -> Reading:
        """Return s of the module docstring."""
        return RowReading.product(event_weights(histories, self.matrix.shape[0], self.half_life), self.matrix)

    def follow(self, change: CatalogChange) -> None:
        """Move rows and columns to a changed catalogue; new items have none yet."""
        self.matrix = moved(self.matrix, change.new_of_old, len(change.catalog))

    def save(self) -> Stored:
        """Return matrix, in half precision, and half-life."""
        return Stored(
            self.kind, self.name, {"half_life": self.half_life}, matrix_arrays(self.matrix, np.float16)
        )

    @classmethod
    def load(cls, stored: Stored, context: LoadContext) -> ProfileScorer:
        """Return what `save` was called on."""
        matrix = matrix_of(stored.tensors, len(context.catalog))
        return cls(stored.name, matrix, stored.number("half_life"))
