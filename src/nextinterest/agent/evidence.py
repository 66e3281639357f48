"""Evidence: the past events that speak for a recommended item, found as the settings say.

By erasure they are causes within the ranking (see `nextinterest.agent.erasure`). By similarity of texts they
are what the item resembles, which says nothing of what caused it. What was disliked, returned, skipped or
rated low is none.
"""

from __future__ import annotations

import numpy as np

from nextinterest.agent.config import AgentConfig
from nextinterest.agent.erasure import effects_of_events, evidence_by_effect
from nextinterest.agent.verdicts import verdicts
from nextinterest.domain import Catalog, Evidence, FloatArray, History, IntArray
from nextinterest.retrieval import Retriever

__all__ = ["closest_events", "find_evidence"]


def find_evidence(
    retriever: Retriever, config: AgentConfig, history: History, items: IntArray
) -> list[tuple[Evidence, ...]]:
    """Return the past events that speak for each of some items.

    Parameters
    ----------
    retriever
        Ranks the items; asked without its language model, which would cost a pass for each event erased.
    config
        How evidence is found, and how much of it.
    history
        The user's events.
    items
        Catalogue positions, shape (k,).
    """
    if config.n_evidence == 0 or len(history) == 0:
        return [() for _ in items]
    vectors, catalog, n = retriever.item_vectors, retriever.catalog, config.n_evidence
    if config.evidence == "similarity":
        return [closest_events(history, item, vectors, catalog, n) for item in items.tolist()]
    scorer = retriever.without_language()
    indices, effects = effects_of_events(scorer, history, items, config.evidence_window)
    return [
        evidence_by_effect(history, item, indices, effects[:, rank], vectors, catalog, n)
        for rank, item in enumerate(items.tolist())
    ]


def closest_events(
    history: History, item: int, vectors: FloatArray, catalog: Catalog, n: int
) -> tuple[Evidence, ...]:
    """Return the n events closest to an item, closest first; of equally close ones the newest first.

    Items that the history speaks against are left out.

    Parameters
    ----------
    history
        The user's events.
    item
        Catalogue position of the recommended item.
    vectors
        L2-normalised item vectors, shape (n_items, dim).
    catalog
        The catalogue.
    n
        How many events to return at most. An item that recurs in the history is named once.
    """
    if n == 0 or len(history) == 0:
        return ()
    newest_first, said = history.items[::-1], verdicts(history)
    items, newest = np.unique(newest_first, return_index=True)
    speaking = np.array([not said[int(one)].against for one in items])
    items, newest = items[speaking], newest[speaking]
    similarity = np.clip(vectors[items] @ vectors[item], -1.0, 1.0)
    order = np.lexsort((newest, -similarity))[:n]
    events = history.events(catalog)
    return tuple(
        Evidence(
            item_id=catalog.ids[int(items[i])],
            title=catalog.titles[int(items[i])],
            similarity=float(similarity[i]),
            time=events[len(events) - 1 - int(newest[i])].time,
            **said[int(items[i])].fields(),
        )
        for i in order
    )
