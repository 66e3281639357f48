"""Events that did not fit, in one line: how many they were and which categories they had.

Whoever knows more to say of them gives the renderer a `Summariser` of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from nextinterest.domain import Catalog, History, IntArray

__all__ = ["Summariser", "category_shares", "shorter_and_shorter"]

Summariser = Callable[[History], Sequence[str]]
"""Describes in sentences, the weightiest first, events that do not fit into a prompt.

It is given those events alone and answers the same for the same events: the start of a prompt must not change
while its first event stays.
"""

T = TypeVar("T")


def category_shares(items: IntArray, catalog: Catalog, k: int = 6) -> list[tuple[str, int]]:
    """Return the k largest category shares of these events, in whole percent, largest first.

    An event of an item with m categories counts 1/m for each; events of items without any are left out.
    Shares that round to nothing are left out too; ties keep the order of the names.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> catalog = Catalog.from_items([Item("a", "A", ("Drama",)), Item("b", "B", ("Drama", "War"))])
    >>> category_shares(np.array([0, 1]), catalog)
    [('Drama', 75), ('War', 25)]
    """
    totals = catalog.category_matrix[items].sum(axis=0, dtype=np.float64)
    attention = totals.sum()
    if attention == 0:
        return []
    percent = np.rint(100 * totals / attention).astype(int)
    order = np.argsort(-totals, kind="stable")[:k]
    return [(catalog.category_names[j], int(percent[j])) for j in order if percent[j] > 0]


def shorter_and_shorter(said: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield everything, then all but the last, and so on down to the first alone.

    Examples
    --------
    >>> list(shorter_and_shorter("abc"))
    ['abc', 'ab', 'a']
    """
    return (said[:n] for n in range(len(said), 0, -1))
