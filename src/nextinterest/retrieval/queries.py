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
        Nats by which an item's log-score rises with each unit of its text's cosine with `vector`; the ranks
        then count for nothing but being a candidate. 0 only puts items forward.
    nats
        The same of `items`: by how much the log-score of each of them rises, float32, shape (n,); None only
        puts them forward.
    """

    source: str
    vector: FloatArray | None = None
    items: IntArray | None = None
    weight: float = 1.0
    steer: float = 0.0
    nats: FloatArray | None = None

    def __post_init__(self) -> None:
        if (self.vector is None) == (self.items is None):
            raise DataError(f"The query {self.source!r} needs either a vector or items.")
        if self.weight < 0 or (self.steer and self.vector is None):
            raise DataError(
                f"The query {self.source!r} has weight {self.weight:g} and steer {self.steer:g}.",
                remedy="Give a weight of at least 0, and steer only with a vector.",
            )
        if self.nats is not None and (self.items is None or self.nats.shape != self.items.shape):
            raise DataError(f"The query {self.source!r} needs as many nats as it has items.")

    @property
    def moves(self) -> bool:
        """Whether it moves log-scores, rather than only putting items forward."""
        return bool(self.steer) or self.nats is not None

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
        found = np.zeros(len(items), dtype=np.float32)
        if self.items is not None and self.nats is not None and len(self.items):
            order = np.argsort(self.items)
            at = order[np.minimum(np.searchsorted(self.items, items, sorter=order), len(order) - 1)]
            found = np.where(self.items[at] == items, self.nats[at], found)
        return found

    def reach(self, beyond: float) -> float:
        """Return what no item rises above that the search did not name.

        Parameters
        ----------
        beyond
            The least cosine that was named; of `items`, whether more were given than named, 1 or 0.
        """
        if self.nats is not None:
            return beyond * max(0.0, float(self.nats.max(initial=0.0)))
        return self.steer * (beyond if self.steer > 0 else -1.0)  # no cosine is below -1
