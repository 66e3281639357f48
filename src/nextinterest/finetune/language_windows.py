"""Which stretches of the histories the language model learns from, each rendered as one prompt.

The newest events of a history make one prompt that ends with the user's newest validation event: a causal
model's states at the events before are none the wiser, so the frozen layers run once for training and
validation, and what is learned is what serving reads. Whole histories are cut into overlapping windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nextinterest.data import EventLog, HeldOut
from nextinterest.domain import History
from nextinterest.finetune.windows import Window

__all__ = ["Stretch", "all_stretches", "fixed_windows", "newest_stretches", "shown_history"]


class Stretch(NamedTuple):
    """Events of a user that make one prompt.

    Attributes
    ----------
    user
        Index in the log.
    first, shown
        First event and end of what is rendered.
    end
        End of the places that are trained; the event at this place is the last target.
    """

    user: int
    first: int
    shown: int
    end: int


def fixed_windows(lengths: Sequence[int], window: int, overlap: int) -> list[Window]:
    """Return windows that cover every place but each user's last, the newest ones aligned to the end.

    Examples
    --------
    >>> [(w.first, w.end) for w in fixed_windows([4, 8], window=4, overlap=1)]
    [(0, 3), (3, 7), (0, 4)]
    """
    rows: list[Window] = []
    for user, length in enumerate(lengths):
        end = length - 1
        while end > 0:
            rows.append(Window(user, max(0, end - window), end))
            end = 0 if end <= window else end - window + overlap
    return rows


def all_stretches(log: EventLog, window: int) -> list[Stretch]:
    """Return overlapping windows over whole histories."""
    rows = fixed_windows(log.lengths.tolist(), window, window // 3)
    return [Stretch(user, first, end, end) for user, first, end, _ in rows]


def newest_stretches(log: EventLog, validation: HeldOut) -> list[Stretch]:
    """Return each user's history up to the newest validation event, trained up to the newest to learn from.

    What the renderer leaves out of it, because it is too old, is no place.
    """
    newest = np.zeros(log.n_users, dtype=np.int64)
    np.maximum.at(newest, validation.users, validation.histories.ends)
    return [
        Stretch(user, 0, max(length - 1, int(newest[user])), length - 1)
        for user, length in enumerate(log.lengths.tolist())
        if length > 1
    ]


def shown_history(log: EventLog, whole: EventLog, stretch: Stretch) -> History:
    """Return what is rendered for a stretch.

    Parameters
    ----------
    log
        What is learned from.
    whole
        The log that validation histories are cut from: `log` and what was held out of it.
    stretch
        The stretch.
    """
    source = whole if stretch.shown > stretch.end else log
    history = source.history(stretch.user, stretch.shown)
    return History(history.items[stretch.first :], None, None, history.user)
