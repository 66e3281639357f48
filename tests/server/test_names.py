"""One name of a user, however it is sent, is one user."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from support.talker import EchoTalker

COMPOSED, APART = "zo\u00eb-\u00f8", "zoe\u0308-\u00f8"
Serve = Callable[..., TestClient]
CHAT = {"model": "nextinterest", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (COMPOSED.encode(), COMPOSED),
        (APART.encode(), COMPOSED),
        (b"zo\xeb", "zo\u00eb"),  # Latin-1
        ("\u5c0f\u660e".encode(), "\u5c0f\u660e"),
        (b"zo%C3%AB", "zo%C3%AB"),  # percent-encoding is not undone
        (b"zoe", "zoe"),
    ],
)
@pytest.mark.parametrize("route", ["/v1/chat/completions", "/v1/responses"])
def test_a_header_is_read_as_utf_8(
    serve: Serve, talker: EchoTalker, route: str, sent: bytes, meant: str
) -> None:
    body = {"model": "nextinterest", "messages" if "chat" in route else "input": CHAT["messages"]}
    answer = serve().post(route, json=body, headers={b"X-Nextinterest-User": sent})
    assert answer.status_code == 200
    assert talker.heard[-1][1] == meant


def test_body_header_and_path_mean_one_user(serve: Serve, talker: EchoTalker) -> None:
    client = serve()
    for name, item in ((COMPOSED, "a"), (APART, "b")):
        body = {"events": [{"item_id": item}]}
        assert client.post(f"/v1/users/{quote(name)}/events", json=body).status_code == 200
    assert client.get("/v1/users").json() == {"users": [COMPOSED]}
    for name in (COMPOSED, APART):
        profile = client.get(f"/v1/users/{quote(name)}").json()
        assert [event["item_id"] for event in profile["events"]] == ["a", "b"]
        for route in ("recommend", "interests", "forecast"):
            assert client.post(f"/v1/{route}", json={"user": name}).status_code == 200
        assert client.post("/v1/recommend", json={"user": name}).json()["events_used"] == 2
        assert client.get("/v1/interests", params={"user": name}).json()["portrait"]["events"] == 2
        client.post("/v1/chat/completions", json=CHAT | {"user": name})
        assert talker.heard[-1][1] == COMPOSED
    assert client.delete(f"/v1/users/{quote(APART)}").json() == {"user": COMPOSED, "events": 2}
    assert client.get("/v1/users").json() == {"users": []}


@pytest.mark.parametrize("path", ["zo%EB", "zo%FF", "%EF%BF%BD"])
def test_a_path_that_is_not_utf_8_is_refused(serve: Serve, path: str) -> None:
    answer = serve().get(f"/v1/users/{path}")
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "user"
