"""Options of the retriever.

The defaults were picked on the validation events of MovieLens-100K (leave-one-out) by

    python bench/retrieval_tuning.py

NDCG@10 there: text 0.029, popularity 0.035, co-occurrence 0.131, fused 0.132; log-loss 5.61. Near the
optimum the surface is flat (one standard error is about 0.008): only the half-life of co-occurrence, a small
weight of popularity and the shape of the probabilities matter much. On data with few events per item text
deserves more weight.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["LIKENESS", "RetrieverConfig"]

LIKENESS = {
    "text": 0.3,
    "cooccurrence": 0.15,
    "common_users": 0.3,
    "lift": 0.15,
    "attributes": 0.3,
    "sequence": 0.3,
}
"""Default weights of likeness: equal ones, of which the two that count neighbours in sequences share one; the
size is that of log-loss. Chosen on validation events of three data sets (`bench/similar.py`), that of
attributes on dialogues of OpenDialKG: of items recommended behind one that was named, .20 are among the ten
most like it without, .41 with .15, .3 and .6."""


class RetrieverConfig(BaseModel):
    """Options of `nextinterest.retrieval.Retriever`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text_half_life: float = Field(default=0.5, gt=0)
    """Events after which an event counts half in the text vector of a history."""

    cooccurrence_half_life: float = Field(default=3.0, gt=0)
    """Events after which an event counts half in co-occurrence."""

    attributes_half_life: float = Field(default=3.0, gt=0)
    """Events after which an event counts half in shared attributes."""

    rating_gain: float = Field(default=0.0)
    """Change of an event's log-weight per rating point above the history's mean."""

    window: int = Field(default=50, ge=1)
    """Largest distance of two events that count as co-occurring."""

    neighbours: int = Field(default=200, ge=1)
    """Co-occurring items kept per item."""

    shrinkage: float = Field(default=3.0, ge=0)
    """Added to the denominator of the co-occurrence cosine; distrusts rare items."""

    common_users_shrinkage: float = Field(default=50.0, ge=0)
    """Added to the denominator of the cosine of common users, which only likeness reads."""

    popularity_half_life_days: float | None = Field(default=None, gt=0)
    """Age at which an event counts half for popularity; None counts all alike."""

    weights: dict[str, float] = Field(
        default_factory=lambda: {"text": 0.1, "popularity": 0.1, "cooccurrence": 1.0}
    )
    """Fusion weight of each source by name; a source not named here weighs 1."""

    open_kinds: tuple[str, ...] = ()
    """Kinds of events after which an item is still to be had: what a shop's customer only viewed may be
    recommended. `Retriever.build` takes views, clicks, carts, saves and shares, where the log has purchases
    or loans beside them."""

    likeness: dict[str, float] = Field(default_factory=lambda: dict(LIKENESS))
    """Weights of what says how alike items are (`nextinterest.retrieval.likeness`); `nextinterest finetune`
    fits its own."""

    rrf_constant: float = Field(default=5.0, gt=0)
    """The constant of reciprocal-rank fusion; the paper's 60 flattens the first ranks more than suits one
    strong source beside two weak ones."""

    depth: int = Field(default=500, ge=1)
    """Items that each source names for a history. Rankings do not depend on how many are asked for."""

    n_candidates: int = Field(default=500, ge=1)
    """Items that a trained ranking scores for a history, and a longer list as many as it has."""

    floor: float = Field(default=0.0003, gt=0)
    """Fused score that stands for an item no source named; fitted by log-loss."""

    temperature: float = Field(default=0.8, gt=0)
    """Divides log-scores before the softmax; fitted by log-loss."""

    index: str = Field(default="auto", pattern="^(auto|exact|hnsw)$")
    """Kind of vector index; see `nextinterest.retrieval.index`."""
