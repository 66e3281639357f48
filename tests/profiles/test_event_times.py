"""The limits of an event's time: from 1970 to a day ahead, and ahead counts as the moment of receipt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from nextinterest.agent import RecommenderAgent
from nextinterest.domain import History
from nextinterest.profiles import EventTimeError, ProfileEvent, ProfileStore
from nextinterest.server.app import create_app

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OUTSIDE = (
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    NOW + DAY + timedelta(microseconds=1),
)
INSIDE = (
    (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
    (datetime(1969, 12, 31, 23, tzinfo=timezone(-timedelta(hours=2))), datetime(1970, 1, 1, 1, tzinfo=UTC)),
    (NOW, NOW),
    (NOW + timedelta(microseconds=1), NOW),
    (NOW + DAY, NOW),
    (None, NOW),
)


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    made = agent.with_store(tmp_path / "profiles.db", clock=lambda: NOW)
    yield made
    made.store.close()


@pytest.mark.parametrize("time", OUTSIDE)
def test_a_time_outside_the_limits_writes_nothing(store: ProfileStore, time: datetime) -> None:
    events = [ProfileEvent(item_id="a"), ProfileEvent(item_id="b", time=time)]
    for write in (
        lambda: store.append("ann", events, received=NOW, key="k"),
        lambda: store.fill({"bob": events[:1], "ann": events}, received=NOW),
    ):
        with pytest.raises(
            EventTimeError, match=r"event 1, .* from 1970-01-01.*2024-03-02T12:00:00"
        ) as error:
            write()
        assert error.value.index == 1
    assert store.users() == []
    # The remedy holds: without the time it is written, and the key was not used up.
    assert not store.append("ann", [ProfileEvent(item_id="b")], received=NOW, key="k").replayed


@pytest.mark.parametrize(("time", "counts_as"), INSIDE)
def test_a_time_within_the_limits(store: ProfileStore, time: datetime | None, counts_as: datetime) -> None:
    store.append("ann", [ProfileEvent(item_id="a", time=time)], received=NOW)
    assert [event.time for event in store.events("ann")] == [counts_as]


@pytest.mark.parametrize("seconds", [-1, 253402300799, 253402300800, 2**62])
def test_histories_are_under_the_same_limits(live: RecommenderAgent, seconds: int) -> None:
    history = History(np.array([0, 1], dtype=np.int32), times=np.array([5, seconds]), user="ann")
    for write in (lambda: live.import_history(history), lambda: live.import_histories([history])):
        with pytest.raises(EventTimeError, match="event 1") as error:
            write()
        assert error.value.index == 1
    assert live.store.users() == []


def test_over_http_the_newest_event_stays_the_newest(live: RecommenderAgent) -> None:
    client = TestClient(create_app(live), base_url="http://127.0.0.1")

    def send(*events: tuple[str, str | None]) -> tuple[int, str | None]:
        body = {"events": [{"item_id": item, "time": time} for item, time in events]}
        answer = client.post("/v1/users/zoe/events", json=body)
        return answer.status_code, answer.json().get("error", {}).get("param")

    assert send(("a", "2024-02-01T10:00:00Z")) == (200, None)
    assert send(("b", "2024-02-20T10:00:00Z")) == (200, None)
    assert send(("c", "9999-12-31T23:59:59Z")) == (422, "events.0.time")
    assert send(("e", "0001-01-01T00:00:00Z")) == (422, "events.0.time")
    assert send(("d", None), ("e", "0001-01-01T00:00:00+14:00")) == (422, "events.1.time")
    assert send(("d", "2024-03-02T12:00:00Z")) == (200, None)
    profile = client.get("/v1/users/zoe").json()
    assert [event["item_id"] for event in profile["events"]] == ["a", "b", "d"]
    outlook = client.get("/v1/forecast?user=zoe&horizon_days=30").json()
    assert outlook["made_at"] == "2024-03-01T12:00:00Z"
    assert outlook["horizon_events"] == pytest.approx(2.09, abs=0.01)
