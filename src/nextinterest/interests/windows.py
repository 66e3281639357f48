"""Windows of a user's own pace, and sessions: where a history is cut to be looked at over time.

Windows hold about equally many events, so that a slow year and a busy evening weigh what the user gave them;
a cut moves to the longest pause nearby, so that no sitting is split where it need not be.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nextinterest.data.features import SESSION_GAP, sessions
from nextinterest.domain import History

__all__ = ["own_pace_windows", "session_starts"]

TARGET_EVENTS = 15
MAX_WINDOWS = 12


def session_starts(history: History, gap_seconds: int = SESSION_GAP) -> NDArray[np.int64]:
    """Return the index of the first event of each session; one session where times are unknown.

    Examples
    --------
    >>> session_starts(History(np.zeros(4), times=np.array([0, 60, 7200, 7260]))).tolist()
    [0, 2]
    """
    session = sessions(history, gap_seconds)
    if session is None:
        return np.zeros(min(len(history), 1), dtype=np.int64)
    return np.flatnonzero(np.diff(session, prepend=-1))


def own_pace_windows(
    history: History, target_events: int = TARGET_EVENTS, max_windows: int = MAX_WINDOWS
) -> list[tuple[int, int]]:
    """Cut a history into windows of at least about `target_events` events each.

    Returns
    -------
    list of (int, int)
        First index and one past the last, oldest window first; together they cover the history.

    Examples
    --------
    >>> own_pace_windows(History(np.zeros(6)), target_events=3)
    [(0, 3), (3, 6)]
    >>> own_pace_windows(History(np.zeros(6), times=np.array([0, 1, 2, 3, 90000, 90001])), target_events=3)
    [(0, 4), (4, 6)]
    """
    n = len(history)
    if n == 0:
        return []
    n_windows = int(np.clip(n // target_events, 1, max_windows))
    cuts = np.round(np.arange(1, n_windows) * n / n_windows).astype(np.int64)
    if history.times is not None and len(cuts):
        reach = max(1, int(0.3 * n / n_windows))
        pauses = np.diff(history.times)
        moved = []
        for cut in cuts:
            near = np.arange(max(1, cut - reach), min(n - 1, cut + reach) + 1)
            longest = near[np.argmax(pauses[near - 1])]
            moved.append(int(longest) if pauses[longest - 1] > SESSION_GAP else int(cut))
        cuts = np.array(moved, dtype=np.int64)
    edges = [0, *cuts.tolist(), n]
    return list(pairwise(edges))
