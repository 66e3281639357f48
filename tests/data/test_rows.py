from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from nextinterest.data import from_events
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
    assert "columns=" not in caught.value.remedy
