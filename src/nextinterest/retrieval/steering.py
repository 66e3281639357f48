"""How a request in words moves a ranking: closeness to its text is one more term of the log-scores.

    log-score of i  +=  sum over the history's queries q of steer_q (q . t_i)

with t_i the item's text vector. The term is added to the user's own distribution, for an empty history to
popularity; how large `steer` is, `nextinterest.retrieval.matching` says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import FloatArray, IntArray
from nextinterest.retrieval.candidates import Asked, Gathered
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
        self._terms: dict[int, tuple[FloatArray, float]] = {}  # vector, and what unnamed items reach
        for h in range(len(asked.histories)):
            own = len(gathered.names[h]) - len(asked.of(h))
            for column, query in enumerate(asked.of(h), own):
                if query.steer and query.vector is not None:
                    reach = float(gathered.beyond[h, column]) if query.steer > 0 else -1.0  # a cosine
                    vector, most = self._terms.get(h, (np.zeros_like(query.vector), 0.0))
                    self._terms[h] = (vector + query.steer * query.vector, most + query.steer * reach)

    def __bool__(self) -> bool:
        return bool(self._terms)

    def of(self, scores: _Floats, items: IntArray) -> _Floats:
        """Return scores of some items of each history, both of shape (n, m), with the terms added."""
        for h, (vector, _) in self._terms.items():
            scores[h] += self._text.vectors[items[h]] @ vector
        return scores

    def ceiling(self, own: _Floats) -> _Floats:
        """Return what no unnamed item exceeds, shape (n,), where `own` is that without the terms."""
        out = own.copy()
        for h, (_, most) in self._terms.items():
            out[h] += most
        return out
