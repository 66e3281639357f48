"""Two corrections of a likelihood: for how long a text is, and for how likely it is to be said anyway.

Formulas on the numbers that `LanguageModel.score` returns. Knows nothing of what is scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nextinterest.llm.base import FloatArray, LanguageModel

__all__ = ["Prior", "per_token"]


def per_token(scores: FloatArray, continuations: Sequence[Sequence[int]]) -> FloatArray:
    """Return scores divided by length: log p(c | x) / |c|, so that long titles are not punished for it.

    Examples
    --------
    >>> per_token(np.array([-6.0, -2.0], dtype=np.float32), [[1, 2, 3], [4]]).tolist()
    [-2.0, -2.0]
    """
    lengths = np.array([max(len(c), 1) for c in continuations], dtype=np.float32)
    return np.asarray(scores / lengths, dtype=np.float32)


class Prior:
    """How likely continuations are behind a prefix that says nothing, computed once for each.

    A title that a model would say to anyone tells little when it says it to this user. Subtracting a share
    ``a`` of log p(title | empty history) from log p(title | history) is domain-conditional pointwise mutual
    information (Holtzman et al. 2021, "Surface Form Competition", arXiv:2104.08315) at a = 1, and maximum
    mutual information decoding (Li et al. 2016, arXiv:1510.03055) below.

    Parameters
    ----------
    model
        The model; its weights must not change under the object.
    prefix
        The prompt with an empty history.
    capacity
        Continuations remembered; the oldest are forgotten first.
    """

    def __init__(self, model: LanguageModel, prefix: Sequence[int], *, capacity: int = 200_000) -> None:
        self._model = model
        self._prefix = list(prefix)
        self._capacity = capacity
        self._known: dict[tuple[int, ...], float] = {}

    def of(self, continuations: Sequence[Sequence[int]]) -> FloatArray:
        """Return log p(c | empty history) of each."""
        keys = [tuple(c) for c in continuations]
        known = {key: self._known[key] for key in keys if key in self._known}
        new = list(dict.fromkeys(key for key in keys if key not in known))
        if new:
            scores = self._model.score(self._prefix, new)
            known.update(zip(new, map(float, scores), strict=True))
            self._known.update((key, known[key]) for key in new)
            while len(self._known) > self._capacity:
                self._known.pop(next(iter(self._known)))
        return np.array([known[key] for key in keys], dtype=np.float32)

    def correct(
        self, scores: FloatArray, continuations: Sequence[Sequence[int]], *, weight: float
    ) -> FloatArray:
        """Return log p(c | history) - weight * log p(c | empty history)."""
        return np.asarray(scores - weight * self.of(continuations), dtype=np.float32)
