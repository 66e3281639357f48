"""Options of the retriever, with the values picked on MovieLens-100K's validation split."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RetrieverConfig"]


class RetrieverConfig(BaseModel):
    """Options of `nextinterest.retrieval.Retriever`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text_half_life: float = Field(default=5.0, gt=0)
    """Events after which an event counts half in the text vector of a history."""

    cooccurrence_half_life: float = Field(default=10.0, gt=0)
    """Events after which an event counts half in co-occurrence."""

    rating_gain: float = Field(default=0.0)
    """Change of an event's log-weight per rating point above the history's mean."""

    window: int = Field(default=20, ge=1)
    """Largest distance of two events that count as co-occurring."""

    neighbours: int = Field(default=200, ge=1)
    """Co-occurring items kept per item."""

    shrinkage: float = Field(default=10.0, ge=0)
    """Added to the denominator of the co-occurrence cosine; distrusts rare items."""

    popularity_half_life_days: float | None = Field(default=None, gt=0)
    """Age at which an event counts half for popularity; None counts all alike."""

    weights: dict[str, float] = Field(
        default_factory=lambda: {"text": 0.3, "popularity": 0.3, "cooccurrence": 1.0}
    )
    """Fusion weight of each source by name; a source not named here weighs 1."""

    rrf_constant: float = Field(default=60.0, gt=0)
    """The constant of reciprocal-rank fusion."""

    depth: int = Field(default=500, ge=1)
    """Items that each source names for a history. Rankings do not depend on how many are asked for."""

    temperature: float = Field(default=0.003, gt=0)
    """Divides fused scores before the softmax; fitted by log-loss."""

    index: str = Field(default="auto", pattern="^(auto|exact|hnsw)$")
    """Kind of vector index; see `nextinterest.retrieval.index`."""
