"""Which windows of the histories the language model learns from, each rendered as one prompt.

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

__all__ = ["PromptWindow", "all_windows", "fixed_windows", "newest_windows", "shown_history"]


class PromptWindow(NamedTuple):
    """Events of a user that make one prompt.

    Attributes
    ----------
    user
        Index in the log.
    first, shown
        First event and end of what is rendered.
    end
        End of the positions that are trained; the event at this position is the last target.
    """

    user: int
    first: int
    shown: int
    end: int


def fixed_windows(lengths: Sequence[int], window: int, overlap: int) -> list[Window]:
    """Return windows that cover every position but each user's last, the newest ones aligned to the end.

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


def all_windows(log: EventLog, window: int) -> list[PromptWindow]:
    """Return overlapping windows over whole histories."""
    rows = fixed_windows(log.lengths.tolist(), window, window // 3)
    return [PromptWindow(user, first, end, end) for user, first, end, _ in rows]


def newest_windows(log: EventLog, validation: HeldOut) -> list[PromptWindow]:
    """Return each user's history up to the newest validation event, trained up to the newest to learn from.

    What the renderer leaves out of it, because it is too old, is no position.
    """
    newest = np.zeros(log.n_users, dtype=np.int64)
    np.maximum.at(newest, validation.users, validation.histories.ends)
    return [
        PromptWindow(user, 0, max(length - 1, int(newest[user])), length - 1)
        for user, length in enumerate(log.lengths.tolist())
        if length > 1
    ]


def shown_history(log: EventLog, whole: EventLog, window: PromptWindow) -> History:
    """Return what is rendered for a window.

    Parameters
    ----------
    log
        What is learned from.
    whole
        The log that validation histories are cut from: `log` and what was held out of it.
    window
        The window.
    """
    source = whole if window.shown > window.end else log
    history = source.history(window.user, window.shown)
    return History(history.items[window.first :], None, None, history.user)
