"""Further things to search for: what a request says, what a language model generates.

A `Query` names items for one history besides the recommender's own sources. Where it comes from is not known
here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextinterest.domain import FloatArray, IntArray
from nextinterest.errors import DataError

__all__ = ["NAMED", "REQUEST", "Query"]

REQUEST = "request"
"""Name of the source that is a request's words."""

NAMED = "named"
"""The same of a value of an attribute that the words name, before its text: ``"named: red"``."""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """One more thing to search for.

    Attributes
    ----------
    source
        Name of the source, such as ``"request"`` or ``"generated: film noir"``; the items it names carry it.
    vector
        A unit text vector, float32, shape (dimension,), whose nearest items are searched in the text index.
    items
        Or catalogue positions named outright, best first, int32, shape (n,), without duplicates.
    weight
        Weight among the sources where ranks are fused, not negative.
    steer
        Nats by which an item's log-score rises with each unit of its text's cosine with `vector`, or by which
        that of each of `items` rises; the ranks then count for nothing but being a candidate. 0 only puts
        items forward.
    """

    source: str
    vector: FloatArray | None = None
    items: IntArray | None = None
    weight: float = 1.0
    steer: float = 0.0

    def __post_init__(self) -> None:
        if (self.vector is None) == (self.items is None):
            raise DataError(f"The query {self.source!r} needs either a vector or items.")
        if self.weight < 0:
            raise DataError(
                f"The query {self.source!r} has the weight {self.weight:g}.",
                remedy="Give a weight of at least 0.",
            )

    def rise(self, items: IntArray, text: FloatArray) -> FloatArray:
        """Return by how many nats the log-scores of some items rise, float32, shape (n,).

        Parameters
        ----------
        items
            Catalogue positions, shape (n,).
        text
            The text vectors of all items.
        """
        if self.vector is not None:
            # No matrix product, which rounds equal vectors by where they stand: equal items are to tie.
            cosines = np.einsum("ij,j->i", text[items], self.vector)
            return np.asarray(self.steer * cosines, dtype=np.float32)
        own = np.empty(0, dtype=np.int32) if self.items is None else self.items
        return np.asarray(self.steer * np.isin(items, own), dtype=np.float32)
