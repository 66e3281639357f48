"""EASE^R: a linear item-item model with a closed form (Steck, 2019, arXiv:1905.03375)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray, IntArray
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.columns import HistoryColumns
from nextinterest.retrieval.ease import ease_weights
from nextinterest.retrieval.pairs import choices

__all__ = ["EASE", "EASEConfig"]


class EASEConfig(BaselineConfig):
    """Options of `EASE`."""

    regularisation: float = Field(default=300.0, gt=0, description="L2 penalty (lambda in the paper).")
    half_life: float | None = Field(
        default=None,
        gt=0,
        description="Events after which one counts half; None: all count 1.",
    )
    max_items: int | None = Field(
        default=None,
        ge=1,
        description="Model only this many of the most popular items; the others get score 0. None: all.",
    )
    max_memory_gb: float = Field(
        default=6.0, gt=0, description="Refuse to fit where the matrices would need more than this."
    )
    temperature: float = Field(default=1.0, gt=0, description="Scores are divided by it before the softmax.")


class EASE(Baseline[EASEConfig]):
    """score(j | h) = sum over items i of h of w_i B_ij, B the ridge solution with a zero diagonal.

    See `nextinterest.retrieval.ease`. With ``half_life=None`` every w_i is 1, which is the published method.

    Raises
    ------
    BudgetError
        If the matrices of the items modelled would need more than `max_memory_gb`.
    """

    NAME: ClassVar[str] = "ease"
    SPACE: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "half_life": (None, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0),
        "regularisation": (30.0, 100.0, 300.0, 1000.0, 3000.0),
    }
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"half_life", "temperature"})

    def __init__(self, catalog: Catalog, config: EASEConfig, modelled: IntArray, weights: FloatArray) -> None:
        super().__init__(catalog, config)
        self._modelled, self._weights = modelled, weights

    @classmethod
    def fit(cls, train: EventLog, catalog: Catalog, config: EASEConfig | None = None) -> Self:
        """Solve for the weights of the most popular items."""
        config = config or EASEConfig()
        n_items = len(catalog)
        n_modelled = min(n_items, config.max_items or n_items)
        popular = np.argsort(-train.item_counts(n_items), kind="stable")[:n_modelled]
        modelled = np.sort(popular).astype(np.int32)
        weights = ease_weights(
            choices(train, n_items)[:, modelled],
            config.regularisation,
            max_memory_gb=config.max_memory_gb,
            remedy="Raise max_memory_gb, or set max_items to model the most popular items only.",
            command="Leave ease out of --methods.",
        )
        return cls(catalog, config, modelled, weights)

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return the linear model's scores over the temperature, float32, shape (n, n_items)."""
        n_items = len(self.catalog)
        profile = columns.weighted(n_items, self.config.half_life)
        if len(self._modelled) == n_items:
            dense = np.asarray(profile @ self._weights)
        else:
            dense = np.zeros((len(columns), n_items), dtype=np.float32)
            dense[:, self._modelled] = profile[:, self._modelled] @ self._weights
        dense /= np.float32(self.config.temperature)
        return dense

    def state(self) -> Arrays:
        """Return the positions of the items modelled and their weights."""
        return {"modelled": self._modelled, "weights": self._weights}

    @classmethod
    def restore(cls, catalog: Catalog, config: EASEConfig, state: Arrays) -> Self:
        """Return a baseline from what `state` gave."""
        return cls(catalog, config, state["modelled"].astype(np.int32), state["weights"].astype(np.float32))
