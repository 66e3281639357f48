"""Tables that a program has: with items, times in any form, columns of any type, and errors that work."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from nextinterest import RecommenderAgent
from nextinterest.data import from_events, load
from nextinterest.errors import DataError

ROWS = [("ann", "t1", "2026-05-01"), ("bob", "l1", "2026-05-02")]
FRAME = pl.DataFrame(
    {"user_id": ["ann", "bob"], "item_id": ["t1", "l1"], "date": ["2026-05-01", "2026-05-02"]}
)
ITEMS = pl.DataFrame({"item_id": ["t1", "l1"], "title": ["Tent", "Lamp"], "price": [80.0, 3.5]})


class LikePandas:
    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame, self.columns = frame, frame.columns

    def to_csv(self, path: str, *, index: bool) -> None:
        assert not index
        self.frame.write_csv(path)


@pytest.mark.parametrize("events", [ROWS, iter(ROWS), FRAME, FRAME.lazy(), LikePandas(FRAME)])
@pytest.mark.parametrize(
    "items",
    [
        ITEMS,
        ITEMS.lazy(),
        LikePandas(ITEMS),
        ITEMS.to_dicts(),
        [("t1", "Tent"), ("l1", "Lamp")],
        Path("items.csv"),
        "items.csv",
    ],
)
def test_items_come_in_any_form(
    events: object, items: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ITEMS.write_csv("items.csv")
    if not isinstance(events, list | pl.DataFrame | pl.LazyFrame | LikePandas):
        events = iter(ROWS)  # used up by the case before
    data = from_events(events, items)  # type: ignore[arg-type]
    assert data.catalog.titles == ("Tent", "Lamp")
    assert data.log.n_events == 2
    if not (isinstance(items, list) and isinstance(items[0], tuple)):
        assert data.catalog.details.prices is not None


@pytest.mark.parametrize(
    ("dates", "time_format"),
    [
        (["01/02/2024", "03/04/2024"], "day-first"),
        (["01/02/2024", "03/04/2024"], "month-first"),
        (["45285", "45286"], "excel"),
        (["01/02/24 10:00", "03/04/24 11:00"], "%d/%m/%y %H:%M"),
    ],
)
def test_times_in_two_ways_are_read_as_the_error_says(dates: list[str], time_format: str) -> None:
    frame = FRAME.with_columns(pl.Series("date", dates))
    rows = list(zip(FRAME["user_id"], FRAME["item_id"], dates, strict=True))
    for events in (frame, rows):
        with pytest.raises(DataError) as refused:
            from_events(events)
        assert "time_format=" in refused.value.remedy
        if not time_format.startswith("%"):
            assert time_format in refused.value.remedy
        assert from_events(events, time_format=time_format).log.times is not None


@pytest.mark.parametrize("given", [FRAME, FRAME.lazy(), ROWS, LikePandas(FRAME)])
def test_a_table_where_a_path_is_wanted_is_one_of_from_events(given: object) -> None:
    with pytest.raises(DataError, match="load takes a path or a name") as refused:
        load(given)  # type: ignore[arg-type]
    assert "nextinterest.data.from_events" in refused.value.remedy
    with pytest.raises(DataError, match="from_dataset takes a data set") as refused:
        RecommenderAgent.from_dataset(given)  # type: ignore[arg-type]
    assert "nextinterest.data.from_events" in refused.value.remedy


def test_items_as_a_table_are_refused_by_load_with_what_takes_them(tmp_path: Path) -> None:
    FRAME.write_csv(tmp_path / "events.csv")
    with pytest.raises(DataError, match="path of a table of items") as refused:
        load(tmp_path / "events.csv", ITEMS)  # type: ignore[arg-type]
    assert "pass events and items to nextinterest.data.from_events" in refused.value.remedy


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [("date", [timedelta(1), timedelta(2)], "no time"), ("rating", [{"a": 1}, {"a": 2}], "no rating")],
)
def test_a_column_of_a_type_that_cannot_be_read_is_left_out_with_a_warning(
    column: str, values: list[object], said: str
) -> None:
    frame = FRAME.with_columns(pl.Series(column, values))
    with pytest.warns(UserWarning, match=f"column '{column}' of the events is of type .*{said}"):
        assert from_events(frame).log.n_events == 2


@pytest.mark.parametrize(
    "value", [b"a", True, ["a"], {"id": "a"}], ids=["bytes", "truth", "list", "dictionary"]
)
def test_what_is_no_id_is_refused(value: object) -> None:
    for row in ((value, "t1", None), ("ann", value, None)):
        with pytest.raises(DataError, match=r"The (user|item) of event 1 is") as refused:
            from_events([row])  # type: ignore[list-item]
        assert refused.value.remedy == "Give ids as text or whole numbers."


@pytest.mark.parametrize(
    "items", [["t1"], [("t1", "Tent", 4)], "none.csv", {"item": ["t1"]}, [{"title": "Tent"}], 7]
)
def test_items_that_are_none_are_refused(items: object) -> None:
    with pytest.raises(DataError) as refused:
        from_events(ROWS, items)  # type: ignore[arg-type]
    assert refused.value.remedy
    assert not re.search(r"/\w+/\w+\.(csv|parquet)", str(refused.value))
    assert "parquet" not in str(refused.value)


def test_objects_of_other_types_are_no_traceback() -> None:
    frame = FRAME.with_columns(pl.Series("extra", [object(), object()], dtype=pl.Object))
    assert from_events(frame).log.n_events == 2
    with pytest.raises(DataError, match="cannot be taken as a table"):
        from_events(pl.scan_csv("no-such-file.csv"))
    with pytest.raises(DataError, match="no user id") as refused:
        from_events([("", "a", None), ("", "b", datetime(2026, 5, 1))])
    assert refused.value.remedy == "Give each event a user and an item."
