from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from nextinterest.domain import KINDS, NEGATIVE_KINDS, Catalog, Event, History, Item, Kinds, kind_name
from nextinterest.errors import DataError

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


def test_kinds_and_weights_follow_their_events() -> None:
    events = [
        Event("a", at(0), 4.0, "view"),
        Event("b", at(1000), None, "addToCart", 2.0),
        Event("a", at(2000)),
        Event("b", at(3000), kind="purchase", weight=1.0),
    ]
    history = History.from_events(events, CATALOG)
    assert history.kinds is not None
    assert history.kinds.names == ("view", "cart", "buy")
    assert history.kinds.counts() == {"view": 1, "cart": 1, "buy": 1}
    kept = [replace(one, kind=kind) for one, kind in zip(events, ("view", "cart", None, "buy"), strict=True)]
    assert history.events(CATALOG) == kept
    assert history.last(2).events(CATALOG) == kept[2:]
    assert history.without([0]).events(CATALOG) == [kept[1], kept[3]]
    longer = history.followed_by(np.array([2], dtype=np.int32))
    assert longer.events(CATALOG) == [*kept, Event("c", at(3000))]


def test_a_history_without_kinds_has_no_column_of_them() -> None:
    history = History.from_events([Event("a"), Event("b", rating=3.0)], CATALOG)
    assert (history.kinds, history.weights) == (None, None)
    with pytest.raises(DataError, match="3 items and 1 kinds"):
        History(np.array([0, 1, 2]), kinds=Kinds.of(["view"]))


def test_there_are_at_most_so_many_kinds() -> None:
    with pytest.raises(DataError, match="128 kinds"):
        Kinds.of(f"kind {i}" for i in range(128))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_one_name(kind: str) -> None:
    assert {kind_name(spelling) for spelling in KINDS[kind]} == {kind}
    assert kind_name(kind.upper()) == kind
    assert set(KINDS) >= NEGATIVE_KINDS


def test_an_event_is_read_from_json_and_checked() -> None:
    reader = TypeAdapter(Event)
    event = Event("a", at(0), 4.0, "buy", 2.0, "zoe")
    assert reader.validate_json(reader.dump_json(event)) == event
    for wrong in (
        '{"kind": "buy"}',
        '{"item": "a", "time": "2024-03-01T10:00:00"}',
        '{"item": "a", "when": 3}',
    ):
        with pytest.raises(ValidationError):
            reader.validate_json(wrong)
