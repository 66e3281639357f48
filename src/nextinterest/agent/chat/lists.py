"""Lists under conditions: the engine's own ranking of what may be shown, or neighbours.

Conditions hold before anything is searched, ranked or shown to a language model, so the list is the one that
`RecommenderAgent.recommend` gives under them, or that of `RecommenderAgent.similar` for items like others.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from nextinterest.agent.alike import likeness_notes, ranked_alike, ranked_between
from nextinterest.agent.engine import Engine
from nextinterest.agent.metered import metered
from nextinterest.agent.notes import MATCHED, POPULAR, UNRANKED, UNREAD, fitting_notes
from nextinterest.agent.ranked import RankedItems
from nextinterest.domain import BoolArray, FloatArray, History, Recommendation, Recommendations
from nextinterest.errors import ModelError
from nextinterest.llm.metering import failed, note_failure

__all__ = ["filtered", "neighbours", "ordered", "spread"]

logger = logging.getLogger(__name__)


@metered
def filtered(
    engine: Engine,
    history: History,
    allowed: BoolArray,
    k: int,
    request: str | None = None,
    suggested: Sequence[str] | None = None,
    by: FloatArray | None = None,
) -> Recommendations:
    """Return the k best allowed items in the engine's order, or in another.

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
    request, suggested
        What is asked for in free text, and items that fit it; see `Engine.rank`.
    by
        Values of all items by which the allowed ones are ordered, largest first; with a request, the best
        `AgentConfig.n_candidates` for it.
    """
    n = k
    if by is not None:
        n = max(k, engine.config.n_candidates) if request is not None else len(engine.catalog)

    def rank(rerank: bool) -> RankedItems:
        ranked = engine.rank(
            [history],
            n,
            False,
            allowed=allowed,
            request=request,
            dated=True,
            rerank=rerank and (by is None or request is not None),
            suggested=suggested,
        )
        return ranked[0]

    ranked, unranked = _ranked(engine, rank, len(history) > 0 or request is not None)
    popular = by is None and len(history) == 0 and ranked.match in {None, "none"}
    ranked = ranked if by is None else ordered(ranked, by, k)
    notes = [POPULAR] if popular else []
    return _listed(engine, history, ranked, notes + _notes(ranked, unranked))


def _notes(ranked: RankedItems, unranked: bool) -> list[str]:
    notes = [] if ranked.match is None else [MATCHED[ranked.match]]
    notes += fitting_notes(ranked.fits, len(ranked.items))
    return [*notes, *([UNREAD] if ranked.unread else []), *([UNRANKED] if unranked else [])]


def _ranked(engine: Engine, rank: Callable[[bool], RankedItems], asks: bool) -> tuple[RankedItems, bool]:
    """Return what is ranked, and whether without the language model, for it has failed."""
    model = None if engine.reranker is None else engine.reranker.model
    if model is not None and failed(model):
        return rank(False), asks
    try:
        return rank(True), False
    except ModelError as error:
        if model is None:
            raise
        logger.warning("%s could not rank: %s", model.name, error.message)
        note_failure(model)
        return rank(False), True


@metered
def neighbours(
    engine: Engine,
    history: History,
    models: Sequence[int],
    allowed: BoolArray,
    k: int,
    request: str | None = None,
    by: FloatArray | None = None,
    suggested: Sequence[str] = (),
) -> Recommendations:
    """Return the k allowed items most like some others, most alike first; a request orders them anew.

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
    request
        What is asked for besides in free text; see `ranked_between`.
    by
        Values of all items by which the `AgentConfig.n_candidates` most alike are ordered, largest first.
    suggested
        Items that fit, in words; see `ranked_between`.
    """
    notes = likeness_notes(engine, models)
    n = k if by is None else max(k, engine.config.n_candidates)
    reads = engine.config.request_share > 0 and engine.reranker is not None
    if request is None and (by is not None or not reads):
        ranked = ranked_alike(engine, models, n, allowed)
        return _listed(engine, history, ranked if by is None else ordered(ranked, by, k), notes)

    def rank(rerank: bool) -> RankedItems:
        return ranked_between(engine, history, models, n, allowed, request, suggested, rerank=rerank)

    ranked, unranked = _ranked(engine, rank, True)
    ranked = ranked if by is None else ordered(ranked, by, k)
    return _listed(engine, history, ranked, [*notes, *_notes(ranked, unranked)])


def spread(made: Recommendations, k: int) -> Recommendations:
    """Return k items of a longer list that share few categories, the best of those that share least first."""
    if len(made.items) <= k:
        return made
    left, chosen, seen = list(made.items), list[Recommendation](), Counter[str]()
    while left and len(chosen) < k:
        best = min(left, key=lambda item: (sum(seen[name] for name in item.categories), item.rank))
        left.remove(best)
        chosen.append(best.model_copy(update={"rank": len(chosen) + 1}))
        seen.update(best.categories)
    return made.model_copy(update={"items": tuple(chosen)})


def ordered(ranked: RankedItems, by: FloatArray, k: int) -> RankedItems:
    """Return the first k of ranked items by their values; those of which none is known stay behind."""
    values = np.nan_to_num(by[ranked.items], nan=-np.inf)
    return ranked.at(np.argsort(-values, kind="stable")[:k])


def _listed(engine: Engine, history: History, ranked: RankedItems, notes: Sequence[str]) -> Recommendations:
    return Recommendations(
        user=history.user,
        items=engine.as_recommendations(ranked, history),
        events_used=len(history),
        match=ranked.match,
        notes=tuple(notes),
    )
