"""What a scoring part and a candidate source have to offer, and how either is written to a directory.

A *source* names its best items for a history (`nextinterest.retrieval.sources`); a *part* is a source whose
scores are weighted in a pool (`nextinterest.retrieval.pool`). Saving, loading and serving go through these
members alone: a new kind of part is one class and one entry in `nextinterest.retrieval.kinds`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, JsonValue

from nextinterest.artifact_files import Artifact
from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.errors import IntegrityError
from nextinterest.llm.devices import DtypeName
from nextinterest.retrieval.reading import Reading
from nextinterest.retrieval.sources import CandidateSource

__all__ = ["BasePart", "HistoryScorer", "LoadContext", "Part", "Storable", "Stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """One part or source as it is written.

    Attributes
    ----------
    kind
        Key of its class in `nextinterest.retrieval.kinds`.
    name
        Name of this one, unique among the parts and among the sources of a recommender.
    settings
        What belongs into the manifest.
    tensors
        Arrays by name, in the precision of the file.
    files
        Files besides, by name; no other part may use it.
    """

    kind: str
    name: str
    settings: Mapping[str, JsonValue]
    tensors: Mapping[str, NDArray[np.generic]]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def number(self, key: str) -> float:
        """Return a setting that is a number.

        Raises
        ------
        IntegrityError
            If it is missing or something else.
        """
        value = self.settings.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise IntegrityError(
                f"The manifest gives {self.name!r} no number {key!r}.", remedy="Train and save it again."
            )
        return float(value)


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What reading a `Stored` needs besides it.

    Attributes
    ----------
    saved
        The directory.
    catalog
        The items.
    text
        Their unit text vectors, float32, shape (n_items, dimension).
    device, dtype
        Of language models; see `nextinterest.llm.LocalModel.load`.
    moved
        Where a language model may lie now: tried before the name that was saved, and taken where its
        fingerprint is right.
    """

    saved: Artifact[BaseModel]
    catalog: Catalog
    text: FloatArray
    device: str = "auto"
    dtype: DtypeName = "auto"
    moved: str | None = None


@runtime_checkable
class Storable(Protocol):
    """A part or source with a file form. Its class also has ``load(stored, context)``."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """Name of this one."""
        ...

    def save(self) -> Stored:
        """Return what is written of it.

        Raises
        ------
        ModelError
            If it holds what no directory can name.
        """
        ...


class HistoryScorer(Protocol):
    """Scores of all items for some histories."""

    def scores(self, histories: Sequence[History]) -> FloatArray:
        """Return scores, float32, shape (n, n_items); larger is better, any scale."""
        ...


class Part(Storable, HistoryScorer, CandidateSource, Protocol):
    """One scorer of a pool. `BasePart` has the members of a part that keeps nothing of users."""

    tokens_read: int
    """Prompt tokens that its language model has read so far."""

    def continued(self, length: int, n_paths: int) -> HistoryScorer:
        """Return a scorer of `n_paths` continuations of one history of `length` events."""
        ...

    def remember(self, max_bytes: int) -> None:
        """Keep what is costly to read of named users' histories, at most so many bytes; 0 keeps nothing."""
        ...

    def forget(self, user: str) -> None:
        """Drop what is kept of a user."""
        ...

    def remembered(self) -> frozenset[str]:
        """Return the users of whom something is kept now."""
        ...


class BasePart(ABC):
    """A part without a language model: it reads no text and keeps nothing of users."""

    __slots__ = ()

    tokens_read = 0

    @abstractmethod
    def read(self, histories: Sequence[History]) -> Reading:
        """Read some histories; what is returned names items and scores any."""

    def scores(self, histories: Sequence[History]) -> FloatArray:
        """Return scores of all items, float32, shape (n, n_items)."""
        return self.read(histories).all()

    def continued(self, length: int, n_paths: int) -> HistoryScorer:
        """Return this part: it scores longer histories as they are."""
        return self

    def remember(self, max_bytes: int) -> None:  # noqa: B027 - a default, not a gap
        """Keep nothing."""

    def forget(self, user: str) -> None:  # noqa: B027
        """Drop nothing."""

    def remembered(self) -> frozenset[str]:
        """Return nobody."""
        return frozenset()
