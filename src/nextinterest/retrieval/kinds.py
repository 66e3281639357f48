"""The kinds of parts and sources that a recommender directory may hold."""

from __future__ import annotations

from collections.abc import Callable

from nextinterest.errors import IntegrityError
from nextinterest.retrieval.cooccurrence import CoOccurrence
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.parts import LoadContext, Part, Stored
from nextinterest.retrieval.pool import PopularityPart
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.sequence_source import SequenceSource
from nextinterest.retrieval.shared_attributes import SharedAttributes
from nextinterest.retrieval.sources import CandidateSource

__all__ = ["load_part", "load_source"]

_PARTS: dict[str, Callable[[Stored, LoadContext], Part]] = {
    of.kind: of.load for of in (SequenceSource, ProfileScorer, PopularityPart, ItemSoftmax, SharedAttributes)
}
_SOURCES: dict[str, Callable[[Stored, LoadContext], CandidateSource]] = {
    of.kind: of.load for of in (PopularItems, CoOccurrence, SequenceSource, SharedAttributes)
}


def load_part(stored: Stored, context: LoadContext) -> Part:
    """Return the part that was saved; a sequence encoder may stand among the sources as the same object.

    Raises
    ------
    IntegrityError
        If its kind is unknown, or it does not fit the catalogue or the models at hand.
    """
    if stored.kind not in _PARTS:
        raise _unknown(stored, "part", list(_PARTS))
    return _PARTS[stored.kind](stored, context)


def load_source(stored: Stored, context: LoadContext) -> CandidateSource:
    """Return the candidate source that was saved.

    Raises
    ------
    IntegrityError
        If its kind is unknown, or it does not fit the catalogue.
    """
    if stored.kind not in _SOURCES:
        raise _unknown(stored, "candidate source", list(_SOURCES))
    return _SOURCES[stored.kind](stored, context)


def _unknown(stored: Stored, what: str, known: list[str]) -> IntegrityError:
    return IntegrityError(
        f"The {what} {stored.name!r} is of the kind {stored.kind!r}; this version knows {', '.join(known)}.",
        remedy="Use the version of nextinterest that wrote it, or train and save it again.",
    )
