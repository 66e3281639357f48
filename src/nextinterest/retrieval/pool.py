"""A log-linear pool: scores of several parts, weighted and added, as one distribution over the catalogue.

    P(next = i | x) = exp(sum over parts p of w_p s_p(x, i)) / sum over items j of the same

The weights are fitted by log-loss on validation events (`nextinterest.finetune.log_linear`), which also
sets the temperature: the pool's probabilities are calibrated as far as its parts allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nextinterest.domain import FloatArray, History, IntArray
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.parts import BasePart, LoadContext, Part, Stored
from nextinterest.retrieval.reading import Reading, SharedReading
from nextinterest.retrieval.sources import read_by

__all__ = ["PoolReading", "PopularityPart", "ScorePool"]


class PopularityPart(BasePart):
    """The log of each item's share of all events, the same for every history.

    Parameters
    ----------
    counts
        Events of each item, shape (n_items,); half an event is added.
    """

    name = "popularity"
    kind: ClassVar[str] = "log popularity"

    def __init__(self, counts: FloatArray) -> None:
        self.counts = np.asarray(counts, dtype=np.float32)
        self._share = np.log((self.counts + 0.5) / (self.counts + 0.5).sum()).astype(np.float32)
        self._order = np.argsort(-self._share, kind="stable").astype(np.int32)

    def read(self, histories: Sequence[History]) -> Reading:
        """Return the log-shares."""
        return SharedReading(self._share, self._order, len(histories))

    def follow(self, change: CatalogChange) -> None:
        """Move the counts; new items have none."""
        counts = np.zeros(len(change.catalog), dtype=np.float32)
        old, new = change.kept
        counts[new] = self.counts[old]
        self.__init__(counts)  # type: ignore[misc]

    def save(self) -> Stored:
        """Return the counts."""
        return Stored(self.kind, self.name, {}, {"counts": self.counts})

    @classmethod
    def load(cls, stored: Stored, context: LoadContext) -> PopularityPart:
        """Return what `save` was called on."""
        return cls(stored.tensors["counts"].astype(np.float32))


class ScorePool:
    """Parts and their weights.

    Parameters
    ----------
    parts
        The parts, all over one catalogue.
    weights
        Weight of each part by name; a part without one, or of weight 0, is not computed.
    weights_without_language
        Weights fitted without the part that runs a language model, where there is one.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        weights: dict[str, float],
        weights_without_language: dict[str, float] | None = None,
    ) -> None:
        self.parts, self.weights = tuple(parts), dict(weights)
        self.weights_without_language = weights_without_language

    def weighs(self, name: str) -> bool:
        """Return whether a part takes part, with the language model or without."""
        return any(w and w.get(name, 0.0) for w in (self.weights, self.weights_without_language))

    def without_language(self) -> ScorePool:
        """Return the pool as it was fitted without a language model, which takes milliseconds."""
        if self.weights_without_language is None:
            return self
        return ScorePool(self.parts, self.weights_without_language)

    def read(self, histories: Sequence[History]) -> PoolReading:
        """Read some histories by every part that takes part."""
        weights = {part.name: weight for part in self.parts if (weight := self.weights.get(part.name, 0.0))}
        # Nothing was worth a weight: all items alike.
        weights = weights or {self.parts[0].name: 0.0}
        parts = [part for part in self.parts if part.name in weights]
        return PoolReading(read_by(parts, histories), weights)


@dataclass(frozen=True, slots=True, eq=False)
class PoolReading:
    """What the parts of a pool have read of some histories.

    Attributes
    ----------
    parts
        The reading of each part that takes part, by name.
    weights
        Its weight.
    """

    parts: dict[str, Reading]
    weights: dict[str, float]

    def of(self, items: IntArray) -> FloatArray:
        """Return the weighted sums of some items of each history, float32, both of shape (n, m)."""
        return _sum(np.float32(self.weights[name]) * part.of(items) for name, part in self.parts.items())

    def all(self) -> FloatArray:
        """Return the weighted sums, float32, shape (n, n_items); not normalised, seen items not masked."""
        return _sum(np.float32(self.weights[name]) * part.all() for name, part in self.parts.items())


def _sum(arrays: Iterator[FloatArray]) -> FloatArray:
    total = next(arrays)
    for array in arrays:
        total += array
    return np.asarray(total, dtype=np.float32)
