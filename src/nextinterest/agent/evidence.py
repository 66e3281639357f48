"""Evidence: the past events whose items lie closest to a recommended item.

Closeness is the cosine of text embeddings. It says what a recommendation resembles, not what caused it; for
causes see `nextinterest.agent.erasure`.
"""

from __future__ import annotations

import numpy as np

from nextinterest.domain import Catalog, Evidence, FloatArray, History

__all__ = ["closest_events"]


def closest_events(
    history: History, item: int, vectors: FloatArray, catalog: Catalog, n: int
) -> tuple[Evidence, ...]:
    """Return the n events closest to an item, closest first; of equally close ones the newest first.

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
    newest_first = history.items[::-1]
    items, newest = np.unique(newest_first, return_index=True)
    similarity = np.clip(vectors[items] @ vectors[item], -1.0, 1.0)
    order = np.lexsort((newest, -similarity))[:n]
    events = history.events(catalog)
    return tuple(
        Evidence(
            item_id=catalog.ids[int(items[i])],
            title=catalog.titles[int(items[i])],
            similarity=float(similarity[i]),
            time=events[len(events) - 1 - int(newest[i])].time,
        )
        for i in order
    )
