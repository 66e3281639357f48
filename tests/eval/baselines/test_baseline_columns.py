"""Histories as columns: the fast path from a log and the general path give the same, and cut rightly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data.splits import Split
from nextinterest.domain import Catalog, History
from nextinterest.errors import DataError
from nextinterest.eval.baselines.columns import UNKNOWN_TIME, HistoryColumns

lists = st.lists(st.lists(st.integers(0, 9), max_size=7), max_size=6)


def histories(rows: list[list[int]]) -> list[History]:
    return [History(np.array(row, dtype=np.int32)) for row in rows]


def test_cut_from_a_log_equals_one_by_one(split: Split, catalog: Catalog) -> None:
    lazy = split.test.histories
    fast, general = HistoryColumns.of(lazy, len(catalog)), HistoryColumns.of(list(lazy), len(catalog))
    np.testing.assert_array_equal(fast.offsets, general.offsets)
    np.testing.assert_array_equal(fast.items, general.items)
    np.testing.assert_array_equal(fast.now, general.now)


@settings(deadline=None)
@given(lists, st.integers(1, 5))
def test_newest_and_padded_keep_the_end(rows: list[list[int]], n: int) -> None:
    columns = HistoryColumns.of(histories(rows), 10)
    newest = columns.newest(n)
    parts = np.split(newest.items, newest.offsets[1:-1]) if rows else []
    assert [part.tolist() for part in parts] == [row[-n:] for row in rows]
    padded = columns.padded(n, pad=10).tolist()
    assert padded == [[10] * (n - len(row[-n:])) + row[-n:] for row in rows]


@settings(deadline=None)
@given(lists, st.one_of(st.none(), st.floats(0.5, 10)))
def test_weighted_rows(rows: list[list[int]], half_life: float | None) -> None:
    matrix = HistoryColumns.of(histories(rows), 10).weighted(10, half_life).toarray()
    expected = np.zeros((len(rows), 10))
    for r, row in enumerate(rows):
        for age, item in enumerate(reversed(row)):
            expected[r, item] += 1.0 if half_life is None else 0.5 ** (age / half_life)
    np.testing.assert_allclose(matrix, np.minimum(expected, 1.0), rtol=1e-5)


def test_unknown_times_and_positions() -> None:
    dated = History(np.array([1, 2]), np.array([5, 9]))
    columns = HistoryColumns.of([dated, History(np.array([3])), History(np.array([], dtype=np.int32))], 4)
    assert columns.now.tolist() == [9, UNKNOWN_TIME, UNKNOWN_TIME]
    with pytest.raises(DataError, match="positions from 1 to 2"):
        HistoryColumns.of([dated], 2)
