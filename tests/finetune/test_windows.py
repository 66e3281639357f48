"""Windows: every place's targets are what can follow it, ties in equal shares, nothing seen can be next."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data import EventLog
from nextinterest.finetune.windows import Window, Windows


def one_user(items: list[int], times: list[int]) -> EventLog:
    return EventLog(
        ("ann",),
        np.array([0, len(items)]),
        np.array(items, dtype=np.int32),
        np.array(times, dtype=np.int64),
    )


def test_targets_of_a_tie_share_equally_and_what_was_seen_is_excluded() -> None:
    windows = Windows(one_user([3, 1, 2, 0], [10, 20, 20, 30]), 6, window=10)
    batch = windows.batch([Window(0, 0, 3)], np.random.default_rng(0))
    assert batch.items[0, 0] == 3
    first = {
        int(c): float(s) for r, c, s in zip(batch.rows, batch.columns, batch.shares, strict=True) if r == 0
    }
    assert first == {1: 0.5, 2: 0.5}
    assert batch.excluded is not None
    assert batch.excluded[0].tolist() == [False, False, False, True, True, True]  # 4 and 5 are in no log
    last = [(int(r), int(c)) for r, c in zip(batch.rows, batch.columns, strict=True) if r == 2]
    assert last == [(2, 0)]


def test_ties_in_order_when_they_mean_something() -> None:
    windows = Windows(one_user([3, 1, 2, 0], [10, 20, 20, 30]), 4, window=10, exchangeable_ties=False)
    batch = windows.batch([Window(0, 0, 3)], np.random.default_rng(0))
    assert batch.items.tolist() == [[3, 1, 2]]
    assert batch.columns.tolist() == [1, 2, 0]


def test_shuffling_shows_every_order_of_a_tie() -> None:
    windows = Windows(one_user([3, 1, 2, 0], [10, 20, 20, 30]), 4, window=10)
    rng = np.random.default_rng(0)
    orders = {tuple(windows.batch([Window(0, 0, 3)], rng).items[0].tolist()) for _ in range(40)}
    assert orders == {(3, 1, 2), (3, 2, 1)}


def test_a_repeated_item_stays_possible() -> None:
    windows = Windows(one_user([1, 2, 1], [1, 2, 3]), 3, window=10)
    batch = windows.batch([Window(0, 0, 2)], np.random.default_rng(0))
    assert batch.excluded is not None
    assert not batch.excluded[batch.rows, batch.columns].any()


@settings(deadline=None, max_examples=60)
@given(
    length=st.integers(2, 40),
    window=st.integers(1, 12),
    seed=st.integers(0, 99),
    span=st.integers(1, 10),
)
def test_windows_cover_every_place_and_shares_sum_to_one(
    length: int, window: int, seed: int, span: int
) -> None:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(0, span, length)).tolist()
    log = one_user(rng.permutation(50)[:length].tolist(), times)
    windows = Windows(log, 50, window)
    rows = windows.epoch(rng)
    covered = np.zeros(length, dtype=int)
    for _, first, end, _ in rows:
        assert 0 <= first < end <= length - 1
        assert end - first <= window
        covered[first:end] += 1
    assert (covered[: length - 1] >= 1).all()
    assert covered[length - 1] == 0  # the last event is only a target
    batch = windows.batch(rows, rng)
    sums = torch.zeros(len(batch)).index_add_(0, batch.rows, batch.shares)
    assert torch.allclose(sums, torch.ones(len(batch)))
    assert batch.excluded is not None
    assert not batch.excluded[batch.rows, batch.columns].any()


@settings(deadline=None)
@given(
    length=st.integers(2, 40),
    window=st.integers(1, 12),
    overlap=st.floats(0, 0.95),
    seed=st.integers(0, 99),
)
def test_overlapping_windows_make_every_event_a_target_once(
    length: int, window: int, overlap: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    log = one_user(list(range(length)), list(range(length)))  # an item's number is its position
    windows = Windows(log, length, window, overlap=overlap)
    rows = windows.epoch(rng)
    assert max(row.end - row.first for row in rows) <= window
    batch = windows.batch(rows, rng)
    assert sorted(batch.columns.tolist()) == list(range(1, length))
    read = batch.items.flatten()[batch.positions]
    assert (read + 1 == batch.columns).all()
    sums = torch.zeros(len(batch)).index_add_(0, batch.rows, batch.shares)
    assert torch.allclose(sums, torch.ones(len(batch)))
