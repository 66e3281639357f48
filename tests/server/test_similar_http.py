"""Items like others over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from nextinterest.agent import RecommenderAgent

Serve = Callable[..., TestClient]


def test_the_list_is_the_agents(serve: Serve, agent: RecommenderAgent) -> None:
    client = serve()
    body = {"items": ["Casablanca"], "k": 4, "where": {"year_from": 1970}}
    answer = client.post("/v1/similar", json=body)
    assert answer.status_code == 200, answer.text
    same = agent.similar("Casablanca", 4, where={"year_from": 1970})
    assert answer.json() == same.model_dump(mode="json")


def test_what_a_user_has_seen_is_left_out(serve: Serve) -> None:
    client = serve()
    client.post("/v1/users/zoe/events", json={"events": [{"item_id": "e"}]})
    for more, there in (({"user": "zoe"}, False), ({"user": "zoe", "exclude_seen": False}, True), ({}, True)):
        made = client.post("/v1/similar", json={"items": ["c"], **more}).json()
        assert ("e" in {item["item_id"] for item in made["items"]}) == there


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 422, "items"),
        ({"items": []}, 422, "items"),
        ({"items": "Alien"}, 422, "items"),
        ({"items": [""]}, 422, "items.0"),
        ({"items": ["Alien"] * 101}, 422, "items"),
        ({"items": ["Alien"], "k": 0}, 422, "k"),
        ({"items": ["Alien"], "k": 5000}, 422, "k"),
        ({"items": ["Alien"], "history": []}, 422, "history"),
        ({"items": ["Oppenheimer"]}, 404, None),
        ({"items": ["Oppenheimer"], "on_unknown": "skip"}, 404, None),
    ],
)
def test_what_is_wrong_is_said(serve: Serve, body: dict[str, object], status: int, param: str | None) -> None:
    answer = serve(max_k=100).post("/v1/similar", json=body)
    assert answer.status_code == status, answer.text
    if param is not None:
        assert answer.json()["error"]["param"] == param
