"""What every baseline shares: normalised probabilities, ranked lists, a frozen config, a saved state.

A baseline gives one thing, unnormalised log-scores of all items for a batch of histories; the rest follows.
This module knows nothing of how scores are learned or chosen (see `selection` and `tuning`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import ClassVar, Generic, Self, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from nextinterest.domain import Catalog, FloatArray, History, Rankings
from nextinterest.errors import DataError
from nextinterest.eval.baselines.columns import HistoryColumns
from nextinterest.eval.baselines.matrices import Arrays
from nextinterest.retrieval.ranks import top_k

__all__ = ["Arrays", "Baseline", "BaselineConfig", "log_softmax"]

_CELLS_PER_CHUNK = 1 << 24  # scores held at once: 64 MB as float32


class BaselineConfig(BaseModel):
    """Root of the baselines' configs: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ConfigT = TypeVar("ConfigT", bound=BaselineConfig)


def log_softmax(scores: FloatArray) -> FloatArray:
    """Normalise log-scores along each row, in float64 sums; rows must hold one finite value at least."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True, dtype=np.float64)
    normalised: FloatArray = shifted - np.log(total).astype(np.float32)
    return normalised


class Baseline(ABC, Generic[ConfigT]):
    """A fitted baseline; both a `nextinterest.domain.Recommender` and an `ItemScorer`.

    Attributes
    ----------
    config
        The values it was fitted with.
    provenance
        How it came about (search space, values tried, chosen values, validation figures); JSON-able.
    """

    NAME: ClassVar[str]
    """Short name, used in tables and by `build`."""

    SPACE: ClassVar[Mapping[str, tuple[object, ...]]] = {}
    """Values of config fields that `build` tries on validation, in the order it tries the fields."""

    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset()
    """Config fields that matter at prediction time only, so that a change needs no new fit."""

    def __init__(self, catalog: Catalog, config: ConfigT) -> None:
        self._catalog = catalog
        self.config: ConfigT = config
        self.provenance: dict[str, object] = {"name": self.NAME, "chosen": config.model_dump(mode="json")}

    @property
    def name(self) -> str:
        """Short name, used in tables."""
        return self.NAME

    @property
    def catalog(self) -> Catalog:
        """The catalogue whose positions are returned."""
        return self._catalog

    @abstractmethod
    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return log-scores up to a constant per row, float32, shape (n, n_items)."""

    @abstractmethod
    def state(self) -> Arrays:
        """Return what was fitted, as plain arrays."""

    @classmethod
    @abstractmethod
    def restore(cls, catalog: Catalog, config: ConfigT, state: Arrays) -> Self:
        """Return a baseline from what `state` gave."""

    def with_config(self, config: ConfigT) -> Self:
        """Return the same fitted baseline under a config that differs in `QUERY_FIELDS` only."""
        other = copy(self)
        other.config = config
        other.provenance = {**self.provenance, "chosen": config.model_dump(mode="json")}
        return other

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        """Return log P(next item = i | history), float32, shape (n, n_items); rows are normalised.

        Seen items are not masked here; whoever masks them renormalises.
        """
        out = np.empty((len(histories), len(self.catalog)), dtype=np.float32)
        for where, columns in self._chunks(histories):
            out[where] = log_softmax(self.scores(columns))
        return out

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        """Rank the catalogue for each history.

        With `exclude_seen` the probabilities are those of the next item given that it is a new one.

        Raises
        ------
        DataError
            If `k` is below one.
        """
        if k < 1:
            raise DataError(f"A ranked list needs at least one position; got k={k}.")
        items = np.full((len(histories), k), -1, dtype=np.int32)
        probabilities = np.zeros((len(histories), k), dtype=np.float32)
        for where, columns in self._chunks(histories):
            scores = self.scores(columns)
            if exclude_seen:
                columns.mask_seen(scores)
                exhausted = np.isneginf(scores).all(axis=1)
                scores[exhausted, 0] = 0.0  # a user who has seen everything: keeps the softmax defined
                log_p = log_softmax(scores)
                log_p[exhausted] = -np.inf
            else:
                log_p = log_softmax(scores)
            best = top_k(log_p, k)
            items[where] = best
            taken = np.exp(np.take_along_axis(log_p, np.maximum(best, 0), axis=1))
            probabilities[where] = np.where(best >= 0, taken, 0.0)
        return Rankings(items, probabilities)

    def _chunks(self, histories: Sequence[History]) -> Iterator[tuple[slice, HistoryColumns]]:
        """Yield batches of histories small enough for a dense matrix of scores."""
        size = max(1, _CELLS_PER_CHUNK // max(1, len(self.catalog)))
        for start in range(0, len(histories), size):
            where = slice(start, min(start + size, len(histories)))
            yield where, HistoryColumns.of(histories[where], len(self.catalog))
