"""/v1/interests and /v1/forecast, of a user and of a history given; items looked up; events taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from nextinterest.interests import InterestOutlook
from nextinterest.server.bodies import Interests

Serve = Callable[..., TestClient]
DATED = [{"item": item, "time": f"2025-12-2{day}T00:00:00Z"} for day, item in enumerate("abda", start=1)]


def test_a_user_and_the_same_history_give_the_same_interests(serve: Serve) -> None:
    client = serve()
    events = [{"item_id": row["item"], "time": row["time"]} for row in DATED]
    client.post("/v1/users/zoe/events", json={"events": events})
    got = client.get("/v1/interests", params={"user": "zoe"}).json()
    posted = client.post("/v1/interests", json={"history": DATED}).json()
    told = Interests.model_validate(got)
    assert told.portrait.events == 4
    assert told.portrait.interests[0].interest == "Horror"
    assert "4" in told.words.text
    for answer in (got, posted):
        del answer["portrait"]["user"], answer["words"]["user"]
    assert got == posted


def test_a_forecast(serve: Serve) -> None:
    client = serve()
    events = [{"item_id": row["item"], "time": row["time"]} for row in DATED]
    client.post("/v1/users/zoe/events", json={"events": events})
    got = client.get("/v1/forecast", params={"user": "zoe", "horizon_events": 5, "n_paths": 4}).json()
    outlook = InterestOutlook.model_validate(got)
    assert outlook.horizon_events == 5
    assert sum(outlook.next_step.values()) == pytest.approx(1.0, abs=1e-5)
    assert outlook.n_paths == 4
    days = client.post("/v1/forecast", json={"history": DATED, "horizon_days": 7}).json()
    assert days["horizon_days"] == 7
    same = client.post("/v1/forecast", json={"user": "zoe", "horizon_events": 5, "n_paths": 4}).json()
    assert same == got


def test_an_event_changes_the_forecast_at_once(serve: Serve) -> None:
    client = serve()
    before = client.get("/v1/forecast", params={"user": "zoe"}).json()
    client.post("/v1/users/zoe/events", json={"events": [{"item_id": "d"}]})
    after = client.get("/v1/forecast", params={"user": "zoe"}).json()
    assert (before["events"], after["events"]) == (0, 1)
    assert after["next_step"]["Horror"] != before["next_step"]["Horror"]


def test_refusals_say_why(serve: Serve) -> None:
    client = serve()
    assert client.get("/v1/interests").json()["error"]["param"] == "user"
    assert client.post("/v1/interests", json={}).status_code == 422
    assert client.post("/v1/interests", json={"history": ["Nosferatu"]}).status_code == 404
    skipped = client.post("/v1/interests", json={"history": ["Nosferatu", "Alien"], "on_unknown": "skip"})
    assert skipped.json()["portrait"]["events"] == 1
    no_times = client.post("/v1/forecast", json={"history": ["Alien"], "horizon_days": 7})
    assert no_times.status_code == 400
    assert "times" in no_times.json()["error"]["message"]
    assert client.get("/v1/forecast", params={"user": "zoe", "horizon_events": 0}).status_code == 422


def test_items_are_found_by_part_of_a_title_and_follow_the_catalogue(serve: Serve) -> None:
    client = serve()

    def found(query: str) -> list[str]:
        return [item["id"] for item in client.get("/v1/items", params={"query": query}).json()["items"]]

    assert found("run") == ["b"]
    assert found("casablanka") == ["c"]
    assert found("zzz") == []
    client.put("/v1/items", json={"items": [{"id": "z", "title": "Runaway Train"}]})
    assert set(found("run")) == {"b", "z"}


def test_users_are_listed_and_an_event_is_taken_back(serve: Serve) -> None:
    client = serve()
    client.post(
        "/v1/users/zoe/events", json={"events": [{"item_id": "a"}, {"item_id": "d", "kind": "hidden"}]}
    )
    client.post("/v1/users/ann/events", json={"events": [{"item_id": "a"}]})
    assert client.get("/v1/users").json() == {"users": ["ann", "zoe"]}
    assert client.delete("/v1/users/zoe/events/d").json() == {"user": "zoe", "events": 1}
    profile = client.get("/v1/users/zoe").json()
    assert [event["item_id"] for event in profile["events"]] == ["a"]
    assert profile["items"]["a"]["title"] == "Alien"
