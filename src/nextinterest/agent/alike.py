"""Items like others: the retriever's likeness under constraints, as recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nextinterest.agent.engine import Engine
from nextinterest.agent.generation import lifted, suggested_queries
from nextinterest.agent.histories import ReadHistory
from nextinterest.agent.notes import left_notes
from nextinterest.agent.ranked import RankedItems, reranked
from nextinterest.agent.where_notes import where_notes
from nextinterest.domain import BoolArray, FloatArray, History, IntArray, Recommendations, Where
from nextinterest.retrieval.lists import rounded_down
from nextinterest.retrieval.queries import Query
from nextinterest.retrieval.shortlist import Shortlist

__all__ = ["SIMILARITY", "alike", "likeness_notes", "nearest_items", "ranked_alike", "ranked_between"]

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
    parts = _likeness(engine, models, found.items)
    return RankedItems(found.items, rounded_down(np.exp(found.log_probabilities)), parts, found.ranks)


def ranked_between(
    engine: Engine,
    history: History,
    models: Sequence[int],
    k: int,
    allowed: BoolArray,
    request: str | None,
    suggested: Sequence[str] = (),
    *,
    rerank: bool = True,
) -> RankedItems:
    """Return the k best of the allowed items most like some others, by likeness and the words of a request.

    Words move the neighbours' probabilities as far as the catalogue matches them, as in `Engine.rank`.

    Parameters
    ----------
    engine, models, k, allowed
        As of `ranked_alike`; `AgentConfig.n_candidates` neighbours, or k if that is more, are the candidates.
    history
        The person's events, for the prompt.
    request
        What is asked for in free text; None for nothing besides.
    suggested
        Items that fit, in words: candidates for a language model that reranks.
    rerank
        Whether the language model reranks, where there is one; it reads the titles of `models` and the words.
    """
    items, retriever, n = np.asarray(models, dtype=np.int32), engine.retriever, engine.config.n_candidates
    like = "like " + ", ".join(engine.catalog.titles[item] for item in models)
    queries: list[Query] = []
    if rerank and suggested and engine.reranker is not None:
        asked = engine.reranker.model, like, 0, engine.grounder
        queries = suggested_queries(*asked, retriever.encoder, suggested)
    depth = max(k, n, retriever.config.n_candidates if queries else 0)
    found = retriever.alike(items, depth, allowed=allowed, queries=queries)
    words, match = ([], None) if request is None else engine.asked_for(request)
    for query in words:
        found = _moved(found, query.rise(found.items, retriever.item_vectors))
    if rerank:
        text = like if request is None else f"{like}: {request}"
        ranked = engine.reorder([history], [lifted(found, n)], text, dated=True)[0]
    else:
        ranked = reranked(found, None)
    ranked = ranked.matching(match, reads=engine.config.request_share > 0).at(slice(k))
    return replace(ranked, parts=_likeness(engine, models, ranked.items) | ranked.parts)


def _moved(found: Shortlist, terms: FloatArray) -> Shortlist:
    """Return candidates with terms added to their log-scores; what they are worth together stays."""
    moved = found.log_probabilities + terms
    moved += np.logaddexp.reduce(found.log_probabilities) - np.logaddexp.reduce(moved)
    return replace(found, log_probabilities=moved).at(np.argsort(-moved, kind="stable"))


def _likeness(engine: Engine, models: Sequence[int], items: IntArray) -> dict[str, FloatArray]:
    """Return how like the models items are: the whole and its summands, each float32, shape (n,)."""
    shares = engine.retriever.likeness.shares(np.asarray(models, dtype=np.int32), items)
    total: FloatArray = np.sum(list(shares.values()), axis=0, dtype=np.float32)
    return {SIMILARITY: total, **shares}


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
        allowed[history.had(engine.retriever.config.open_kinds)] = False
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
