"""Training windows for SASRec: histories of any length cut so that every event is a target exactly once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.log import EventLog
from nextinterest.eval.baselines.columns import IndexArray, within_groups

__all__ = ["Batch", "Windows", "cut_windows"]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Windows laid out for the network.

    Attributes
    ----------
    inputs
        Items read, int64, shape (n, length); index n_items is the start of a history and the padding.
    targets
        Next item at each place, int64, shape (n, length).
    counted
        Whether the place's target is learned from, bool, shape (n, length).
    """

    inputs: IndexArray
    targets: IndexArray
    counted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """n windows over the events of a log, as arrays of shape (n,).

    A window's targets are the events ``stop - count .. stop - 1`` (indices into the log's events), read from
    the `length` places before them: earlier events of the user, or the start of the history.
    """

    first: IndexArray
    stop: IndexArray
    count: IndexArray
    length: IndexArray

    def __len__(self) -> int:
        return len(self.stop)

    def batch(self, log: EventLog, where: IndexArray, start: int) -> Batch:
        """Gather the windows at these places."""
        stop, length = self.stop[where], self.length[where]
        width = int(length.max())
        target = (stop - length)[:, None] + np.arange(width)  # index of the event predicted at each place
        inside = target < stop[:, None]
        source = target - 1
        known = inside & (source >= self.first[where][:, None])  # else: the start of the history
        inputs = np.where(known, log.items[np.where(known, source, 0)], start).astype(np.int64)
        targets = np.where(inside, log.items[np.where(inside, target, 0)], 0).astype(np.int64)
        return Batch(inputs, targets, inside & (target >= (stop - self.count[where])[:, None]))


def cut_windows(log: EventLog, max_len: int, overlap: float, rng: np.random.Generator) -> Windows:
    """Cut every user's events into windows of at most `max_len` places, anew for each epoch.

    Each window but a user's first predicts ``max_len * (1 - overlap)`` events and reads the rest as context.
    The cuts fall at a random offset per user, so that over epochs an event is predicted from many places.
    """
    stride = max(1, round(max_len * (1.0 - overlap)))
    users = np.flatnonzero(log.lengths > 0)
    lengths, begin = log.lengths[users], log.offsets[users]
    offset = np.minimum(rng.integers(1, stride + 1, size=len(users)), lengths)
    n_windows = 1 + -(-(lengths - offset) // stride)
    which = np.repeat(np.arange(len(users)), n_windows)
    place = within_groups(n_windows)
    stop = np.minimum(offset[which] + place * stride, lengths[which])
    before = np.where(place > 0, offset[which] + (place - 1) * stride, 0)
    length = np.minimum(stop, max_len)
    return Windows(begin[which], begin[which] + stop, stop - before, length)
