"""Lists under conditions: the engine's own ranking of what may be shown, or neighbours.

Conditions hold before anything is searched, ranked or shown to a language model, so the list is the one that
`RecommenderAgent.recommend` gives under them, or that of `RecommenderAgent.similar` for items like others.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from nextinterest.agent.alike import likeness_notes, ranked_alike
from nextinterest.agent.engine import Engine
from nextinterest.agent.metered import metered
from nextinterest.agent.notes import MATCHED, POPULAR, UNRANKED, UNREAD
from nextinterest.agent.ranked import RankedItems
from nextinterest.domain import BoolArray, History, Recommendations
from nextinterest.errors import ModelError
from nextinterest.llm.metering import failed, note_failure

__all__ = ["filtered", "neighbours"]

logger = logging.getLogger(__name__)


@metered
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
    ranked, unranked = _ranked(engine, history, allowed, k, request)
    popular = len(history) == 0 and ranked.match in {None, "none"}
    notes = [POPULAR] if popular else []
    if ranked.match is not None:
        notes.append(MATCHED[ranked.match])
    if ranked.unread:
        notes.append(UNREAD)
    if unranked:
        notes.append(UNRANKED)
    return _listed(engine, history, ranked, notes)


def _ranked(
    engine: Engine, history: History, allowed: BoolArray, k: int, request: str | None
) -> tuple[RankedItems, bool]:
    """Return what the engine ranks, and whether without its language model, for that has failed."""
    rank = partial(engine.rank, [history], k, False, allowed=allowed, request=request, dated=True)
    model = None if engine.reranker is None else engine.reranker.model
    if model is not None and failed(model):
        return rank(rerank=False)[0], len(history) > 0 or request is not None
    try:
        return rank()[0], False
    except ModelError as error:
        if model is None:
            raise
        logger.warning("%s could not rank: %s", model.name, error.message)
        note_failure(model)
        return rank(rerank=False)[0], True


@metered
def neighbours(
    engine: Engine, history: History, models: Sequence[int], allowed: BoolArray, k: int
) -> Recommendations:
    """Return the k allowed items most like some others, most alike first.

    Parameters
    ----------
    engine
        Has what says how alike items are.
    history
        The person's events, which give the evidence.
    models
        Catalogue positions of the items to resemble.
    allowed
        Which items may be shown, bool, shape (n_items,).
    k
        Length of the list, at most.
    """
    return _listed(engine, history, ranked_alike(engine, models, k, allowed), likeness_notes(engine, models))


def _listed(engine: Engine, history: History, ranked: RankedItems, notes: Sequence[str]) -> Recommendations:
    return Recommendations(
        user=history.user,
        items=engine.as_recommendations(ranked, history),
        events_used=len(history),
        match=ranked.match,
        notes=tuple(notes),
    )
