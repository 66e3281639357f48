from __future__ import annotations

import numpy as np

from nextinterest.data.features import gaps, sessions
from nextinterest.domain import History


def history(n: int, times: list[int] | None = None) -> History:
    return History(
        np.arange(n, dtype=np.int32),
        None if times is None else np.array(times, dtype=np.int64),
    )


def test_gaps_and_sessions_follow_the_times() -> None:
    five = history(5, [0, 0, 1800, 3601, 3700])
    since = gaps(five)
    assert since is not None
    assert np.isnan(since[0])
    assert since[1:].tolist() == [0, 1800, 1801, 99]
    found = sessions(five)
    assert found is not None
    assert found.tolist() == [0, 0, 0, 1, 1]
    wider = sessions(five, gap=1801)
    assert wider is not None
    assert wider.tolist() == [0] * 5


def test_without_times_there_is_nothing_to_say() -> None:
    bare = history(3)
    assert (gaps(bare), sessions(bare)) == (None, None)


def test_an_empty_history_has_empty_features() -> None:
    empty = history(0, [])
    for feature in (gaps(empty), sessions(empty)):
        assert feature is not None
        assert feature.shape == (0,)
