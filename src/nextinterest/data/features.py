"""Gaps between a history's events, and the sessions they form.

Each function looks only at the history it is given; cutting a history at an event never changes the result
for the events before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import History, IntArray

__all__ = ["SESSION_GAP", "gaps", "sessions"]

SESSION_GAP = 30 * 60
"""Seconds of silence that end a session; half an hour is the convention of web analytics."""


def gaps(history: History) -> NDArray[np.float64] | None:
    """Return the seconds since the previous event, shape (n_events,), NaN for the first; None without times.

    Examples
    --------
    >>> gaps(History(np.array([4, 2, 7]), np.array([100, 160, 160]))).tolist()
    [nan, 60.0, 0.0]
    """
    if history.times is None:
        return None
    result = np.full(len(history), np.nan)
    result[1:] = np.diff(history.times)
    return result


def sessions(history: History, gap: int = SESSION_GAP) -> IntArray | None:
    """Return the session of each event, counted from 0, shape (n_events,); None without times.

    A session ends where more than `gap` seconds pass before the next event.

    Examples
    --------
    >>> sessions(History(np.array([4, 2, 7]), np.array([0, 60, 60 + 1801]))).tolist()
    [0, 0, 1]
    """
    since = gaps(history)
    if since is None:
        return None
    return np.cumsum(since > gap, dtype=np.int32)  # NaN compares false, so the first session is 0
