"""Items like others: the retriever's likeness under constraints, as recommendations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.agent.engine import Engine
from nextinterest.agent.histories import ReadHistory
from nextinterest.agent.notes import left_notes
from nextinterest.agent.ranked import RankedItems
from nextinterest.agent.where_notes import where_notes
from nextinterest.domain import BoolArray, FloatArray, Recommendations, Where
from nextinterest.retrieval.lists import rounded_down

__all__ = ["SIMILARITY", "alike", "likeness_notes", "nearest_items", "ranked_alike"]

SIMILARITY = "similarity"
"""Name of the score by which items like others are ordered; the other scores are its summands."""


def ranked_alike(engine: Engine, models: Sequence[int], k: int, allowed: BoolArray) -> RankedItems:
    """Return the k allowed items most like some others, most alike first.

    Parameters
    ----------
    engine
        Has the retriever.
    models
        Catalogue positions of the items to resemble, at least one; none of them is returned.
    k
        Length of the list, at most.
    allowed
        Which items may be returned, bool, shape (n_items,).
    """
    items = np.asarray(models, dtype=np.int32)
    found = engine.retriever.alike(items, k, allowed=allowed)
    shares = engine.retriever.likeness.shares(items, found.items)
    total: FloatArray = np.sum(list(shares.values()), axis=0, dtype=np.float32)
    parts = {SIMILARITY: total, **shares}
    return RankedItems(found.items, rounded_down(np.exp(found.log_probabilities)), parts, found.ranks)


def nearest_items(engine: Engine, item: int, n: int) -> frozenset[int]:
    """Return the n items most like one, and itself."""
    found = engine.retriever.alike(np.array([item], dtype=np.int32), n)
    return frozenset(found.items.tolist()) | {item}


def likeness_notes(engine: Engine, models: Sequence[int]) -> tuple[str, ...]:
    """Return a note where no event says what the items are like."""
    if engine.retriever.likeness.by_events(np.asarray(models, dtype=np.int32)):
        return ()
    named = ", ".join(repr(engine.catalog.titles[item]) for item in models[:3])
    more = f" and {len(models) - 3} more" if len(models) > 3 else ""
    return (f"Nobody's events say what is like {named}{more}: these are the items whose texts are closest.",)


def alike(
    engine: Engine, models: ReadHistory, k: int, read: ReadHistory, *, exclude_seen: bool, where: Where | None
) -> Recommendations:
    """Return the k items most like some others that meet constraints and are not unwanted.

    Parameters
    ----------
    engine
        Has the retriever.
    models
        The items to resemble, at least one.
    k
        Length of the list, at most.
    read
        The events of whom it is for, which give evidence and are left out with `exclude_seen`; may be empty.
    exclude_seen
        Leave out items of these events.
    where
        Constraints; None for none.
    """
    items, history = np.unique(models.history.items).tolist(), read.history
    allowed = engine.conditions.mask(where or Where())
    allowed[sorted(read.unwanted)] = False
    if exclude_seen:
        allowed[history.items] = False
    ranked = ranked_alike(engine, items, k, allowed)
    return Recommendations(
        user=history.user,
        items=engine.as_recommendations(ranked, history),
        events_used=len(history),
        skipped=(*models.skipped, *read.skipped),
        notes=(
            *where_notes(where or Where(), engine.conditions),
            *models.notes,
            *read.notes,
            *likeness_notes(engine, items),
            *left_notes(len(ranked.items), k, constrained=where is not None and not where.empty),
        ),
    )
