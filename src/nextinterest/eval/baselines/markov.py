"""Markov: what followed the last items of the history in other histories, backed off to popularity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.columns import HistoryColumns
from nextinterest.eval.baselines.matrices import SparseMatrix, from_triplets, pack, unpack
from nextinterest.retrieval.pairs import pair_counts

__all__ = ["Markov", "MarkovConfig"]


class MarkovConfig(BaselineConfig):
    """Options of `Markov`."""

    window: int = Field(
        default=10, ge=1, description="How many of the events after an item count as followers of it."
    )
    backoff: float = Field(
        default=10.0,
        gt=0,
        description="Followers given to popularity: an item followed n times weighs n / (n + backoff).",
    )
    order: int = Field(default=1, ge=1, description="How many of the newest events of a history are asked.")
    decay: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="Weight of an event relative to the one after it, where order > 1.",
    )
    popularity_smoothing: float = Field(
        default=1.0, gt=0, description="Events added to every item's count in the popularity backed off to."
    )


class Markov(Baseline[MarkovConfig]):
    """P(j | h) = sum_m w_m [n(i_m, j) + b P(j)] / [n(i_m) + b], over the newest events i_m of the history.

    n(i, j) counts how often j came within `window` events after i, an event at distance d counting 1/d;
    n(i) is the sum over j, b the back-off, P popularity and w the weights ``decay ** m``, normalised.
    With ``order=1`` this is a first-order Markov chain with Dirichlet smoothing. An empty history gets P.
    """

    NAME: ClassVar[str] = "markov"
    SPACE: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "window": (1, 3, 10, 30),
        "order": (1, 3, 5, 10, 20),
        "decay": (0.5, 0.7, 0.85, 0.95),
        "backoff": (1.0, 3.0, 10.0, 30.0, 100.0),
    }
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"backoff", "order", "decay", "popularity_smoothing"})

    def __init__(
        self, catalog: Catalog, config: MarkovConfig, followers: SparseMatrix, counts: FloatArray
    ) -> None:
        super().__init__(catalog, config)
        self._followers = followers
        self._totals = np.asarray(followers.sum(axis=1)).ravel().astype(np.float32)
        self._counts = counts

    @classmethod
    def fit(cls, train: EventLog, catalog: Catalog, config: MarkovConfig | None = None) -> Self:
        """Count followers within the window."""
        config = config or MarkovConfig()
        n_items = len(catalog)
        counts = pair_counts(train, n_items, config.window, lambda distance: 1.0 / distance)
        followers: SparseMatrix = counts.astype(np.float32)
        return cls(catalog, config, followers, train.item_counts(n_items).astype(np.float32))

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return log of the mixed transition probabilities, float32, shape (n, n_items)."""
        config, recent = self.config, columns.newest(self.config.order)
        weight = np.power(config.decay, recent.age)
        total = np.bincount(recent.rows, weights=weight, minlength=len(recent))
        weight = weight / total[recent.rows]
        denominator = self._totals[recent.items] + config.backoff
        shape = (len(recent), len(self.catalog))
        context = from_triplets(weight / denominator, recent.rows, recent.items, shape)
        to_popularity = np.bincount(
            recent.rows, weights=weight * config.backoff / denominator, minlength=len(recent)
        )
        to_popularity[recent.lengths == 0] = 1.0
        popularity = self._counts + np.float32(config.popularity_smoothing)
        popularity = popularity / popularity.sum()
        mixed = (context @ self._followers).toarray()
        mixed += to_popularity[:, None].astype(np.float32) * popularity[None, :]
        logs: FloatArray = np.log(mixed)
        return logs

    def state(self) -> Arrays:
        """Return the follower counts as a sparse matrix, and the item counts."""
        return {**pack(self._followers), "counts": self._counts}

    @classmethod
    def restore(cls, catalog: Catalog, config: MarkovConfig, state: Arrays) -> Self:
        """Return a baseline from what `state` gave."""
        shape = (len(catalog), len(catalog))
        return cls(catalog, config, unpack(state, shape), state["counts"].astype(np.float32))
