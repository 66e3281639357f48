"""The protocol of candidate sources: what puts items forward for a history, and how it follows the catalogue.

A new source (a trained sequence encoder, say) is a class with these three members; give it to `Retriever`
with a weight and it is fused with the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from nextinterest.domain import History
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.reading import Reading
from nextinterest.tracing import step

__all__ = ["CandidateSource", "read_by"]


@runtime_checkable
class CandidateSource(Protocol):
    """Something that names items for histories, best first."""

    @property
    def name(self) -> str:
        """Short name; the key of its weight and of the ranks it gives."""
        ...

    def read(self, histories: Sequence[History]) -> Reading:
        """Read some histories; what is returned names items, best first."""
        ...

    def follow(self, change: CatalogChange) -> None:
        """Take over a changed catalogue: moved positions, removed items, new ones."""
        ...


def read_by(sources: Iterable[CandidateSource], histories: Sequence[History]) -> dict[str, Reading]:
    """Return what each source reads of some histories, by its name."""
    readings = {}
    for source in sources:
        with step("embed", source=source.name, histories=len(histories)):
            readings[source.name] = source.read(histories)
    return readings
