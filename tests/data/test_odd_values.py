"""Values that are readable and hardly meant, or not readable at all: noted, counted and shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nextinterest.cli.main import app
from nextinterest.counting import counted
from nextinterest.data import CleaningConfig, load
from nextinterest.errors import DataError

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


BAD = {
    "time": ("timestamp", "13h later", "2023-12-25", "unreadable time"),
    "rating": ("rating", "5 stars", "5", "unreadable rating"),
}


@pytest.mark.parametrize("field", BAD)
def test_the_cell_that_cannot_be_read_is_shown_with_what_helps(tmp_path: Path, field: str) -> None:
    column, bad, good, reason = BAD[field]
    path = written(tmp_path, f"user,item,{column}\nu,a,{good}\nu,b,{bad} {'x' * 60}\n")
    (dropped,) = load(path).report.dropped
    assert (dropped.reason, dropped.first) == (reason, "log.csv:3")
    assert dropped.cell is not None
    assert dropped.cell.startswith(f"'{bad} xxx")
    assert len(dropped.cell) < 50
    with pytest.raises(DataError, match=rf"log\.csv:3: {reason} \('{bad}"):
        load(path, strict=True)
    path.write_text(f"user,item,{column}\nu,a,{bad}\nu,b,{bad}\n")
    with pytest.raises(DataError, match=rf"first at log\.csv:2 \('{bad}'\)") as caught:
        load(path)
    assert f"columns={{'{field}': None}}" in caught.value.remedy
    assert f"--column {field}=" in caught.value.command
    assert ("--time-format" in caught.value.command) == (field == "time")
    left = load(path, columns={field: None})
    assert left.catalog.ids == ("a", "b")
    assert (left.log.times, left.log.ratings) == (None, None)
    result = CliRunner().invoke(app, ["data", "describe", str(path), "--column", f"{field}="])
    assert "nothing was dropped" in result.output


@pytest.mark.parametrize("name", ["u.data", "log.inter", "log.jsonl", "log.csv"])
def test_a_field_may_be_left_out_of_any_format(tmp_path: Path, name: str) -> None:
    text = {
        "u.data": "1\t2\tx\t881250949\n",
        "log.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\tx\t881250949\n",
        "log.jsonl": '{"user": "1", "item": "2", "rating": "x", "time": 881250949}\n',
        "log.csv": "user,item,rating,time\n1,2,x,881250949\n",
    }[name]
    log = load(written(tmp_path, text, name), columns={"rating": None}).log
    assert log.ratings is None
    assert log.times is not None
    assert log.times.tolist() == [881250949]


def test_users_items_and_unknown_fields_cannot_be_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item\nu,a\n")
    with pytest.raises(DataError, match="Events need the user"):
        load(path, columns={"user": None})
    with pytest.raises(DataError, match="There is no field 'stars'"):
        load(path, columns={"stars": None})


def test_too_few_events_name_the_options_of_the_core(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item\nu,a\n")
    with pytest.raises(DataError, match="Lower min_user_events") as caught:
        load(path, cleaning=CleaningConfig.five_core())
    assert "--k-core" in caught.value.command
