"""Why this item: the past events without which it would have been less probable.

    effect(j, i) = log P(i | x) - log P(i | x without event j)

with P the retriever's distribution over the items not seen. An event with a large effect is a cause of the
ranking, not only something that resembles the item. All effects of a history on all items come from one
batch of histories, each without one event.

Source: Li, Monroe & Jurafsky, Understanding Neural Networks through Representation Erasure, 2016.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.agent.verdicts import verdicts
from nextinterest.domain import Catalog, Evidence, FloatArray, History, IntArray, ItemScorer
from nextinterest.retrieval.ranks import log_totals

__all__ = ["LEAST_EFFECT", "effects_of_events", "evidence_by_effect"]

LEAST_EFFECT = 0.01
"""Nats below which an event is no reason: it changes the probability by less than one per cent of itself."""

_CANCELS = 0.05  # log-probabilities are in float32: of less than this, four digits would be left


def effects_of_events(
    scorer: ItemScorer, history: History, items: IntArray, window: int
) -> tuple[IntArray, FloatArray]:
    """Return how much each of the newest events raises the log-probability of some items.

    All events of an item that recurs are erased at once, and counted at the newest: to leave out one of two
    equal events would show next to nothing.

    Parameters
    ----------
    scorer
        Whatever gives log-probabilities over the catalogue.
    history
        Of the user.
    items
        Catalogue positions, shape (k,).
    window
        Newest events that are tried.

    Returns
    -------
    indices
        Positions of the events in the history, int32, shape (n,), newest first.
    effects
        Nats, float32, shape (n, k).
    """
    newest = len(history) - 1 - np.unique(history.items[::-1], return_index=True)[1]
    indices = np.sort(newest)[::-1][:window].astype(np.int32)
    if len(indices) == 0:
        return indices, np.zeros((0, len(items)), dtype=np.float32)
    erased = [history.without([int(history.items[index])]) for index in indices]
    log_p = scorer.log_probabilities([history, *erased])
    effects = log_p[:, items].astype(np.float64) - _log_unseen(log_p, np.unique(history.items))
    return indices, (effects[0] - effects[1:]).astype(np.float32)


def _log_unseen(log_p: FloatArray, seen: IntArray) -> NDArray[np.float64]:
    """Return the log-probability, shape (n, 1), of all items that the user has not seen.

    An erased item does not become a candidate by being erased. The seen ones are few, so they are summed and
    taken from 1, but where that would cancel digits.
    """
    if len(seen) == log_p.shape[1]:
        return np.zeros((len(log_p), 1))
    rest = 1.0 - np.exp(log_p[:, seen].astype(np.float64)).sum(axis=1, keepdims=True)
    lost = np.flatnonzero(rest[:, 0] < _CANCELS)
    if len(lost):
        unseen = np.ones(log_p.shape[1], dtype=bool)
        unseen[seen] = False
        rest[lost] = np.exp(log_totals(log_p[lost][:, unseen].astype(np.float64)))
    return np.asarray(np.log(rest))


def evidence_by_effect(
    history: History,
    item: int,
    indices: IntArray,
    effects: FloatArray,
    vectors: FloatArray,
    catalog: Catalog,
    n: int,
) -> tuple[Evidence, ...]:
    """Return the n events that raise an item most, the strongest first; none below `LEAST_EFFECT`.

    Nor any of an item that the history speaks against (`nextinterest.agent.verdicts`).

    Parameters
    ----------
    history
        The user's events.
    item
        Catalogue position of the recommended item.
    indices, effects
        From `effects_of_events`, the effects on this item alone, shape (n,).
    vectors
        L2-normalised item vectors, shape (n_items, dim).
    catalog
        The catalogue.
    n
        How many events to return at most.
    """
    order = [int(j) for j in np.argsort(-effects, kind="stable") if effects[j] >= LEAST_EFFECT]
    events, said = (history.events(catalog), verdicts(history)) if order else ([], {})
    found: list[Evidence] = []
    for j in order:
        position = int(history.items[indices[j]])
        if said[position].against or len(found) == n:
            continue
        found.append(
            Evidence(
                item_id=catalog.ids[position],
                title=catalog.titles[position],
                effect=float(effects[j]),
                similarity=float(np.clip(vectors[position] @ vectors[item], -1.0, 1.0)),
                time=events[int(indices[j])].time,
                **said[position].fields(),
            )
        )
    return tuple(found)
