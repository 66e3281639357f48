"""Micro-batches of sequences of like length, so that little of a batch is padding. Knows lengths only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.llm.batching import groups_of_like_length

__all__ = ["length_groups"]

_JITTER = 0.1  # of the log of a length: who shares a batch with whom changes from epoch to epoch


def length_groups(lengths: Sequence[int], batch_size: int, rng: np.random.Generator) -> list[list[int]]:
    """Return positions 0 .. n - 1 in groups of at most `batch_size` and of like length, in random order.

    Examples
    --------
    >>> groups = length_groups([5, 900, 6, 1000], 2, np.random.default_rng(0))
    >>> sorted(sorted(group) for group in groups)
    [[0, 2], [1, 3]]
    """
    sizes = np.log(np.asarray(lengths, dtype=np.float64)) + rng.normal(0.0, _JITTER, len(lengths))
    groups = groups_of_like_length(sizes.tolist(), batch_size)
    return [groups[int(i)] for i in rng.permutation(len(groups))]
