from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data import EventLog, Split, leave_last_out, leave_one_out, split_named, time_split
from nextinterest.data.splits import dated
from nextinterest.errors import DataError

LENGTHS = st.lists(st.integers(0, 8), min_size=1, max_size=6)


def make_log(lengths: list[int], times: bool = True) -> EventLog:
    users = np.repeat(np.arange(len(lengths)), lengths).astype(np.int32)
    n = len(users)
    items = np.arange(n, dtype=np.int32)  # each event its own item, so that events can be told apart
    when = (np.arange(n, dtype=np.int64) * 7919) % 101 if times else None
    return EventLog.from_arrays([f"u{u}" for u in range(len(lengths))], users, items, when)


def events_of(split: Split) -> list[int]:
    return [*split.train.items.tolist(), *split.validation.targets.tolist(), *split.test.targets.tolist()]


@settings(deadline=None, max_examples=200)
@given(lengths=LENGTHS, n_test=st.integers(1, 3), n_validation=st.integers(1, 3))
def test_leave_last_out_holds_out_the_last_events_of_each_user(
    lengths: list[int], n_test: int, n_validation: int
) -> None:
    log = make_log(lengths)
    needed = n_test + n_validation + 1
    if max(lengths) < needed:
        with pytest.raises(DataError, match=f"No user has {needed} events"):
            leave_last_out(log, n_test, n_validation)
        return
    split = leave_last_out(log, n_test, n_validation)
    assert sorted(events_of(split)) == sorted(log.items.tolist())
    assert split.train.user_ids == log.user_ids
    for u in range(log.n_users):
        whole = log.history(u).items.tolist()
        trained = split.train.history(u).items.tolist()
        validated = split.validation.targets[split.validation.users == u].tolist()
        tested = split.test.targets[split.test.users == u].tolist()
        if len(whole) < needed:
            assert (trained, validated, tested) == (whole, [], [])
        else:
            assert tested == whole[-n_test:]
            assert trained + validated + tested == whole
            assert len(validated) == n_validation
    for held in (split.validation, split.test):
        for case in range(len(held)):
            whole = log.history(int(held.users[case])).items.tolist()
            at = whole.index(int(held.targets[case]))
            assert held.histories[case].items.tolist() == whole[:at]


def test_leave_one_out_is_named_so_and_takes_one_of_each() -> None:
    split = leave_one_out(make_log([4, 2, 3]))
    assert split.name == "leave-one-out"
    assert split.test.users.tolist() == split.validation.users.tolist() == [0, 2]
    assert split.train.lengths.tolist() == [2, 2, 1]


@pytest.mark.parametrize("numbers", [(0, 1), (1, 0)])
def test_at_least_one_event_must_be_held_out(numbers: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="At least one event"):
        leave_last_out(make_log([5]), *numbers)


@settings(deadline=None, max_examples=200)
@given(lengths=LENGTHS, cut=st.tuples(st.integers(0, 101), st.integers(0, 101)))
def test_time_split_cuts_everyone_at_the_same_moments(lengths: list[int], cut: tuple[int, int]) -> None:
    log = make_log(lengths)
    assert log.times is not None
    low, high = cut
    parts = [log.times < low, (log.times >= low) & (log.times < high), log.times >= high]
    if low >= high or not all(part.any() for part in parts):
        with pytest.raises(DataError):
            time_split(log, low, high)
        return
    split = time_split(log, low, high)
    found = [split.train.items, split.validation.targets, split.test.targets]
    for part, items in zip(parts, found, strict=True):
        assert items.tolist() == log.items[part].tolist()
    assert split.train.times is not None
    assert split.train.times.max() < low
    for held in (split.validation, split.test):
        for case in range(len(held)):
            history = held.histories[case]
            whole = log.history(int(held.users[case])).items.tolist()
            assert whole[: len(history) + 1] == [*history.items.tolist(), int(held.targets[case])]


def test_time_split_keeps_cold_users_with_empty_histories() -> None:
    log = EventLog.from_arrays(
        ["old", "new"],
        np.array([0, 0, 0, 1], np.int32),
        np.array([0, 1, 2, 3], np.int32),
        np.array([1, 5, 9, 9], np.int64),
    )
    split = time_split(log, 5, 9)
    assert [len(split.test.histories[i]) for i in range(2)] == [2, 0]
    assert split.test.histories[1].user == "new"


def test_time_split_needs_times() -> None:
    with pytest.raises(DataError, match="needs times"):
        time_split(make_log([5], times=False), 1, 2)


def test_held_out_cases_can_be_taken_in_any_order_and_sliced() -> None:
    held = leave_last_out(make_log([6, 5]), 2, 1).test
    taken = held.take(np.array([3, 0]))
    assert taken.targets.tolist() == [held.targets[3], held.targets[0]]
    assert taken.histories[0].items.tolist() == held.histories[3].items.tolist()
    assert [len(h) for h in held.histories[1:3]] == [len(held.histories[1]), len(held.histories[2])]


@pytest.mark.parametrize(
    "split",
    [
        leave_one_out(make_log([4, 6])),
        leave_last_out(make_log([4, 6]), 2, 1),
        time_split(make_log([9, 9]), 30, 60),
    ],
)
def test_a_split_is_made_again_from_its_name(split: Split) -> None:
    log = split.test.histories.log
    again = split_named(log, split.name)
    assert again is not None
    assert again.name == split.name
    assert events_of(again) == events_of(split)
    assert split_named(log, "by moon phase") is None


def test_moments_of_a_time_split_have_dates_beside() -> None:
    log = EventLog(("ann",), np.array([0, 3]), np.arange(3, dtype=np.int32), np.array([0, 86_400, 172_800]))
    name = time_split(log, 86_400, 172_800).name
    assert name == "time(validation_from=86400, test_from=172800)"  # by which it is found again
    assert "86400 (1970-01-02 00:00 UTC)" in dated(name)
    assert dated("leave-one-out") == "leave-one-out"
    with pytest.raises(DataError, match=r"172800 \(1970-01-03 00:00 UTC\), not before"):
        time_split(log, 172_800, 86_400)
    with pytest.raises(DataError, match=r"run from 0 \(1970-01-01 00:00 UTC\) to 172800"):
        time_split(log, 200_000, 300_000)
