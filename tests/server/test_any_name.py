"""Whoever can be written from Python can be read, listed and deleted over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from nextinterest.errors import DataError
from nextinterest.profiles import ProfileEvent
from nextinterest.server.service import Service

Serve = Callable[..., TestClient]
NAMES = [
    "a/b",
    "/",
    "a/",
    "/a",
    "a//b",
    "a/../b",
    "a/events",
    "a/events/c",
    "a%2Fb",
    "a%b",
    "a b?c#d&e=f;g",
    "a\\b",
    " a ",
    "caf\u00e9/\u5c0f",
    "\U0001f600",
]


def service(client: TestClient) -> Service:
    found: Service = cast("FastAPI", client.app).state.service
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_python_is_reached_over_http(serve: Serve, name: str) -> None:
    client, path = serve(), f"/v1/users/{quote(name, safe='')}"
    agent = service(client).agent
    agent.add_events("a", [ProfileEvent(item_id="c")])
    agent.add_events(name, [ProfileEvent(item_id="a"), ProfileEvent(item_id="b")])
    assert client.get("/v1/users").json() == {"users": sorted(["a", name])}
    assert [event["item_id"] for event in client.get(path).json()["events"]] == ["a", "b"]
    assert client.post(f"{path}/events", json={"events": [{"item_id": "c"}]}).json()["accepted"] == 1
    assert client.delete(f"{path}/events/c").json() == {"user": name, "events": 1}
    assert client.post("/v1/recommend", json={"user": name}).json()["events_used"] == 2
    assert client.get("/v1/interests", params={"user": name}).json()["portrait"]["events"] == 2
    assert client.get("/v1/forecast", params={"user": name}).status_code == 200
    assert client.delete(path).json() == {"user": name, "events": 2}
    assert client.get("/v1/users").json() == {"users": ["a"]}
    assert len(agent.store.events("a")) == 1


def test_a_listening_server_reads_names_alike(listen: Callable[..., str]) -> None:
    with httpx.Client(base_url=listen()) as client:
        for name in ("a/b", "a%2Fb", "a/events/c"):
            path = f"/v1/users/{quote(name, safe='')}"
            assert client.post(f"{path}/events", json={"events": [{"item_id": "c"}]}).status_code == 200
            assert client.get("/v1/users").json() == {"users": [name]}
            assert client.delete(path).json() == {"user": name, "events": 1}


def test_a_slash_that_is_not_encoded_separates_parts(serve: Serve) -> None:
    client = serve()
    assert client.get("/v1/users/a/b").status_code == 404
    assert client.delete("/v1/users/a/events/c").json() == {"user": "a", "events": 0}
    refused = client.put("/v1/users/a%2Fb", json={})
    assert refused.status_code == 405
    assert refused.headers["allow"] == "DELETE, GET, HEAD"


def test_a_key_of_one_user_opens_no_other_by_an_encoded_slash(serve: Serve) -> None:
    client = serve(keys=("0123456789abcdef user:a", "fedcba9876543210 user:a/b"))
    first, second = ({"Authorization": f"Bearer {key}"} for key in ("0123456789abcdef", "fedcba9876543210"))
    assert client.get("/v1/users/a%2Fb", headers=first).status_code == 403
    assert client.delete("/v1/users/a%2Fevents%2Fc", headers=first).status_code == 403
    assert client.get("/v1/users/a%2Fb", headers=second).status_code == 200
    assert client.get("/v1/users/a", headers=second).status_code == 403


def test_both_unicode_forms_of_a_name_are_one_user_in_python_too(serve: Serve) -> None:
    client = serve()
    agent = service(client).agent
    agent.add_events("zoe\u0308", [ProfileEvent(item_id="a")])
    assert client.get("/v1/users").json() == {"users": ["zo\u00eb"]}
    assert len(agent.history("zoe\u0308")) == 1
    assert agent.retract("zoe\u0308", "a") == 1
    agent.add_events("zo\u00eb", [ProfileEvent(item_id="a")])
    assert agent.forget("zoe\u0308") == 1


@pytest.mark.parametrize("name", ["a\ufffdb", "", "a\x00b", "a\u202eb", "x" * 257])
def test_a_name_that_http_cannot_send_is_refused_in_python(serve: Serve, name: str) -> None:
    with pytest.raises(DataError, match="A user id has 1 to 256 characters"):
        service(serve()).agent.add_events(name, [ProfileEvent(item_id="a")])
