from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data import EventLog
from nextinterest.domain import Kinds
from nextinterest.errors import DataError

EVENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=40)


def build(events: list[tuple[int, int, int]]) -> EventLog:
    users, items, times = (np.array(column) for column in zip(*events, strict=True))
    ratings = np.arange(len(events), dtype=np.float32)
    names = [f"u{u}" for u in range(4)]
    return EventLog.from_arrays(names, users.astype(np.int32), items.astype(np.int32), times, ratings)


@settings(deadline=None, max_examples=200)
@given(events=EVENTS)
def test_sorted_by_user_then_time_then_the_order_of_the_file(events: list[tuple[int, int, int]]) -> None:
    log = build(events)
    expected = sorted(range(len(events)), key=lambda i: (events[i][0], events[i][2], i))
    assert log.ratings is not None
    assert log.ratings.tolist() == [float(i) for i in expected]
    assert log.items.tolist() == [events[i][1] for i in expected]
    assert log.users.tolist() == [events[i][0] for i in expected]
    assert log.lengths.sum() == log.n_events == len(events)
    assert sum(len(history) for history in log.histories()) == len(events)


@settings(deadline=None, max_examples=100)
@given(events=EVENTS, seed=st.integers(0, 99))
def test_keep_is_a_filter_that_leaves_users_in_place(events: list[tuple[int, int, int]], seed: int) -> None:
    log = build(events)
    mask = np.random.default_rng(seed).random(log.n_events) < 0.5
    kept = log.keep(mask)
    assert kept.user_ids == log.user_ids
    assert kept.items.tolist() == log.items[mask].tolist()
    assert kept.users.tolist() == log.users[mask].tolist()


def test_without_times_the_order_of_the_file_is_the_order() -> None:
    log = EventLog.from_arrays(["a", "b"], np.array([1, 0, 1], np.int32), np.array([5, 6, 7], np.int32))
    assert [h.items.tolist() for h in log.histories()] == [[6], [5, 7]]
    assert log.history(1).times is None
    assert log.history(1, end=1).items.tolist() == [5]
    assert log.user_index == {"a": 0, "b": 1}
    assert log.item_counts(9).tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 0]


def test_the_fingerprint_sees_every_column() -> None:
    events = [(0, 1, 2), (1, 2, 3), (1, 3, 3)]
    logs = [
        build(events),
        build(events[:2]),
        build([(0, 1, 2), (1, 3, 3), (1, 2, 3)]),
        build([(0, 1, 1), (1, 2, 3), (1, 3, 3)]),
    ]
    assert len({log.fingerprint for log in logs}) == 4
    assert build(events).fingerprint == logs[0].fingerprint


def test_offsets_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(DataError, match="do not cover"):
        EventLog(("a",), np.array([0, 2]), np.array([1], np.int32))


def test_fractions_of_a_second_order_events_and_are_part_of_the_fingerprint() -> None:
    users, items = np.zeros(3, dtype=np.int32), np.array([0, 1, 2], dtype=np.int32)
    times, late = np.array([5, 5, 5]), np.array([900, 100, 500], dtype=np.int32)
    whole = EventLog.from_arrays(["u"], users, items, times)
    fine = EventLog.from_arrays(["u"], users, items, times, nanoseconds=late)
    assert fine.items.tolist() == [1, 2, 0]
    assert whole.moments is not None
    assert fine.moments is not None
    assert whole.moments.tolist() == [5, 5, 5]
    assert fine.moments.tolist() == [5_000_000_100, 5_000_000_500, 5_000_000_900]
    history = fine.keep(np.array([True, False, True])).history(0)
    assert history.nanoseconds is not None
    assert history.nanoseconds.tolist() == [100, 900]
    other = EventLog.from_arrays(["u"], users, items, times, nanoseconds=late + 1)
    assert fine.fingerprint != other.fingerprint


def test_kinds_and_weights_are_columns_of_the_log() -> None:
    users, items = np.array([1, 0, 1], np.int32), np.array([0, 1, 2], np.int32)
    kinds, weights = Kinds.of(["view", "buy", "buy"]), np.array([1, 2, np.nan], np.float32)
    bare = EventLog.from_arrays(["a", "b"], users, items)
    log = EventLog.from_arrays(["a", "b"], users, items, kinds=kinds, weights=weights)
    assert len({bare.fingerprint, log.fingerprint}) == 2
    assert bare.fingerprint == EventLog.from_arrays(["a", "b"], users, items).fingerprint
    first, second = log.histories()
    assert first.kinds is not None
    assert second.kinds is not None
    assert [first.kinds.name(0), second.kinds.name(0), second.kinds.name(1)] == ["buy", "view", "buy"]
    assert first.weights is not None
    assert first.weights.tolist() == [2.0]
    kept = log.keep(np.array([True, False, True]))
    assert kept.kinds is not None
    assert kept.kinds.counts() == {"buy": 2}
