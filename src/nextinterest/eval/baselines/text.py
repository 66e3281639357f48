"""Text: items whose text embedding is close to those of the newest events, and nothing learned from users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from nextinterest.counting import counted
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import DataError
from nextinterest.eval.baselines.base import Arrays, Baseline, BaselineConfig
from nextinterest.eval.baselines.columns import HistoryColumns

__all__ = ["TextConfig", "TextSimilarity"]


class TextConfig(BaselineConfig):
    """Options of `TextSimilarity`."""

    half_life: float | None = Field(
        default=5.0,
        gt=0,
        description="Events after which one counts half; None: all count 1.",
    )
    remove_components: int = Field(
        default=0,
        ge=0,
        description="Principal directions taken out of the centred vectors, which carry what all texts share "
        "(Mu and Viswanath, 'All-but-the-Top', 2018).",
    )
    centre: bool = Field(default=True, description="Subtract the mean vector of the catalogue first.")
    temperature: float = Field(default=0.1, gt=0, description="Cosines are divided by it before the softmax.")


class TextSimilarity(Baseline[TextConfig]):
    """score(j | h) = cosine of v_j and sum_i w_i v_i over the events of the history, v = text embeddings.

    The vectors are given, not computed here. An empty history scores every item alike.

    Raises
    ------
    DataError
        If there is not one finite vector per item.
    """

    NAME: ClassVar[str] = "text"
    SPACE: ClassVar[Mapping[str, tuple[object, ...]]] = {
        "half_life": (None, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0),
        "centre": (True, False),
        "remove_components": (0, 1, 3, 10),
    }
    QUERY_FIELDS: ClassVar[frozenset[str]] = frozenset({"half_life", "temperature"})

    def __init__(self, catalog: Catalog, config: TextConfig, vectors: FloatArray) -> None:
        super().__init__(catalog, config)
        self._vectors = vectors

    @classmethod
    def fit(
        cls, train: EventLog, catalog: Catalog, config: TextConfig | None = None, *, item_vectors: FloatArray
    ) -> Self:
        """Centre and normalise the vectors (float, shape (n_items, d)); `train` is not learned from."""
        config = config or TextConfig()
        if item_vectors.ndim != 2 or len(item_vectors) != len(catalog) or not np.isfinite(item_vectors).all():
            raise DataError(
                f"The text baseline needs one finite vector for each of {counted(len(catalog), 'item')}; "
                f"got an array "
                f"of shape {item_vectors.shape}.",
                remedy="Embed the items of this very catalogue, in its order.",
            )
        vectors = item_vectors.astype(np.float32)
        if config.centre or config.remove_components:
            vectors = vectors - vectors.mean(axis=0)
        if config.remove_components:
            _, _, directions = np.linalg.svd(vectors, full_matrices=False)
            shared = directions[: config.remove_components]
            vectors = vectors - vectors @ shared.T @ shared
        return cls(catalog, config, _unit(vectors))

    def scores(self, columns: HistoryColumns) -> FloatArray:
        """Return cosines over the temperature, float32, shape (n, n_items)."""
        profile = columns.weighted(len(self.catalog), self.config.half_life) @ self._vectors
        cosines: FloatArray = _unit(profile) @ self._vectors.T
        cosines /= np.float32(self.config.temperature)
        return cosines

    def state(self) -> Arrays:
        """Return the prepared vectors."""
        return {"vectors": self._vectors}

    @classmethod
    def restore(cls, catalog: Catalog, config: TextConfig, state: Arrays) -> Self:
        """Return a baseline from its vectors."""
        return cls(catalog, config, state["vectors"].astype(np.float32))


def _unit(vectors: FloatArray) -> FloatArray:
    """Scale rows to length one; rows of zeros stay zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: FloatArray = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return units
