"""Which of several columns is the time, and times as tables of other programs hold them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data import Dataset, leave_one_out, load
from nextinterest.data.sources.parquet import read_parquet
from nextinterest.data.times import read_times
from nextinterest.errors import DataError

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1))


def times(dataset: Dataset) -> list[int]:
    assert dataset.log.times is not None
    return [int(time) for time in dataset.log.times]


def written(folder: Path, text: str) -> Path:
    (folder / "log.csv").write_text(text)
    return folder / "log.csv"


def test_the_finer_column_is_the_time(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "user,item,date,hourmin,time_ms\nu,a,20200705,900,1593939600123\nu,b,20200705,830,1593937800456\n",
    )
    dataset = load(path)
    assert times(dataset) == [1593937800, 1593939600]
    assert dataset.report.tied_events == 0
    assert dataset.report.notes == (
        "the time is time_ms, not date",
        "time_ms as milliseconds since 1970",
    )
    mapped = load(path, columns={"time": "date"})
    assert times(mapped) == [1593907200] * 2
    assert mapped.report.notes == ("date as YYYYMMDD",)


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        (
            "date,time\n2020-07-05,18:30\n2020-07-05,08:15:30\n",
            [1593936930, 1593973800],
            "date and time together",
        ),
        (
            "date,time\n5 Jul 2020,6:30 PM\n5 Jul 2020,8:15 am\n",
            [1593936900, 1593973800],
            "date and time together",
        ),
        (
            "time,date\n35,2020-07-05\n120,2020-07-04\n",
            [1593820800, 1593907200],
            "the time is date, not time",
        ),
        ("date,ts\n01/02/2020,1593907200\n03/02/2020,1593907201\n", [1593907200, 1593907201], "ts, not date"),
    ],
)
def test_of_several_columns_one_is_the_time(
    tmp_path: Path, text: str, expected: list[int], note: str
) -> None:
    header, *rows = text.splitlines()
    lines = [f"u,{i},{row}" for i, row in enumerate(rows)]
    dataset = load(written(tmp_path, "\n".join([f"user,item,{header}", *lines]) + "\n"))
    assert times(dataset) == expected
    assert note in " ".join(dataset.report.notes)


@pytest.mark.parametrize("missing", ["", "NA", " "])
@pytest.mark.parametrize("day", ["2020-07-05", "20200705", "5 Jul 2020"])
def test_a_missing_time_of_day_is_the_start_of_the_day(tmp_path: Path, missing: str, day: str) -> None:
    rows = f"u,a,{day},18:30\nu,b,{day},{missing}\nu,c,{day},08:15\nu,d,,08:15\n"
    dataset = load(written(tmp_path, "user,item,date,time\n" + rows))
    assert times(dataset) == [1593907200, 1593936900, 1593973800]
    assert dataset.report.notes[0] == (
        "the time is date and time together; 1 row without time, taken for the start of the day"
    )
    assert dataset.report.count("no time") == 1


def test_times_of_day_that_cannot_be_read_are_counted_too(tmp_path: Path) -> None:
    rows = "u,a,2020-07-05,18:30\nu,b,2020-07-06,late\nu,c,2020-07-07,08:15\nu,d,2020-07-08,\n"
    dataset = load(written(tmp_path, "user,item,date,time\n" + rows))
    assert times(dataset) == [1593973800, 1593993600, 1594109700, 1594166400]
    assert "2 rows without time (1 cannot be read, such as 'late')" in dataset.report.notes[0]


def test_order_within_a_second_decides_what_is_held_out(tmp_path: Path) -> None:
    rows = "u,c,1700000000900\nu,a,1700000000100\nu,b,1700000000500\nu,d,1700000001200\n"
    dataset = load(written(tmp_path, "user,item,timestamp\n" + rows))
    split = leave_one_out(dataset.log)
    held = [dataset.catalog.ids[part.targets[0]] for part in (split.validation, split.test)]
    assert held == ["c", "d"]
    assert dataset.report.tied_events == 0


def test_an_ambiguous_column_is_refused_and_each_remedy_works(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item,when\nu,a,01/02/2023\nu,b,03/04/2023\n")
    with pytest.raises(DataError, match=r"log\.csv: column 'when' can be read .*time_format=\"day-first\""):
        load(path, columns={"time": "when"})
    day = load(path, columns={"time": "when"}, time_format="day-first")
    month = load(path, columns={"time": "when"}, time_format="month-first")
    pattern = load(path, columns={"time": "when"}, time_format="%d/%m/%Y")
    assert times(day) == times(pattern) != times(month)
    with pytest.raises(DataError, match="There is no time format 'dd/mm'"):
        load(path, time_format="dd/mm")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@settings(deadline=None, max_examples=25)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=5))
def test_moments_of_parquet_and_csv_come_back_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, unit: str, zone: str | None, moments: list[datetime]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    column = pl.Series("time", moments).cast(pl.Datetime(unit))  # type: ignore[arg-type]
    if zone is not None:
        column = column.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    frame = pl.DataFrame({"time": column})
    frame.write_parquet(folder / "t.parquet")
    frame.write_csv(folder / "t.csv")
    exact = [whole * 10 ** (9 - {"ms": 3, "us": 6, "ns": 9}[unit]) for whole in column.to_physical()]
    of_parquet = read_parquet(folder / "t.parquet", lambda _: {"time": "time"}).frame["time"]
    of_csv = pl.read_csv(folder / "t.csv", infer_schema=False)["time"]
    for text in (of_parquet, of_csv):
        read = read_times(text)
        rest = [0] * len(text) if read.nanoseconds is None else read.nanoseconds.to_list()
        assert [s * 10**9 + n for s, n in zip(read.seconds.to_list(), rest, strict=True)] == exact
        assert read.notes == ()


@settings(deadline=None, max_examples=50)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=5), unit=st.sampled_from(["s", "ms", "us", "ns"]))
def test_whole_numbers_in_any_unit_come_back(moments: list[datetime], unit: str) -> None:
    per = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    seconds = [int(moment.replace(tzinfo=UTC).timestamp()) for moment in moments]
    read = read_times(pl.Series([str(second * per) for second in seconds]), form=unit)
    assert read.seconds.to_list() == seconds
