"""Lists under conditions: the engine's own ranking of what may be shown, or neighbours.

Conditions hold before anything is searched, ranked or shown to a language model, so the list is the one that
`RecommenderAgent.recommend` gives under them. For items like others the order is that of closeness, and the
score is named so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nextinterest.agent.engine import Engine
from nextinterest.agent.notes import MATCHED, UNREAD
from nextinterest.agent.ranked import RankedItems
from nextinterest.domain import BoolArray, FloatArray, History, Recommendations

__all__ = ["SIMILARITY", "filtered", "nearest_items", "neighbours"]

SIMILARITY = "similarity"
"""Name of the score by which items like others are ordered: the mean cosine of their text embeddings."""


def filtered(
    engine: Engine, history: History, allowed: BoolArray, k: int, request: str | None = None
) -> Recommendations:
    """Return the k best allowed items in the engine's order.

    Parameters
    ----------
    engine
        Ranks the catalogue.
    history
        The person's events.
    allowed
        Which items may be shown, bool, shape (n_items,).
    k
        Length of the list, at most.
    request
        What is asked for in free text; see `Engine.rank`.
    """
    ranked = engine.rank([history], k, False, allowed=allowed, request=request)[0]
    made = _listed(engine, history, ranked)
    return made.model_copy(update={"notes": (*made.notes, UNREAD)}) if ranked.unread else made


def neighbours(
    engine: Engine, history: History, models: Sequence[int], allowed: BoolArray, k: int
) -> Recommendations:
    """Return the k allowed items closest to some others, closest first.

    Parameters
    ----------
    engine
        Has the item vectors and the probability of each item.
    history
        The person's events.
    models
        Catalogue positions of the items to resemble.
    allowed
        Which items may be shown, bool, shape (n_items,).
    k
        Length of the list, at most.
    """
    closeness = _closeness(engine.retriever.item_vectors, models)
    ranked = engine.rank([history], len(engine.catalog), False, allowed=allowed)[0]
    nearest = ranked.at(np.argsort(-closeness[ranked.items], kind="stable")[:k])
    parts = nearest.parts | {SIMILARITY: closeness[nearest.items]}
    return _listed(engine, history, replace(nearest, parts=parts))


def nearest_items(vectors: FloatArray, item: int, n: int) -> frozenset[int]:
    """Return the n items closest to one, itself among them."""
    order = np.argsort(-(vectors @ vectors[item]), kind="stable")[:n]
    return frozenset(int(position) for position in order) | {item}


def _closeness(vectors: FloatArray, models: Sequence[int]) -> FloatArray:
    cosines = vectors @ vectors[np.asarray(models, dtype=np.int64)].T
    return np.asarray(np.clip(cosines.mean(axis=1), -1.0, 1.0), dtype=np.float32)


def _listed(engine: Engine, history: History, ranked: RankedItems) -> Recommendations:
    popular = len(history) == 0 and ranked.match in {None, "none"}
    notes = ["The history is empty: the order is that of popularity."] if popular else []
    if ranked.match is not None:
        notes.append(MATCHED[ranked.match])
    return Recommendations(
        user=history.user,
        items=engine.as_recommendations(ranked, history),
        events_used=len(history),
        match=ranked.match,
        notes=tuple(notes),
    )
