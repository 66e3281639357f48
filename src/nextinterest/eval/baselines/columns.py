"""Histories as flat columns, so that a baseline touches a whole batch of users by index arithmetic.

Knows nothing of scores: it cuts, pads and weighs histories, and says which items were seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nextinterest.counting import counted
from nextinterest.data.splits import PrefixHistories
from nextinterest.domain import FloatArray, History, IntArray, TimeArray
from nextinterest.errors import DataError
from nextinterest.eval.baselines.matrices import SparseMatrix, from_triplets

__all__ = ["UNKNOWN_TIME", "HistoryColumns", "IndexArray", "within_groups"]

UNKNOWN_TIME = np.iinfo(np.int64).min
"""Stands for the time of a history that is empty or has no times."""

IndexArray = NDArray[np.int64]


def within_groups(lengths: IndexArray) -> IndexArray:
    """Return 0, 1, .. length - 1 for each group in turn, shape (sum of lengths,).

    Examples
    --------
    >>> within_groups(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(lengths) else np.zeros(0, np.int64)
    return np.arange(int(lengths.sum()), dtype=np.int64) - np.repeat(starts, lengths)


@dataclass(frozen=True, slots=True, eq=False)
class HistoryColumns:
    """n histories laid end to end.

    Attributes
    ----------
    offsets
        Events of history r are ``offsets[r]:offsets[r + 1]``; int64, shape (n + 1,).
    items
        Catalogue positions, int32, shape (n_events,).
    now
        Time of the last event of each history (seconds since 1970 UTC), int64, shape (n,);
        `UNKNOWN_TIME` where a history is empty or has no times.
    """

    offsets: IndexArray
    items: IntArray
    now: TimeArray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> IndexArray:
        """Events per history, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> IndexArray:
        """Row of each event, shape (n_events,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    @property
    def age(self) -> IndexArray:
        """How many events of the same history came after each event, shape (n_events,)."""
        return np.repeat(self.offsets[1:], self.lengths) - 1 - np.arange(len(self.items))

    @classmethod
    def of(cls, histories: Sequence[History], n_items: int) -> HistoryColumns:
        """Lay histories end to end; histories cut from one log are gathered without a loop.

        Raises
        ------
        DataError
            If a history holds a position outside the catalogue of `n_items` items.
        """
        columns = cls._gather(histories) if isinstance(histories, PrefixHistories) else cls._join(histories)
        if len(columns.items) and not 0 <= columns.items.min() <= columns.items.max() < n_items:
            raise DataError(
                f"A history holds catalogue positions from {columns.items.min()} to {columns.items.max()}, "
                f"and the catalogue has {counted(n_items, 'item')}.",
                remedy="Build the histories with the catalogue the recommender was fitted on.",
            )
        return columns

    @classmethod
    def _gather(cls, histories: PrefixHistories) -> HistoryColumns:
        log, lengths = histories.log, np.asarray(histories.ends, dtype=np.int64)
        first = log.offsets[histories.users]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        items = log.items[np.repeat(first, lengths) + within_groups(lengths)]
        now = np.full(len(lengths), UNKNOWN_TIME)
        if log.times is not None:
            some = lengths > 0
            now[some] = log.times[first[some] + lengths[some] - 1]
        return cls(offsets, items, now)

    @classmethod
    def _join(cls, histories: Sequence[History]) -> HistoryColumns:
        lengths = np.fromiter((len(h) for h in histories), dtype=np.int64, count=len(histories))
        items = np.concatenate([h.items for h in histories]) if len(histories) else np.zeros(0, np.int32)
        last = (h.times[-1] if h.times is not None and len(h) else UNKNOWN_TIME for h in histories)
        now = np.fromiter(last, dtype=np.int64, count=len(histories))
        return cls(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), items, now)

    def histories(self) -> list[History]:
        """Return the histories, as far as they are kept: their items."""
        ends = self.offsets.tolist()
        return [History(self.items[a:b]) for a, b in pairwise(ends)]

    def newest(self, n: int) -> HistoryColumns:
        """Return the columns with only the `n` newest events of each history."""
        keep = self.age < n
        offsets = np.concatenate([[0], np.cumsum(np.minimum(self.lengths, n))])
        return HistoryColumns(offsets, self.items[keep], self.now)

    def padded(self, width: int, pad: int) -> IndexArray:
        """Return the newest `width` events, right-aligned and filled with `pad`; int64, shape (n, width).

        Examples
        --------
        >>> h = [History(np.array([4, 5, 6])), History(np.array([7]))]
        >>> HistoryColumns.of(h, 8).padded(2, pad=8).tolist()
        [[5, 6], [8, 7]]
        """
        index = self.offsets[1:, None] - width + np.arange(width)
        matrix = np.full(index.shape, pad, dtype=np.int64)
        inside = index >= self.offsets[:-1, None]
        matrix[inside] = self.items[index[inside]]
        return matrix

    def weighted(self, n_items: int, half_life: float | None = None) -> SparseMatrix:
        """Return each history as a row over items, float32, shape (n, n_items).

        An event counts 1, or ``0.5 ** (age / half_life)`` where a half-life in events is given; an item
        seen several times counts at most 1.
        """
        if half_life is None:
            weights = np.ones(len(self.items), dtype=np.float32)
        else:
            weights = np.exp2(-self.age / half_life).astype(np.float32)
        matrix = from_triplets(weights, self.rows, self.items, (len(self), n_items))
        matrix.data = np.minimum(matrix.data, np.float32(1))  # the constructor has summed repeats
        return matrix

    def mask_seen(self, scores: FloatArray) -> None:
        """Set the scores of each history's own items to minus infinity, in place; shape (n, n_items)."""
        scores[self.rows, self.items] = -np.inf
