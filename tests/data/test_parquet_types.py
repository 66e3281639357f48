"""Types of Parquet columns: zones, objects, nested lists, times of day, and what cannot be text."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl
import pytest

from nextinterest.data import load
from nextinterest.errors import DataError

BASE = {"user": ["u1", "u1"], "item": ["a", "b"]}
MOMENTS = [datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), datetime(2023, 11, 14, 22, 15, tzinfo=UTC)]


def with_zone(path: Path, frame: pl.DataFrame, zone: str) -> None:
    """Write a file in whose Arrow schema the zone "Turkey" has another name, of as many letters."""
    frame.write_parquet(path)
    data = path.read_bytes()
    schema = re.compile(rb"[A-Za-z0-9+/=]{40,}").search(data, data.index(b"ARROW:schema") + 12)
    assert schema is not None
    renamed = base64.b64decode(schema[0]).replace(b"Turkey", zone.encode())
    assert len(zone) == len("Turkey")
    assert zone.encode() in renamed
    path.write_bytes(data[: schema.start()] + base64.b64encode(renamed) + data[schema.end() :])


@pytest.mark.parametrize("zone", ["+05:30", "-08:00", "UTC+01", "Foobar"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_zone_that_is_no_name_leaves_moments_in_utc(
    tmp_path: Path, zone: str, unit: str, capfd: pytest.CaptureFixture[str]
) -> None:
    moments = pl.Series(MOMENTS).cast(pl.Datetime(unit, "UTC")).dt.convert_time_zone("Turkey")  # type: ignore[arg-type]
    kinds = pl.Series(["Lamps", "Chairs"], dtype=pl.Categorical)
    with_zone(tmp_path / "a.parquet", pl.DataFrame(BASE | {"time": moments, "category": kinds}), zone)
    dataset = load(tmp_path / "a.parquet")
    assert dataset.log.times is not None
    assert dataset.log.times.tolist() == [1700000000, 1700000100]
    assert dataset.catalog.categories == (("Lamps",), ("Chairs",))
    assert dataset.report.notes == ()
    assert capfd.readouterr().err == ""


def test_a_damaged_file_with_such_a_zone_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    moments = pl.Series(MOMENTS).dt.convert_time_zone("Turkey")
    with_zone(path, pl.DataFrame(BASE | {"time": moments}), "+05:30")
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\0" * 200 + data[204:])
    with pytest.raises(DataError, match=r"a\.parquet cannot be read as Parquet"):
        load(path)


STRUCTS = [{"id": 1, "name": "Lamps"}, {"id": 2, "name": "Chairs"}]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (STRUCTS, (("Lamps",), ("Chairs",))),
        ([STRUCTS, STRUCTS[1:]], (("Lamps", "Chairs"), ("Chairs",))),
        ([[{"title": "Lamps"}, None], None], (("Lamps",), ())),
        ([[["Lamps", "Red"], ["Sale"]], [[], ["Chairs"]]], (("Lamps", "Red", "Sale"), ("Chairs",))),
        ([[[{"Name": "Lamps"}]], []], (("Lamps",), ())),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_objects_and_nested_lists_are_categories_by_their_names(
    tmp_path: Path, cells: list[object], expected: tuple[tuple[str, ...], ...], beside: bool
) -> None:
    column = pl.Series("categories", cells)
    if beside:
        pl.DataFrame(BASE).write_parquet(tmp_path / "log.parquet")
        pl.DataFrame({"item": ["a", "b"]}).with_columns(column).write_parquet(tmp_path / "items.parquet")
    else:
        pl.DataFrame(BASE).with_columns(column).write_parquet(tmp_path / "log.parquet")
    assert load(tmp_path / "log.parquet").catalog.categories == expected


@pytest.mark.parametrize("ending", [".parquet", ".jsonl"])
def test_a_title_may_be_an_object_with_a_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"log{ending}"
    columns = {"title": STRUCTS, "category": STRUCTS}
    if ending == ".parquet":
        pl.DataFrame(BASE | columns).write_parquet(path)
    else:
        rows = zip(*BASE.values(), STRUCTS, strict=True)
        objects = [{"user": u, "item": i, "title": s, "category": s} for u, i, s in rows]
        path.write_text("".join(json.dumps(o) + "\n" for o in objects))
    catalog = load(path).catalog
    assert catalog.titles == ("Lamps", "Chairs")
    assert catalog.categories == (("Lamps",), ("Chairs",))


UNREADABLE = [
    pl.Series([{"code": 3}] * 2),
    pl.Series([[{"code": 3}]] * 2),
    pl.Series([b"\xff\xd8"] * 2),
    pl.Series([timedelta(seconds=3)] * 2),
    pl.Series([[0.1], [0.3]], dtype=pl.Array(pl.Float32, 1)),
]


@pytest.mark.parametrize("name", ["categories", "title", "rating", "timestamp", "description"])
@pytest.mark.parametrize("column", UNREADABLE, ids=lambda column: str(column.dtype))
def test_what_cannot_be_text_is_left_out_with_a_note_unless_it_is_mapped(
    tmp_path: Path, name: str, column: pl.Series
) -> None:
    path = tmp_path / "log.parquet"
    pl.DataFrame(BASE).with_columns(column.alias(name)).write_parquet(path)
    dataset = load(path)
    assert dataset.catalog.ids == ("a", "b")
    assert (dataset.log.times, dataset.log.ratings) == (None, None)
    assert f"log.parquet: the column {name!r} is of type" in " ".join(dataset.report.notes)
    field = "time" if name == "timestamp" else name
    with pytest.raises(DataError, match=rf"the column '{name}' is of type .*cannot be read as text"):
        load(path, columns={field: name})


def test_the_next_column_of_a_usual_name_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    more = {"categories": UNREADABLE[0], "genres": ["Lamps", "Chairs"]}
    pl.DataFrame(BASE | more).write_parquet(path)
    assert load(path).catalog.categories == (("Lamps",), ("Chairs",))


@pytest.mark.parametrize("name", ["user", "item"])
def test_users_and_items_that_cannot_be_text_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "log.parquet"
    pl.DataFrame(BASE).with_columns(pl.Series(name, STRUCTS)).write_parquet(path)
    with pytest.raises(DataError, match=rf"the column '{name}' is of type Struct"):
        load(path)


def test_a_date_and_a_time_of_day_are_one_time(tmp_path: Path) -> None:
    clocks = {"date": [date(2020, 7, 5)] * 2, "time": [time(18, 30, 0, 5), None]}
    pl.DataFrame(BASE | clocks).write_parquet(tmp_path / "a.parquet")
    dataset = load(tmp_path / "a.parquet")
    assert dataset.log.moments is not None
    assert dataset.log.moments.tolist() == [1593907200 * 10**9, 1593973800 * 10**9 + 5000]
