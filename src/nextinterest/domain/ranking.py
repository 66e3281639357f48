"""Ranked lists, and the protocols of whatever makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nextinterest.domain.arrays import FloatArray, IntArray
from nextinterest.domain.catalog import Catalog
from nextinterest.domain.history import History
from nextinterest.errors import DataError

__all__ = ["ItemScorer", "Rankings", "Recommender"]


@dataclass(frozen=True, slots=True, eq=False)
class Rankings:
    """Ranked lists for n histories, best first.

    Attributes
    ----------
    items
        Catalogue positions, int32, shape (n, k); -1 behind the end of a list shorter than k.
    probabilities
        Probability that the item is the next one, float32, shape (n, k), non-increasing along a row,
        each row summing to at most 1; 0 where `items` is -1.
    """

    items: IntArray
    probabilities: FloatArray

    def __post_init__(self) -> None:
        if self.items.shape != self.probabilities.shape or self.items.ndim != 2:
            raise DataError(
                f"Rankings need two arrays of one shape (n, k); got {self.items.shape} and "
                f"{self.probabilities.shape}."
            )

    def __len__(self) -> int:
        return len(self.items)


@runtime_checkable
class Recommender(Protocol):
    """Anything that ranks the catalogue for a history: a baseline, a retriever, the whole agent.

    ``recommend`` takes any history, of a known or never-seen user, an empty one too, and returns items of
    the catalogue only, without duplicates, each with a probability. With ``exclude_seen`` no item of the
    history is returned.
    """

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        ...

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose positions are returned."""
        ...

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history."""
        ...


@runtime_checkable
class ItemScorer(Recommender, Protocol):
    """A recommender that can also say how probable *every* item is, which a full-rank evaluation uses."""

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        """Return log P(next item = i | history), float32, shape (n, n_items); rows are normalised.

        Seen items are not masked here; whoever masks them renormalises.
        """
        ...
