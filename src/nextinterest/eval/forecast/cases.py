"""Cases: histories up to some moment, and how attention was shared over the events that followed.

Each user's newest events are the future to forecast, and the block before them is for fitting and choosing;
nothing is learned from either. A user contributes several moments where the horizon allows, so cases of
one user are not independent: test and resample users, not cases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.counting import counted
from nextinterest.data.log import EventLog
from nextinterest.data.splits import HeldOut, PrefixHistories, Split
from nextinterest.domain import Catalog, IntArray
from nextinterest.errors import DataError

__all__ = ["ForecastBlock", "ForecastCases", "ForecastSplit", "hold_out_future"]


@dataclass(frozen=True, eq=False)
class ForecastCases:
    """Forecasts to make at one horizon.

    Attributes
    ----------
    histories
        What was known at each moment, n of them.
    truth
        Shares of each interest among the next `horizon` events, float64, shape (n, n_interests).
    users
        Index of the user in the log, int32, shape (n,).
    horizon
        Number of events ahead.
    catalog
        Gives the interests of items.
    """

    histories: PrefixHistories
    truth: NDArray[np.float64]
    users: IntArray
    horizon: int
    catalog: Catalog

    def __len__(self) -> int:
        return len(self.users)


@dataclass(frozen=True, eq=False)
class ForecastBlock:
    """A block of consecutive events of each user, to be forecast from moments inside it.

    Attributes
    ----------
    log
        The whole log, from which histories are cut.
    catalog
        Gives the interests of items.
    users
        Users who have such a block, int32, shape (n_users,).
    starts
        Events of the user before the block, int64, shape (n_users,).
    length
        Events in the block, the same for all.
    step
        Events between two moments of one user.
    """

    log: EventLog
    catalog: Catalog
    users: IntArray
    starts: NDArray[np.int64]
    length: int
    step: int

    def at(self, horizon: int) -> ForecastCases:
        """Return every case whose next `horizon` events lie inside the block.

        Raises
        ------
        DataError
            If the block is shorter than the horizon.
        """
        if not 1 <= horizon <= self.length:
            raise DataError(
                f"A horizon of {counted(horizon, 'event')} does not fit the "
                f"{counted(self.length, 'held-out event')}.",
                remedy="Hold out more events per user, or forecast fewer.",
            )
        moments = np.arange(0, self.length - horizon + 1, self.step)
        users = np.repeat(self.users, len(moments))
        ends = (self.starts[:, None] + moments).ravel()
        first = self.log.offsets[users] + ends
        events = self.log.items[first[:, None] + np.arange(horizon)]
        truth = self.catalog.interest_matrix[events].mean(axis=1, dtype=np.float64)
        return ForecastCases(PrefixHistories(self.log, users, ends), truth, users, horizon, self.catalog)

    def next_items(self) -> HeldOut:
        """Return the moments of the block as next-item cases, for tuning item models."""
        cases = self.at(1)
        ends = cases.histories.ends
        return HeldOut(cases.histories, self.log.items[self.log.offsets[cases.users] + ends], cases.users)


@dataclass(frozen=True, eq=False)
class ForecastSplit:
    """A log cut into events to learn from, a block to fit forecasters on, and a block to test them on."""

    train: EventLog
    validation: ForecastBlock
    test: ForecastBlock

    def for_items(self) -> Split:
        """Return the split that item models are tuned on: same events learned from, same ones held out."""
        name = f"held-out-future({self.test.length}, step={self.test.step})"
        return Split(name, self.train, self.validation.next_items(), self.test.next_items())


def hold_out_future(
    log: EventLog, catalog: Catalog, length: int = 20, min_history: int = 10, step: int = 5
) -> ForecastSplit:
    """Hold out each user's last `length` events for test, and the `length` before them for validation.

    Parameters
    ----------
    log, catalog
        The events, and the interests of their items.
    length
        Held-out events per block.
    min_history
        Events that must come before a block; users with fewer are learned from and not tested there.
    step
        Events between two moments of one user.

    Notes
    -----
    It leaks as every cut by position in the sequence does: events of other users that happened later are
    learned from.

    Raises
    ------
    DataError
        If no user has events enough.

    Examples
    --------
    >>> catalog = Catalog(["a", "b"], ["A", "B"], [("War",), ("Drama",)])
    >>> log = EventLog(("ann",), np.array([0, 6]), np.array([0, 0, 0, 1, 1, 0], dtype=np.int32))
    >>> split = hold_out_future(log, catalog, length=2, min_history=1)
    >>> split.train.items.tolist(), split.test.at(2).truth.tolist()
    ([0, 0], [[0.5, 0.5]])
    """
    if length < 1 or min_history < 0 or step < 1:
        raise DataError(
            f"Cannot hold out {counted(length, 'event')} after {min_history} with a step of {step}.",
            remedy="Give a length and a step of at least one.",
        )
    tested = np.flatnonzero(log.lengths >= length + min_history).astype(np.int32)
    fitted = np.flatnonzero(log.lengths >= 2 * length + min_history).astype(np.int32)
    if len(fitted) == 0:
        raise DataError(
            f"No user has the {counted(2 * length + min_history, 'event')} that two blocks of {length} need.",
            remedy="Hold out fewer events per user or use data with longer histories.",
        )
    held_out = np.zeros(log.n_users, dtype=np.int64)
    held_out[tested] += length
    held_out[fitted] += length
    from_end = log.offsets[1:][log.users] - np.arange(log.n_events)
    ends = log.lengths
    return ForecastSplit(
        log.keep(from_end > held_out[log.users]),
        ForecastBlock(log, catalog, fitted, ends[fitted] - 2 * length, length, step),
        ForecastBlock(log, catalog, tested, ends[tested] - length, length, step),
    )
