from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from nextinterest.data import CleaningConfig, from_events
from nextinterest.data.splits import leave_one_out
from nextinterest.errors import DataError


@pytest.mark.parametrize(
    "days",
    [
        (date(2026, 5, 3), date(2026, 5, 1)),
        (datetime(2026, 5, 3, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-03", "2026-05-01"),
        (1777766400, 1777593600),
    ],
)
def test_times_of_any_one_type_order_events(days: tuple[date | str | int, date | str | int]) -> None:
    data = from_events([("ann", "lamp", days[0]), ("ann", "tent", days[1]), (7, 8, days[1])], name="shop")
    assert data.name == "shop"
    history = data.log.history(data.log.user("ann") or 0)
    assert [data.catalog.titles[item] for item in history.items] == ["tent", "lamp"]
    assert history.times is not None
    assert history.times.tolist() == [1777593600, 1777766400]
    assert data.log.user("7") is not None


def test_without_times_the_order_given_holds() -> None:
    data = from_events([("ann", "b", None), ("ann", "a", None)])
    assert [data.catalog.ids[item] for item in data.log.history(0).items] == ["b", "a"]


@pytest.mark.parametrize(
    "events", [[], [("ann", "tent")], ["ann"], [("ann", "tent", date(2026, 5, 1)), ("ann", "lamp", "soon")]]
)
def test_what_is_no_event_is_refused_with_a_remedy(events: list[tuple[str, str, date | str | None]]) -> None:
    with pytest.raises(DataError) as caught:
        from_events(events)
    assert caught.value.remedy
    assert "parquet" not in str(caught.value)


def test_an_unreadable_time_is_one_of_the_events_given() -> None:
    with pytest.raises(DataError, match="No event of the events given is left") as caught:
        from_events([("ann", "tent", "never")])
    assert "columns={'time': None}" in caught.value.remedy
    assert from_events([("ann", "tent", "never")], columns={"time": None}).log.n_events == 1
    assert "time_format='%d/%m/%Y %H:%M'" in caught.value.remedy
    read = from_events([("ann", "tent", "31/05/2026 18:00")], time_format="%d/%m/%Y %H:%M")
    assert read.log.times is not None


def test_a_data_set_and_its_parts_print_counts_and_names() -> None:
    days = [date(2026, 5, day) for day in range(1, 21)]
    data = from_events([(f"user-{u}", f"item-{i}", day) for u in range(50) for i, day in enumerate(days)])
    split = leave_one_out(data.log)
    for part in (data, data.log, data.catalog, split, split.test):
        assert len(repr(part)) < 300
        assert "user-1" not in repr(part)
        assert "array" not in repr(part)
    assert repr(data) == (
        "Dataset('events', Catalog(20 items, 0 categories), EventLog(50 users, 1,000 events, times))"
    )
    assert repr(split.test) == "HeldOut(50 cases of 50 users)"
    assert repr(split).startswith("Split(name='leave-one-out', train=EventLog(50 users, 900 events, times)")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (("ann", "oven", "yesterday"), r"unreadable time \(event 2, 'yesterday'\)"),
        (("ann", "oven", None), r"no time \(event 2\)"),
        (("", "oven", "2026-05-01"), r"no user id \(event 2\)"),
        (("ann", "oven", "2999-05-01"), r"time in the future \(event 2, '2999-05-01'\)"),
    ],
)
def test_events_that_cannot_be_read_are_dropped_with_a_warning(
    bad: tuple[str, str, str | None], said: str
) -> None:
    with pytest.warns(UserWarning, match=f"1 of 3 events cannot be read and was dropped: {said}"):
        data = from_events([("ann", "tent", "2026-05-01"), bad, ("ann", "lamp", "2026-05-03")])
    assert data.catalog.ids == ("tent", "lamp")


FRAME = pl.DataFrame(
    {
        "customer_id": ["ann", "ann", "bob"],
        "product": ["lamp", "tent", "lamp"],
        "event_time": [datetime(2026, 5, 3), datetime(2026, 5, 1), datetime(2026, 5, 2)],
        "price": [3.5, 80.0, 3.5],
    }
)


class LikePandas:
    """As much of a DataFrame of pandas as is used."""

    columns = FRAME.columns

    def __init__(self, frame: pl.DataFrame = FRAME) -> None:
        self.frame = frame

    def to_csv(self, path: str, *, index: bool) -> None:
        assert not index
        self.frame.write_csv(path)


@pytest.mark.parametrize("frame", [FRAME, LikePandas()])
def test_a_table_is_read_by_the_names_of_its_columns(frame: pl.DataFrame | LikePandas) -> None:
    data = from_events(frame, name="shop")
    assert (data.name, data.log.user_ids) == ("shop", ("ann", "bob"))
    assert [data.catalog.ids[item] for item in data.log.history(0).items] == ["tent", "lamp"]


def test_columns_of_a_table_are_mapped_as_the_error_says() -> None:
    frame = FRAME.rename({"customer_id": "who", "product": "what"})
    with pytest.raises(
        DataError, match=r"The events given: no column of \[.*is the user or the item"
    ) as caught:
        from_events(frame)
    assert "columns={'user': 'NAME', 'item': 'NAME'}" in caught.value.remedy
    assert from_events(frame, columns={"user": "who", "item": "what"}).log.n_events == 3


UNDATED = FRAME.with_columns(pl.Series("event_time", ["2026-05-03", "soon", "2026-05-02"]))


@pytest.mark.parametrize("frame", [UNDATED, LikePandas(UNDATED)])
def test_rows_of_a_table_that_cannot_be_read_are_counted(frame: pl.DataFrame | LikePandas) -> None:
    with pytest.warns(UserWarning, match=r"1 of 3 events .*unreadable time \(event 2, 'soon'\)"):
        assert from_events(frame).log.n_events == 2


def test_repeats_are_kept_where_asked() -> None:
    twice = [("ann", "tent", "2026-05-01"), ("ann", "tent", "2026-05-02")]
    data = from_events(twice)
    assert (data.log.n_events, len(data.report.warnings)) == (1, 1)
    assert from_events(twice, cleaning=CleaningConfig(repeats="keep")).log.n_events == 2
