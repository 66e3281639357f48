"""Which sequences share a forward pass: sorted by length, cut at a budget of padded tokens or at a number.

Pure arithmetic on lengths; knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["batches_by_length", "groups_of_like_length"]


def batches_by_length(lengths: Sequence[int], budget: int, *, padded: bool = True) -> list[list[int]]:
    """Group indices of sequences so that no group holds more than `budget` tokens.

    Neighbours in length share a group, which keeps padding small. A sequence longer than the budget gets
    a group of its own. Longest first: memory peaks at once or not at all.

    Parameters
    ----------
    lengths
        Length of each sequence.
    budget
        Largest number of tokens in a group.
    padded
        Whether shorter sequences are padded to the longest of their group.

    Examples
    --------
    >>> batches_by_length([3, 9, 4, 8], budget=18)
    [[1, 3], [2, 0]]
    """
    groups: list[list[int]] = []
    widest = total = 0
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        length = max(lengths[index], 1)
        size = (len(groups[-1]) + 1) * widest if groups and padded else total + length
        if not groups or size > budget:
            groups.append([])
            widest, total = length, 0
        groups[-1].append(index)
        total += length
    return groups


def groups_of_like_length(lengths: Sequence[float], size: int) -> list[list[int]]:
    """Group indices of sequences by `size`, shortest first; equal lengths keep their order.

    Examples
    --------
    >>> groups_of_like_length([5, 900, 6], 2)
    [[0, 2], [1]]
    """
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    return [order[start : start + size] for start in range(0, len(order), size)]
