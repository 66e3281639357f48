"""The protocol of candidate sources: what puts items forward for a history, and how it follows the catalogue.

A new source (a trained sequence encoder, say) is a class with these three members; give it to `Retriever`
with a weight and it is fused with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Catalog, FloatArray, History, IntArray

__all__ = ["CandidateSource", "CatalogChange"]


@dataclass(frozen=True, eq=False)
class CatalogChange:
    """From one catalogue to another, as positions.

    Attributes
    ----------
    catalog
        The new catalogue.
    new_of_old
        New position of each old one, int64, shape (n_old,); -1 where the item was removed.
    encoded
        New positions of items that were added or whose text changed, int64, shape (n_encoded,).
    vectors
        Text vectors of those, float32, shape (n_encoded, dimension).
    """

    catalog: Catalog
    new_of_old: NDArray[np.int64]
    encoded: NDArray[np.int64]
    vectors: FloatArray

    @property
    def kept(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Old and new positions of the items that stayed."""
        old = np.flatnonzero(self.new_of_old >= 0)
        return old, self.new_of_old[old]


@runtime_checkable
class CandidateSource(Protocol):
    """Something that names items for histories, best first."""

    @property
    def name(self) -> str:
        """Short name; the key of its weight and of the ranks it gives."""
        ...

    def candidates(
        self, histories: Sequence[History], k: int, exclude_seen: bool = True
    ) -> tuple[IntArray, FloatArray]:
        """Return up to k items per history.

        Returns
        -------
        tuple
            Catalogue positions, int32, shape (n, k), best first, without duplicates, -1 behind the end of a
            short list, and the source's own scores, float32, ``-inf`` there. A source that has nothing to
            say on a history (an empty one, for most) returns no items rather than a guess.
        """
        ...

    def follow(self, change: CatalogChange) -> None:
        """Take over a changed catalogue: moved positions, removed items, new ones."""
        ...
