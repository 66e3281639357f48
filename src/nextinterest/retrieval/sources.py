"""The protocol of candidate sources: what puts items forward for a history, and how it follows the catalogue.

A new source (a trained sequence encoder, say) is a class with these three members; give it to `Retriever`
with a weight and it is fused with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from nextinterest.domain import FloatArray, History, IntArray
from nextinterest.retrieval.catalog_change import CatalogChange

__all__ = ["CandidateSource"]


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
