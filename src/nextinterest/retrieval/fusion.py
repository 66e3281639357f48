"""Reciprocal-rank fusion: several ranked lists per history into one (Cormack, Clarke and Buettcher, 2009).

    score(i) = sum over sources s that named i of  weight_s / (constant + rank_s(i)),  rank from 1

Only ranks count, so sources need no common scale. What a source did not name gets nothing from it. Knows
nothing of where the lists come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import IntArray
from nextinterest.errors import DataError
from nextinterest.retrieval.lists import PAD, falling_by_row

__all__ = ["Fused", "reciprocal_rank_fusion"]


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """Fused lists for n histories, best first.

    Attributes
    ----------
    items
        Catalogue positions, int32, shape (n, width), -1 behind the end; ties go to the smaller position.
    scores
        Fused scores, float64, shape (n, width), 0 where `items` is -1.
    ranks
        Rank of each item in each source, from 1, int32, shape (n, width, n_sources); 0 where not named.
    """

    items: IntArray
    scores: NDArray[np.float64]
    ranks: NDArray[np.int32]

    def at(self, columns: NDArray[np.integer]) -> Fused:
        """Return other columns of each list, shape (n, width)."""
        return Fused(
            np.take_along_axis(self.items, columns, axis=1),
            np.take_along_axis(self.scores, columns, axis=1),
            np.take_along_axis(self.ranks, columns[:, :, None], axis=1),
        )


def reciprocal_rank_fusion(
    lists: Sequence[IntArray], weights: Sequence[float] | NDArray[np.float64], constant: float
) -> Fused:
    """Fuse one ranked list per source for each of n histories.

    Parameters
    ----------
    lists
        One array per source, shape (n, k_source), -1 behind the end, no duplicates in a row.
    weights
        One weight per source, or per history and source, not negative; a source of weight 0 does not name
        anything.
    constant
        Damps the lead of the first ranks; 60 in the paper.

    Raises
    ------
    DataError
        If sources, weights or numbers of histories do not fit one another.

    Examples
    --------
    >>> a, b = np.array([[3, 1]], dtype=np.int32), np.array([[1, -1]], dtype=np.int32)
    >>> fused = reciprocal_rank_fusion([a, b], [1.0, 1.0], constant=60)
    >>> fused.items.tolist(), fused.ranks.tolist()
    ([[1, 3]], [[[2, 1], [1, 0]]])
    """
    n = len(lists[0])
    weighed = np.asarray(weights, dtype=np.float64)
    if (
        weighed.shape[-1] != len(lists)
        or len({len(each) for each in lists}) != 1
        or weighed.min(initial=0) < 0
    ):
        raise DataError(
            f"Fusion got {len(lists)} sources for {[len(each) for each in lists]} histories and weights "
            f"{weighed.tolist()}.",
            remedy="Give each source one list per history and one weight of at least 0.",
        )
    weighed = np.broadcast_to(weighed, (n, len(lists)))
    rows, items, positions, sources = [], [], [], []
    for s, each in enumerate(lists):
        row, position = np.nonzero((each != PAD) & (weighed[:, s, None] > 0))
        rows.append(row)
        positions.append(position)
        items.append(each[row, position].astype(np.int64))
        sources.append(np.full(len(row), s))
    source, rank = np.concatenate(sources), np.concatenate(positions) + 1
    item = np.concatenate(items)
    span = int(item.max(initial=0)) + 1
    history = np.concatenate(rows)
    keys, entry = _distinct(history * span + item, n * span)
    scores = np.bincount(entry, weighed[history, source] / (constant + rank), minlength=len(keys))
    ranks = np.zeros((len(keys), len(lists)), dtype=np.int32)
    ranks[entry, source] = rank

    row = keys // span
    order = falling_by_row(row, scores)
    lengths = np.bincount(row, minlength=n)
    position = np.arange(len(keys)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    width = int(lengths.max(initial=0))
    fused = Fused(
        np.full((n, width), PAD, dtype=np.int32),
        np.zeros((n, width)),
        np.zeros((n, width, len(lists)), dtype=np.int32),
    )
    at = (row[order], position)
    fused.items[at] = keys[order] % span
    fused.scores[at] = scores[order]
    fused.ranks[at] = ranks[order]
    return fused


def _distinct(values: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct values below `most`, rising, and where each is among them."""
    if most > 64 * len(values):
        return np.unique(values, return_inverse=True)
    table = np.zeros(most, dtype=np.int64)
    table[values] = 1
    distinct = np.flatnonzero(table)
    table[distinct] = np.arange(len(distinct))
    return distinct, table[values]
