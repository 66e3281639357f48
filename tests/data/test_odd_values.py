"""Values that are readable and hardly meant, or not readable at all: noted, counted and shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextinterest.counting import counted
from nextinterest.data import load

HEADER = "user_id,item_id,timestamp\n"
RECENT = "".join(f"u{i},i{i},{1700000000 + i}\n" for i in range(6))


def written(folder: Path, text: str, name: str = "log.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("17000002", "1970-07-16"),
        ("45285", "1970-01-01"),
        ("0", "1970-01-01"),
        ("1970-01-01", "1970-01-01"),
        ("1970-01-01 00:00:00", "1970-01-01"),
        ("20231301", "1970-08-23"),
    ],
)
def test_times_long_before_the_rest_are_counted_with_the_first(tmp_path: Path, cell: str, day: str) -> None:
    dataset = load(written(tmp_path, f"{HEADER}{RECENT}v,a,{cell}\nv,b,{cell}\n"))
    assert dataset.log.n_events == 8
    assert dataset.report.notes == (
        "2 times of timestamp more than 20 years before the rest, which begin 2023-11-14: "
        f"the first is {day} at log.csv:8",
    )


def test_a_long_history_without_a_gap_needs_no_note(tmp_path: Path) -> None:
    rows = "".join(f"u,i{year},{year}-01-01\n" for year in range(1971, 2024, 5))
    assert load(written(tmp_path, HEADER + rows)).report.notes == ()


@pytest.mark.parametrize("n", [1, 3, 8, 20])
def test_days_as_numbers_and_seconds_are_each_read_as_what_they_are(tmp_path: Path, n: int) -> None:
    days = "".join(f"u,i{day},202301{day:02}\n" for day in range(1, 9))
    seconds = "".join(f"u,x{i},{1700000000 + i}\n" for i in range(n))
    dataset = load(written(tmp_path, HEADER + days + seconds))
    assert dataset.log.times is not None
    expected = [1672531200 + 86400 * day for day in range(8)] + [1700000000 + i for i in range(n)]
    assert dataset.log.times.tolist() == expected
    assert dataset.report.dropped == ()
    few = f"{counted(n, 'number')} of timestamp by their size (1700000000)"
    assert dataset.report.notes == (
        ("timestamp as YYYYMMDD", few) if n <= 8 else ("8 numbers of timestamp as YYYYMMDD (20230101)",)
    )


def test_placeholders_beside_days_as_numbers_cannot_be_read(tmp_path: Path) -> None:
    days = "".join(f"u,i{day},202301{day:02}\n" for day in range(1, 9))
    dataset = load(written(tmp_path, f"{HEADER}{days}u,x,99999999\nu,y,0\nu,z,9999999999\n"))
    assert [(d.reason, d.count, d.first) for d in dataset.report.dropped] == [
        ("unreadable time", 3, "log.csv:10")
    ]


@pytest.mark.parametrize("time", ["1260759144000", "2009-12-14 02:52:24"])
def test_times_of_movielens_are_read_as_those_of_any_table(tmp_path: Path, time: str) -> None:
    rows = f"userId,movieId,rating,timestamp\n1,31,2.5,{time}\n"
    dataset = load(written(tmp_path, rows, "ratings.csv"))
    assert dataset.log.times is not None
    assert dataset.log.times.tolist() == [1260759144]
