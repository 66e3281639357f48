"""Training examples of the sequence encoder: windows of a log, with what may follow each event.

Two things about logs of choices are used here, both of which plain next-item training throws away.

Ties. Events of one time are unordered (a page of ratings sent at once; half of all neighbouring events in
MovieLens-100K), so the file's order between them is noise. Where ties are exchangeable, each epoch shuffles
them, and the target of a position is every event tied with the next one, in equal shares: the mean of the
loss over all orders of the tie, at the price of one.

Seen items. What is never chosen twice cannot be next, so it is left out of the sum a probability is divided
by, as it is when ranking. Items that the log never shows are left out too, so that they are not pushed down
for being new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nextinterest.data import EventLog
from nextinterest.retrieval.sequence_encoder import pad

__all__ = ["Window", "WindowBatch", "Windows"]


class Window(NamedTuple):
    """Events of a user that are read together.

    Attributes
    ----------
    user
        Index in the log.
    first, end
        First event and end of what is read.
    trained
        First event whose successor is a target; those read before it are context.
    """

    user: int
    first: int
    end: int
    trained: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatch:
    """Windows of several users, flat over the positions that are trained.

    Attributes
    ----------
    items
        Inputs, int64, shape (batch, time), padded with n_items.
    positions
        Index of each trained position in the flattened (batch, time), int64, shape (n,).
    rows, columns, shares
        Targets: position ``rows[k]`` is followed by item ``columns[k]`` with probability ``shares[k]``; the
        shares of a position sum to one. Shape (n_targets,).
    excluded
        Items that cannot follow, bool, shape (n, n_items), or None where everything can.
    """

    items: Tensor
    positions: Tensor
    rows: Tensor
    columns: Tensor
    shares: Tensor
    excluded: Tensor | None

    def __len__(self) -> int:
        return len(self.positions)

    def to(self, device: torch.device) -> WindowBatch:
        """Return the batch on another device."""
        return WindowBatch(
            self.items.to(device),
            self.positions.to(device),
            self.rows.to(device),
            self.columns.to(device),
            self.shares.to(device),
            None if self.excluded is None else self.excluded.to(device),
        )


class Windows:
    """Cuts a log into windows, anew each epoch.

    Parameters
    ----------
    log
        Events to learn from.
    n_items
        Size of the catalogue.
    window
        Longest window.
    overlap
        Share of a window that is context for its later targets. None cuts only histories longer than a
        window, and windows then read nothing of one another's events but for the last.
    exchangeable_ties
        Whether events of one time have no order (see the module docstring).
    exclude_seen
        Whether seen items are left out of the softmax.
    """

    def __init__(
        self,
        log: EventLog,
        n_items: int,
        window: int,
        *,
        overlap: float | None = None,
        exchangeable_ties: bool = True,
        exclude_seen: bool = True,
    ) -> None:
        self.log, self.n_items, self.window = log, n_items, window
        self._stride = window if overlap is None else max(1, round(window * (1.0 - overlap)))
        self._overlapping = overlap is not None
        self.ties = exchangeable_ties and log.times is not None
        self.exclude_seen = exclude_seen
        self._unknown = log.item_counts(n_items) == 0

    def epoch(self, rng: np.random.Generator) -> list[Window]:
        """Return every window, in random order.

        The last event of a user is a target only. Histories are cut at a random phase, so that positions are
        seen with different amounts of history before them.
        """
        rows: list[Window] = []
        for user, length in enumerate(self.log.lengths.tolist()):
            inputs = length - 1
            if inputs < 1:
                continue
            if inputs <= self.window and not self._overlapping:
                rows.append(Window(user, 0, inputs))
                continue
            end, trained = int(rng.integers(1, self._stride + 1)), 0
            while end < inputs:
                rows.append(Window(user, max(0, end - self.window), end, trained))
                trained = end if self._overlapping else 0
                end += self._stride
            rows.append(Window(user, max(0, inputs - self.window), inputs, trained))
        return [rows[int(i)] for i in rng.permutation(len(rows))]

    def batch(
        self, rows: list[Window], rng: np.random.Generator, *, shuffle_ties: bool = True
    ) -> WindowBatch:
        """Make the inputs and targets of some windows.

        Without `shuffle_ties` inputs keep the log's order; what is tied with the target still shares it.
        """
        inputs: list[NDArray[np.int32]] = []
        targets: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
        excluded: list[NDArray[np.bool_]] = []
        counted: list[NDArray[np.bool_]] = []
        n = 0
        for user, first, end, trained in rows:
            items, ends = self._ordered(user, rng if shuffle_ties else None)
            here = items[first:end]
            inputs.append(here)
            counted.append(np.arange(first, end) >= trained)
            start = np.arange(max(first, trained) + 1, end + 1)
            counts = ends[start] - start
            row = np.repeat(np.arange(len(start)), counts)
            offset = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
            column = items[start[row] + offset].astype(np.int64)
            targets.append((row + n, column, (1.0 / counts[row]).astype(np.float32)))
            if self.exclude_seen:
                seen = np.zeros((len(here), self.n_items), dtype=bool)
                seen[0, items[:first]] = True
                seen[np.arange(len(here)), here] = True
                gone = np.logical_or.accumulate(seen, axis=0) | self._unknown
                excluded.append(gone[counted[-1]])
            n += len(start)
        lengths = np.array([len(row) for row in inputs])
        time = int(lengths.max())
        positions = np.concatenate([i * time + np.flatnonzero(mask) for i, mask in enumerate(counted)])
        rows_, columns, shares = (np.concatenate(part) for part in zip(*targets, strict=True))
        mask = None
        if self.exclude_seen:
            mask = torch.from_numpy(np.concatenate(excluded))
            mask[torch.from_numpy(rows_), torch.from_numpy(columns)] = False  # repeats stay possible
        return WindowBatch(
            torch.from_numpy(pad(inputs, self.n_items)),
            torch.from_numpy(positions),
            torch.from_numpy(rows_),
            torch.from_numpy(columns),
            torch.from_numpy(shares),
            mask,
        )

    def _ordered(
        self, user: int, rng: np.random.Generator | None
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return a user's items, ties shuffled, and for each event the end of its tie."""
        lo, hi = int(self.log.offsets[user]), int(self.log.offsets[user + 1])
        items = self.log.items[lo:hi]
        if not self.ties or self.log.moments is None:
            return items, np.arange(1, hi - lo + 1)
        times = self.log.moments[lo:hi]
        ends = np.searchsorted(times, times, side="right")
        if rng is None:
            return items, ends
        return items[np.lexsort((rng.random(len(items)), times))], ends
