"""How a request in words moves a ranking: what it says of an item is one more term of the log-scores.

    log-score of i  +=  sum over the history's queries q of steer_q (q . t_i), or q's nats for i

with t_i the item's text vector. The term is added to the user's own distribution, for an empty history to
popularity; how large it is, `nextinterest.retrieval.matching` and `named_values` say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import IntArray
from nextinterest.retrieval.candidates import Asked, Gathered
from nextinterest.retrieval.queries import Query
from nextinterest.retrieval.reading import IndexedVectors

__all__ = ["Steering"]

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
    """

    def __init__(self, asked: Asked, gathered: Gathered, text: IndexedVectors) -> None:
        self._text = text
        self._queries: dict[int, list[Query]] = {}
        self._most = np.zeros(len(asked.histories))  # what unnamed items reach
        for h in range(len(asked.histories)):
            own = len(gathered.names[h]) - len(asked.of(h))
            for column, query in enumerate(asked.of(h), own):
                if query.moves:
                    self._queries.setdefault(h, []).append(query)
                    self._most[h] += query.reach(float(gathered.beyond[h, column]))

    def __bool__(self) -> bool:
        return bool(self._queries)

    def of(self, scores: _Floats, items: IntArray) -> _Floats:
        """Return scores of some items of each history, both of shape (n, m), with the terms added."""
        for h, queries in self._queries.items():
            for query in queries:
                scores[h] += query.rise(items[h], self._text.vectors)
        return scores

    def ceiling(self, own: _Floats) -> _Floats:
        """Return what no unnamed item exceeds, shape (n,), where `own` is that without the terms."""
        return np.asarray(own + self._most)
