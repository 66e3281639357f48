"""Splits: which events are learned from, which are predicted.

Every held-out event is predicted from all events of its user before it. Nothing here scores anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import overload

import numpy as np
from numpy.typing import NDArray

from nextinterest.counting import counted
from nextinterest.data.log import EventLog
from nextinterest.domain import History, IntArray
from nextinterest.errors import DataError

__all__ = [
    "HeldOut",
    "PrefixHistories",
    "Split",
    "dated",
    "leave_last_out",
    "leave_one_out",
    "split_named",
    "time_split",
]


class PrefixHistories(Sequence[History]):
    """Histories cut from a log when asked for: case i is the first ``ends[i]`` events of ``users[i]``."""

    def __init__(self, log: EventLog, users: IntArray, ends: NDArray[np.int64]) -> None:
        self.log, self.users, self.ends = log, users, ends

    def __len__(self) -> int:
        return len(self.users)

    @overload
    def __getitem__(self, index: int) -> History: ...
    @overload
    def __getitem__(self, index: slice) -> PrefixHistories: ...
    def __getitem__(self, index: int | slice) -> History | PrefixHistories:
        if isinstance(index, slice):
            return PrefixHistories(self.log, self.users[index], self.ends[index])
        return self.log.history(int(self.users[index]), int(self.ends[index]))


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Events to predict.

    Attributes
    ----------
    histories
        What came before each event, n of them, cut lazily from the whole log.
    targets
        Catalogue position of the event to predict, int32, shape (n,).
    users
        Index of the user in the log, int32, shape (n,); a user with several held-out events recurs.
    """

    histories: PrefixHistories
    targets: IntArray
    users: IntArray

    def __len__(self) -> int:
        return len(self.targets)

    def __repr__(self) -> str:
        """Return the counts, not the cases."""
        return f"HeldOut({counted(len(self), 'case')} of {counted(len(np.unique(self.users)), 'user')})"

    def take(self, where: NDArray[np.int64]) -> HeldOut:
        """Return the cases at these positions, in that order."""
        h = self.histories
        return HeldOut(
            PrefixHistories(h.log, h.users[where], h.ends[where]), self.targets[where], self.users[where]
        )


@dataclass(frozen=True, eq=False)
class Split:
    """A log cut into events to learn from and events to predict.

    Attributes
    ----------
    name
        The protocol and its arguments, such as ``leave-one-out``.
    train
        Events to learn from. Users and their indices are those of the whole log.
    validation, test
        Events to predict: validation to choose by, test to report once.
    """

    name: str
    train: EventLog
    validation: HeldOut
    test: HeldOut


def _held_out(log: EventLog, events: NDArray[np.int64]) -> HeldOut:
    users = log.users[events]
    return HeldOut(PrefixHistories(log, users, events - log.offsets[users]), log.items[events], users)


def leave_one_out(log: EventLog) -> Split:
    """Hold out each user's last event for test and the one before it for validation.

    What it leaks: the cut is at a different moment for every user, so a model learns from events of other
    users that happened after the event it predicts (item popularity, new items). It is the field's usual
    protocol and its numbers are comparable; `time_split` is the honest one for deployment.

    Users with fewer than three events are learned from and not tested.

    Examples
    --------
    >>> import numpy as np
    >>> from nextinterest.data.log import EventLog
    >>> log = EventLog(("ann",), np.array([0, 4]), np.array([7, 8, 9, 5], dtype=np.int32))
    >>> split = leave_one_out(log)
    >>> split.train.items.tolist(), split.validation.targets.tolist(), split.test.targets.tolist()
    ([7, 8], [9], [5])
    >>> split.test.histories[0].items.tolist()
    [7, 8, 9]
    """
    return leave_last_out(log, 1, 1)


def leave_last_out(log: EventLog, n_test: int = 1, n_validation: int = 1) -> Split:
    """Hold out each user's last `n_test` events, and the `n_validation` before them.

    Each held-out event is one case, predicted from everything before it (earlier held-out events of the
    same user included, as they would be known by then); nothing is learned from held-out events. It leaks
    as `leave_one_out` does. Cases of one user are not independent: resample users, not cases.

    Users with fewer than ``n_test + n_validation + 1`` events are learned from and not tested.

    Raises
    ------
    DataError
        If a number is below one, or no user has events enough.
    """
    if n_test < 1 or n_validation < 1:
        raise DataError(f"At least one event must be held out; got {n_test} and {n_validation}.")
    enough = log.lengths >= n_test + n_validation + 1
    if not enough.any():
        raise DataError(
            f"No user has {counted(n_test + n_validation + 1, 'event')}, so none can be held out.",
            remedy="Hold out fewer events per user or use data with longer histories.",
        )
    from_end = log.offsets[1:][log.users] - np.arange(log.n_events)  # 1 for a user's last event
    tested = enough[log.users]
    test = np.flatnonzero(tested & (from_end <= n_test))
    validation = np.flatnonzero(tested & (from_end > n_test) & (from_end <= n_test + n_validation))
    train = log.keep(~tested | (from_end > n_test + n_validation))
    one = n_test == n_validation == 1
    name = "leave-one-out" if one else f"leave-last-out(test={n_test}, validation={n_validation})"
    return Split(name, train, _held_out(log, validation), _held_out(log, test))


def time_split(log: EventLog, validation_from: int, test_from: int) -> Split:
    """Cut all users at the same two moments (seconds since 1970 UTC).

    Events before `validation_from` are learned from, events from `test_from` on are tested, those between
    validate. Each held-out event is predicted from all events of its user before it. No event of the
    future is learned from. What it leaks: hyperparameters chosen on validation have seen the time right
    before the test. Users whose first event is held out have an empty history (cold users), which is no
    leak but lowers every number.

    Raises
    ------
    DataError
        If the log has no times or no events, the moments are out of order, or a part is empty.
    """
    if log.times is None:
        raise DataError("A time split needs times, and this log has none.", remedy="Use leave-one-out.")
    if log.n_events == 0:
        raise DataError("A time split needs events, and this log has none.", remedy="Check the data.")
    if validation_from >= test_from:
        raise DataError(
            f"Validation starts at {_day(validation_from)}, not before the test at {_day(test_from)}.",
            remedy="Give validation_from < test_from, both in seconds since 1970.",
            command="Give a --validation-from before --test-from.",
        )
    in_test = log.times >= test_from
    in_validation = (log.times >= validation_from) & ~in_test
    in_train = ~(in_test | in_validation)
    for part, mask in (("train", in_train), ("validation", in_validation), ("test", in_test)):
        if not mask.any():
            raise DataError(
                f"The {part} part of the time split is empty; times run from "
                f"{_day(log.times.min())} to {_day(log.times.max())}.",
                remedy="Choose moments inside that range.",
            )
    return Split(
        f"time(validation_from={validation_from}, test_from={test_from})",
        log.keep(in_train),
        _held_out(log, np.flatnonzero(in_validation)),
        _held_out(log, np.flatnonzero(in_test)),
    )


def _day(seconds: int) -> str:
    """Return seconds since 1970 with their date beside."""
    return f"{seconds} ({datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M} UTC)"


def dated(name: str) -> str:
    """Return the name of a split with dates beside its moments.

    Examples
    --------
    >>> dated("time(validation_from=1746302400, test_from=1748736000)")
    'time(validation_from=1746302400 (2025-05-03 20:00 UTC), test_from=1748736000 (2025-06-01 00:00 UTC))'
    """
    return re.sub(r"(?<=_from=)\d+", lambda found: _day(int(found[0])), name)


def split_named(log: EventLog, name: str) -> Split | None:
    """Return the split of a log that has this `Split.name`, None if the name is of no kind known here.

    Examples
    --------
    >>> import numpy as np
    >>> from nextinterest.data.log import EventLog
    >>> log = EventLog(("ann",), np.array([0, 4]), np.array([7, 8, 9, 5], dtype=np.int32))
    >>> split = split_named(log, "leave-last-out(test=1, validation=2)")
    >>> split.name, split.train.items.tolist()
    ('leave-last-out(test=1, validation=2)', [7])
    """
    if name == "leave-one-out":
        return leave_one_out(log)
    if found := re.fullmatch(r"leave-last-out\(test=(\d+), validation=(\d+)\)", name):
        return leave_last_out(log, int(found[1]), int(found[2]))
    if found := re.fullmatch(r"time\(validation_from=(\d+), test_from=(\d+)\)", name):
        return time_split(log, int(found[1]), int(found[2]))
    return None
