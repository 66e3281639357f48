"""The HTTP server over a small world: every route, every refusal, the catalogue that changes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Route

from nextinterest.agent import RecommenderAgent
from nextinterest.errors import DataError
from nextinterest.server.guard import OPEN_PATHS
from nextinterest.server.settings import ServerSettings

KEY = "a-long-enough-test-key"
Serve = Callable[..., TestClient]


def test_an_event_changes_the_next_recommendation(serve: Serve) -> None:
    client = serve()
    before = client.post("/v1/recommend", json={"user": "zoe", "k": 9}).json()
    assert before["events_used"] == 0
    assert len(before["items"]) == 9
    body = {
        "events": [{"item_id": "a"}, {"item_id": "b", "kind": "liked"}, {"item_id": "d", "kind": "hidden"}]
    }
    assert client.post("/v1/users/zoe/events", json=body).json() == {"accepted": 3, "replayed": False}
    after = client.post("/v1/recommend", json={"user": "zoe", "k": 9}).json()
    assert after["events_used"] == 2
    assert {item["item_id"] for item in after["items"]} == set("cefghi")
    assert [item["rank"] for item in after["items"]] == [1, 2, 3, 4, 5, 6]
    profile = client.get("/v1/users/zoe").json()
    assert [event["item_id"] for event in profile["events"]] == ["a", "b", "d"]
    assert profile["events"][0]["time"] == "2026-01-02T00:00:00Z"


def test_a_disliked_item_is_no_reason_and_no_answer(serve: Serve) -> None:
    client = serve()
    events = [{"item_id": "a"}, {"item_id": "b", "kind": "liked"}, {"item_id": "a", "kind": "disliked"}]
    client.post("/v1/users/zoe/events", json={"events": events})
    client.post("/v1/users/yan/events", json={"events": [{"item_id": "b", "kind": "liked"}]})
    zoe, yan = (client.post("/v1/recommend", json={"user": user, "k": 9}).json() for user in ("zoe", "yan"))
    assert zoe["events_used"] == 1
    assert [item["item_id"] for item in zoe["items"]] == [
        item["item_id"] for item in yan["items"] if item["item_id"] != "a"
    ]
    assert "a" not in {named["item_id"] for item in zoe["items"] for named in item["evidence"]}
    assert len(client.get("/v1/users/zoe").json()["events"]) == 3  # what is held is shown whole


def test_idempotency_key(serve: Serve) -> None:
    client = serve()
    body = {"events": [{"item_id": "a"}]}
    headers = {"Idempotency-Key": "one"}
    first = client.post("/v1/users/zoe/events", json=body, headers=headers).json()
    again = client.post("/v1/users/zoe/events", json=body, headers=headers).json()
    assert (first["replayed"], again["replayed"]) == (False, True)
    other = client.post("/v1/users/zoe/events", json={"events": [{"item_id": "b"}]}, headers=headers)
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "idempotency_conflict"
    assert len(client.get("/v1/users/zoe").json()["events"]) == 1


def test_forgetting_is_complete(serve: Serve, tmp_path: Path) -> None:
    client = serve()
    client.post("/v1/users/secret-person/events", json={"events": [{"item_id": "a"}]})
    assert client.delete("/v1/users/secret-person").json() == {"user": "secret-person", "events": 1}
    assert client.get("/v1/users/secret-person").json()["events"] == []
    assert b"secret-person" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_unknown_item_writes_nothing(serve: Serve) -> None:
    client = serve()
    answer = client.post("/v1/users/zoe/events", json={"events": [{"item_id": "a"}, {"item_id": "nope"}]})
    assert answer.status_code == 404
    assert "'nope'" in answer.json()["error"]["message"]
    assert client.get("/v1/users/zoe").json()["events"] == []


def test_items_come_and_go_and_the_index_follows(serve: Serve) -> None:
    client = serve()
    item = {"id": "z", "title": "Alien Blade", "categories": ["Sci-Fi"], "year": 2026}
    assert client.put("/v1/items", json={"items": [item]}).json() == {"added": 1, "replaced": 0, "total": 10}
    assert client.get("/v1/items/z").json()["title"] == "Alien Blade"
    listed = client.post("/v1/recommend", json={"history": ["Alien"], "k": 10}).json()["items"]
    assert "z" in {i["item_id"] for i in listed}
    client.post("/v1/users/zoe/events", json={"events": [{"item_id": "z"}, {"item_id": "a"}]})
    assert client.delete("/v1/items/z").json() == {"removed": 1, "total": 9}
    assert client.get("/v1/items/z").status_code == 404
    after = client.post("/v1/recommend", json={"user": "zoe", "k": 10}).json()
    assert after["skipped"] == ["z"]
    assert "z" not in {i["item_id"] for i in after["items"]}


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        ({}, 422, "user"),
        ({"user": "a", "history": []}, 422, "user"),
        ({"history": [], "k": 0}, 422, "k"),
        ({"history": [], "k": 201}, 422, "k"),
        ({"history": [], "bogus": 1}, 422, "bogus"),
        ({"history": ["Nosferatu"]}, 404, "history.0"),
    ],
)
def test_bad_requests_say_where(serve: Serve, body: object, status: int, place: str | None) -> None:
    answer = serve().post("/v1/recommend", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["param"] == place


def every_route(routes: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Walk all routes of an application, those of included routers too, as (method, path)."""
    for route in routes:
        if isinstance(route, Route):
            yield from ((method, route.path) for method in route.methods or ())
        else:
            included = getattr(route, "original_router", None)
            assert included is not None, f"a route of unknown kind: {route}"
            yield from every_route(included.routes)


def test_every_route_needs_a_key(serve: Serve) -> None:
    client = serve(keys=(KEY,), host="0.0.0.0")  # noqa: S104 - never bound, only checked
    app = client.app
    assert isinstance(app, FastAPI)
    routes = set(every_route(app.routes))
    schema = app.openapi()["paths"]
    published = {(method.upper(), path) for path, methods in schema.items() for method in methods}
    assert {(method, path.replace(":path", "")) for method, path in routes} >= published
    assert len(routes) > 25
    open_ones = set()
    for method, path in sorted(routes):
        url = path.replace("{user}", "zoe").replace("{item:path}", "a").replace("{model}", "nextinterest")
        url = url.replace("{session}", "c1")
        assert "{" not in url
        refused = client.request(method, url, json={})
        if refused.status_code == 200:
            open_ones.add(path)
            continue
        assert refused.status_code == 401, path
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        wrong = client.request(method, url, json={}, headers={"Authorization": f"Bearer {KEY}x"})
        assert wrong.status_code == 401, path
        right = client.request(method, url, json={}, headers={"Authorization": f"Bearer {KEY}"})
        assert right.status_code != 401, path
    # The probes and the page's files, and nothing else.
    assert open_ones == OPEN_PATHS
    assert open_ones >= {"/", "/healthz", "/readyz", "/page/app.js"}
    assert client.get("/unknown").status_code == 401


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:8000", 200), ("[::1]:8000", 200), ("evil.example", 403), ("", 403)]
)
def test_without_keys_only_local_names_are_answered(serve: Serve, host: str, status: int) -> None:
    assert serve().get("/v1/users", headers={"Host": host}).status_code == status


def test_a_body_that_does_not_come_is_not_waited_for(listen: Callable[..., str]) -> None:
    address = urlsplit(listen(body_seconds=0.3))
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        head = f"POST /v1/recommend HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 100\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\n\r\n{{".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 408")


def test_unsafe_settings_are_refused() -> None:
    with pytest.raises(DataError, match="loopback only"):
        ServerSettings(host="0.0.0.0").checked()  # noqa: S104 - refused
    with pytest.raises(DataError, match="16 characters"):
        ServerSettings(keys=("short",)).checked()
    assert ServerSettings(host="::1").checked().host == "::1"


def test_bodies_are_bounded(serve: Serve) -> None:
    client = serve(max_body_bytes=2048)
    declared = client.post("/v1/recommend", json={"history": ["x" * 3000]})

    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 100

    streamed = client.post("/v1/recommend", content=chunks())
    for answer in (declared, streamed):
        assert answer.status_code == 413
        assert "2,048" in answer.json()["error"]["message"]


def test_rate_limit(serve: Serve) -> None:
    client = serve(requests_per_minute=3)
    statuses = [client.get("/v1/models").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert int(client.get("/v1/models").headers["Retry-After"]) >= 1
    assert client.get("/healthz").status_code == 200


def test_overload_is_turned_away_and_slow_work_times_out(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(RecommenderAgent, "recommend", lambda *_, **__: release.wait(10))
    client = serve(max_concurrency=1, max_queue=1, request_seconds=0.3)
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(client.post("/v1/recommend", json={"user": "zoe"}).status_code)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    release.set()
    assert sorted(statuses) == [503, 503, 504, 504]


def test_a_fault_is_answered_without_detail(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(RecommenderAgent, "item", fail)
    client = serve()
    client_without_raise = TestClient(
        client.app, raise_server_exceptions=False, base_url=str(client.base_url)
    )
    answer = client_without_raise.get("/v1/items/a")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["error"]["type"] == "server_error"


def test_metrics_count_and_name_nobody(serve: Serve) -> None:
    client = serve()
    client.post("/v1/users/private-name/events", json={"events": [{"item_id": "a"}]})
    text = client.get("/metrics").text
    assert (
        'nextinterest_requests_total{method="POST",route="/v1/users/{user}/events",status="200"} 1.0' in text
    )
    assert "nextinterest_events_total 1.0" in text
    assert "private-name" not in text
