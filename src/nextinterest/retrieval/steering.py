"""How a request in words moves a ranking: closeness to its text is one more term of the log-scores.

    log-score of i  +=  sum over the history's queries q of steer_q (q . t_i) / sd_q

with t_i the item's text vector and sd_q the standard deviation of q . t over the catalogue (over a seeded
sample of it), so that `steer` counts in nats per standard deviation whatever the text encoder's spread of
cosines is. Titles that hold a request's words lie seven standard deviations away, and at three nats each the
request would decide alone; so a query's term is scaled down where its closest named item would rise more than
`MOST` nats above the average item. From an empty history
nothing is known but the request: its term is then the only one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import IntArray
from nextinterest.retrieval.candidates import Asked, Gathered
from nextinterest.retrieval.reading import IndexedVectors

__all__ = ["MOST", "Steering"]

MOST = 10.0
"""Largest log-odds, closest item to average item, that one query's closeness gives: a prior, chosen by
reading lists. At 10 an item of that title or topic comes first for most users; at 8 others may stay above."""

_SAMPLE = 2048
_LEAST_SPREAD = 1e-6  # of items that are all alike

_Floats = NDArray[np.float64]


class Steering:
    """The term of some histories' queries.

    Parameters
    ----------
    asked
        Histories and queries.
    gathered
        What the queries found.
    text
        The items' text vectors.
    draw
        Whose first items are the sample, a permutation of the catalogue.
    """

    def __init__(self, asked: Asked, gathered: Gathered, text: IndexedVectors, draw: IntArray) -> None:
        self._text = text
        self._terms: dict[int, tuple[_Floats, float]] = {}  # by history: vector, and what unnamed items reach
        self._alone = {h for h, history in enumerate(asked.histories) if not len(history)}
        for h in range(len(asked.histories)):
            own = len(gathered.names[h]) - len(asked.of(h))
            for column, query in enumerate(asked.of(h), own):
                if query.steer and query.vector is not None and len(draw):
                    usual = text.vectors[draw[:_SAMPLE]] @ query.vector
                    named = gathered.fused.items[h]
                    closest = (text.vectors[named[named >= 0]] @ query.vector).max(initial=usual.mean())
                    weight = query.steer / max(float(usual.std()), _LEAST_SPREAD)
                    rise = abs(weight) * float(closest - usual.mean())
                    weight *= min(1.0, MOST / max(rise, _LEAST_SPREAD))
                    reach = float(gathered.beyond[h, column]) if weight > 0 else -1.0  # a cosine
                    vector, most = self._terms.get(h, (np.zeros(len(query.vector)), 0.0))
                    self._terms[h] = (vector + weight * query.vector, most + weight * reach)

    def __bool__(self) -> bool:
        return bool(self._terms)

    def of(self, scores: _Floats, items: IntArray) -> _Floats:
        """Return scores of some items of each history, both of shape (n, m), with the terms added."""
        for h, (vector, _) in self._terms.items():
            near = self._text.vectors[items[h]] @ vector
            scores[h] = near if h in self._alone else scores[h] + near
        return scores

    def ceiling(self, own: _Floats) -> _Floats:
        """Return what no unnamed item exceeds, shape (n,), where `own` is that without the terms."""
        out = own.copy()
        for h, (_, most) in self._terms.items():
            out[h] = most if h in self._alone else out[h] + most
        return out
