from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from nextinterest.domain import Catalog, Event, History, Item

CATALOG = Catalog.from_items([Item(i, i) for i in "abc"])
START = datetime(2024, 3, 1, 10, tzinfo=UTC)


def at(milliseconds: int) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def test_events_within_a_second_are_ordered_and_come_back_as_they_were() -> None:
    events = [Event("c", at(900)), Event("a", at(100)), Event("b", at(500))]
    history = History.from_events(events, CATALOG)
    assert history.items.tolist() == [0, 1, 2]
    assert history.times is not None
    assert history.times.tolist() == [int(START.timestamp())] * 3
    assert history.events(CATALOG) == [events[1], events[2], events[0]]
    assert history.last(1).without([9]).events(CATALOG) == [events[0]]
    longer = history.followed_by(np.array([1], dtype=np.int32))
    assert longer.events(CATALOG)[-1] == Event("b", at(900))


def test_whole_seconds_need_no_nanoseconds() -> None:
    history = History.from_events([Event("b", at(1000)), Event("a", at(0))], CATALOG)
    assert history.nanoseconds is None
    assert history.items.tolist() == [0, 1]
