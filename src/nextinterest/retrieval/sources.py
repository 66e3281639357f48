"""The protocol of candidate sources: what puts items forward for a history, and how it follows the catalogue.

A new source is a class with these three members; `Retriever.with_sources` (`RecommenderAgent.with_sources`)
fuses it with the others. One that is saved with the recommender has the members of
`nextinterest.retrieval.parts.Storable`, too, and stands in `nextinterest.retrieval.kinds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from nextinterest.domain import History
from nextinterest.errors import DataError
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.reading import Reading
from nextinterest.tracing import step

__all__ = ["CandidateSource", "check_sources", "read_by"]


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


def check_sources(
    sources: Sequence[CandidateSource], weights: Mapping[str, float], taken: Sequence[str]
) -> None:
    """Refuse what no retriever can ask.

    Parameters
    ----------
    sources
        What is to be added.
    weights
        Their fusion weights by name.
    taken
        Names of the sources that are there.

    Raises
    ------
    DataError
        As of `Retriever.with_sources`.
    """
    names = list(taken)
    for source in sources:
        if isinstance(source, type) or not isinstance(source, CandidateSource):
            what = source.__name__ if isinstance(source, type) else type(source).__name__
            raise DataError(
                f"{what} is no candidate source.",
                remedy="Give an object with the members name, read and follow (see "
                "nextinterest.retrieval.CandidateSource).",
            )
        if source.name in names:
            raise DataError(
                f"There is a candidate source {source.name!r} already.", remedy="Give it a name of its own."
            )
        names.append(source.name)
    for name, weight in weights.items():
        if name not in names[len(taken) :] or not weight >= 0:
            raise DataError(
                f"The weight {weight} of {name!r} is below 0, or there is no such source among those given.",
                remedy="Give weights of at least 0 by the sources' names: "
                f"{', '.join(names[len(taken) :]) or 'there are none'}.",
            )


def read_by(sources: Iterable[CandidateSource], histories: Sequence[History]) -> dict[str, Reading]:
    """Return what each source reads of some histories, by its name."""
    readings = {}
    for source in sources:
        with step("embed", source=source.name, histories=len(histories)):
            readings[source.name] = source.read(histories)
    return readings
