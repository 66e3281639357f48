"""Sessions over HTTP: one conversation of single messages, by body, header or the response before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from nextinterest.agent import RecommenderAgent
from nextinterest.server.app import create_app
from nextinterest.server.settings import ServerSettings

HEADER = "X-Nextinterest-Session"
KEYS = ("0123456789abcdef0 users", "0123456789abcdef1 users", "0123456789abcdef2 user:max")
Json = dict[str, Any]


class Clock:
    """A clock that tests move on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(agent: RecommenderAgent, tmp_path: Path, clock: Clock) -> Iterator[Callable[..., TestClient]]:
    clients: list[TestClient] = []

    def started(**settings: object) -> TestClient:
        live = agent.with_store(tmp_path / "profiles.db", clock=clock)
        app = create_app(live, ServerSettings.model_validate(settings))
        client = TestClient(app, base_url="http://127.0.0.1:8000")
        client.__enter__()
        clients.append(client)
        return client

    yield started
    for client in clients:
        client.__exit__(None, None, None)


def complete(client: TestClient, said: str, user: str | None = "zoe", **more: object) -> Json:
    headers: Any = more.pop("headers", {})
    body = {"model": "nextinterest", "messages": [{"role": "user", "content": said}], "user": user, **more}
    answer = client.post("/v1/chat/completions", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    made: Json = answer.json()
    return {**made["nextinterest"], "header": answer.headers.get(HEADER)}


def respond(client: TestClient, said: str, status: int = 200, **more: object) -> Json:
    body = {"model": "nextinterest", "input": said, "user": "zoe", **more}
    answer = client.post("/v1/responses", json=body)
    assert answer.status_code == status, answer.text
    made: Json = answer.json()
    return made


def listed(reply: Json) -> list[str]:
    return [item["item_id"] for item in reply["recommendations"]["items"]]


@pytest.mark.parametrize("place", ["body", "header"])
@pytest.mark.parametrize("user", ["zoe", None])
def test_a_conversation_of_single_messages(
    start: Callable[..., TestClient], place: str, user: str | None
) -> None:
    client = start()
    named: Json = {"nextinterest": {"session": "c1"}} if place == "body" else {"headers": {HEADER: "c1"}}
    first = complete(client, "two romances please", user, **named)
    assert first["session"]["id"] == first["header"] == "c1"
    assert (first["session"]["new"], first["session"]["messages"]) == (True, 2)
    second = complete(client, "I loved the second one", user, **named)
    assert [one["item_id"] for one in second["confirmation"]["liked"]] == listed(first)[1:]
    assert (second["session"]["new"], second["session"]["messages"]) == (False, 4)


def test_the_header_goes_before_the_body(start: Callable[..., TestClient]) -> None:
    reply = complete(start(), "hello", nextinterest={"session": "a"}, headers={HEADER: "b"})
    assert reply["session"]["id"] == reply["header"] == "b"


def test_without_an_id_nothing_is_kept_or_said(start: Callable[..., TestClient]) -> None:
    client = start()
    reply = complete(client, "two romances please")
    assert (reply["session"], reply["header"]) == (None, None)
    assert client.get("/v1/users/zoe").json()["sessions"] == []


def test_a_stream_names_its_session(start: Callable[..., TestClient]) -> None:
    client = start()
    body = {
        "model": "nextinterest",
        "user": "zoe",
        "stream": True,
        "messages": [{"role": "user", "content": "two romances please"}],
    }
    with client.stream("POST", "/v1/chat/completions", json=body, headers={HEADER: "c1"}) as answer:
        assert answer.headers[HEADER] == "c1"
        lines = [line for line in answer.iter_lines() if line.startswith("data: {")]
    last = json.loads(lines[-1].removeprefix("data: "))["nextinterest"]
    assert last["session"]["id"] == "c1"
    again = complete(client, "I loved the second one", headers={HEADER: "c1"})
    assert [one["item_id"] for one in again["confirmation"]["liked"]] == listed(last)[1:]


def test_two_users_with_one_id_have_two_sessions(start: Callable[..., TestClient]) -> None:
    client = start()
    complete(client, "two romances please", "zoe", headers={HEADER: "c1"})
    other = complete(client, "I loved the second one", "max", headers={HEADER: "c1"})
    assert other["session"]["new"]
    assert other["confirmation"] is None
    assert client.get("/v1/sessions/c1").status_code == 404  # nobody's
    assert client.get("/v1/sessions/c1?user=eve").status_code == 404


def test_two_keys_have_two_sessions_of_nobody(start: Callable[..., TestClient]) -> None:
    client = start(keys=KEYS)
    one, two, his = ({HEADER: "c1", "Authorization": f"Bearer {key.split()[0]}"} for key in KEYS)
    complete(client, "two romances please", None, headers=one)
    assert complete(client, "I loved the second one", None, headers=two)["session"]["new"]
    mine = complete(client, "I loved the second one", None, headers=one)
    assert not mine["session"]["new"]
    assert mine["session"]["id"] == "c1"
    assert client.get("/v1/sessions/c1", headers=one).json()["id"] == "c1"
    # A key of one user reaches that user's sessions and no others.
    complete(client, "two romances please", "zoe", headers=one)
    assert client.get("/v1/sessions/c1?user=zoe", headers=his).status_code == 403
    assert client.delete("/v1/sessions/c1?user=zoe", headers=his).status_code == 403
    assert client.get("/v1/sessions/c1", headers=his).status_code == 404


def test_an_expired_session_begins_anew_and_says_so(start: Callable[..., TestClient], clock: Clock) -> None:
    client = start(session_seconds=60)
    first = complete(client, "two romances please", headers={HEADER: "c1"})
    assert datetime.fromisoformat(first["session"]["expires"]) == clock.now + timedelta(seconds=60)
    clock.now += timedelta(seconds=60)
    assert client.get("/v1/sessions/c1?user=zoe").json()["error"]["code"] == "session_not_found"
    late = complete(client, "I loved the second one", headers={HEADER: "c1"})
    assert late["session"]["new"]
    assert any("not used for too long" in note for note in late["notes"])


def test_the_number_of_sessions_is_bounded(start: Callable[..., TestClient]) -> None:
    client = start(max_sessions=2)
    for name in "abc":
        complete(client, "hello", headers={HEADER: name})
    found = [client.get(f"/v1/sessions/{name}?user=zoe").status_code for name in "abc"]
    assert found == [404, 200, 200]


@pytest.mark.parametrize("wrong", ["", "x" * 129, "a b", "\u00e4"])
def test_an_id_that_is_none_is_refused(start: Callable[..., TestClient], wrong: str) -> None:
    body = {
        "model": "nextinterest",
        "messages": [{"role": "user", "content": "hello"}],
        "nextinterest": {"session": wrong},
    }
    answer = start().post("/v1/chat/completions", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "nextinterest.session"


def test_what_is_kept_can_be_read_and_ended(start: Callable[..., TestClient]) -> None:
    client = start()
    complete(client, "two romances please", headers={HEADER: "c1"})
    kept = client.get("/v1/sessions/c1", headers={"X-Nextinterest-User": "zoe"}).json()
    assert [one["role"] for one in kept["messages"]] == ["user", "assistant"]
    assert len(kept["shown"]) == 2
    assert client.get("/v1/users/zoe").json()["sessions"] == [kept]
    assert client.delete("/v1/sessions/c1?user=zoe").json() == {"id": "c1", "kept": True}
    assert client.delete("/v1/sessions/c1?user=zoe").json() == {"id": "c1", "kept": False}


def test_forgetting_a_user_drops_the_sessions(start: Callable[..., TestClient]) -> None:
    client = start()
    complete(client, "two romances please", headers={HEADER: "c1"})
    response = respond(client, "two romances please")
    client.delete("/v1/users/zoe")
    assert client.get("/v1/users/zoe").json()["sessions"] == []
    assert respond(client, "hi", 400, previous_response_id=response["id"])["error"]["param"]


def test_a_response_goes_on_from_another(start: Callable[..., TestClient]) -> None:
    client = start()
    first = respond(client, "two romances please")
    assert first["store"] is True
    second = respond(client, "I loved the second one", previous_response_id=first["id"])
    assert second["previous_response_id"] == first["id"]
    liked = second["nextinterest"]["confirmation"]["liked"]
    assert [one["item_id"] for one in liked] == listed(first["nextinterest"])[1:]
    # From the first one again: another branch.
    other = respond(client, "I loved the first one", previous_response_id=first["id"])
    liked = other["nextinterest"]["confirmation"]["liked"]
    assert [one["item_id"] for one in liked] == listed(first["nextinterest"])[:1]
    assert other["nextinterest"]["session"]["messages"] == 4


@pytest.mark.parametrize("user", ["max", None])
def test_a_response_of_another_user_is_not_found(start: Callable[..., TestClient], user: str | None) -> None:
    client = start()
    first = respond(client, "two romances please")
    error = respond(client, "I loved the second one", 400, previous_response_id=first["id"], user=user)[
        "error"
    ]
    assert (error["code"], error["param"]) == ("previous_response_not_found", "previous_response_id")


def test_a_response_that_is_not_to_be_stored_is_not(start: Callable[..., TestClient]) -> None:
    client = start()
    unkept = respond(client, "two romances please", store=False)
    assert (unkept["store"], unkept["nextinterest"]["session"]) == (False, None)
    respond(client, "hi", 400, previous_response_id=unkept["id"])
    first = respond(client, "two romances please")
    second = respond(client, "I loved the second one", previous_response_id=first["id"], store=False)
    assert second["nextinterest"]["confirmation"]["liked"]
    respond(client, "hi", 400, previous_response_id=second["id"])
    assert [one["id"] for one in client.get("/v1/users/zoe").json()["sessions"]] == [first["id"]]


@pytest.mark.parametrize("named", ["c1", {"id": "c1"}])
def test_a_conversation_is_a_session(start: Callable[..., TestClient], named: object) -> None:
    client = start()
    first = respond(client, "two romances please", conversation=named)
    assert first["conversation"] == {"id": "c1"}
    second = complete(client, "I loved the second one", headers={HEADER: "c1"})
    assert [one["item_id"] for one in second["confirmation"]["liked"]] == listed(first["nextinterest"])[1:]
    both = respond(client, "hi", 422, conversation=named, previous_response_id=first["id"])
    assert both["error"]["param"] == "previous_response_id"


def test_a_whole_request_refers_to_the_session(start: Callable[..., TestClient]) -> None:
    client = start()
    first = complete(client, "two romances please", headers={HEADER: "c1"})
    body = {"user": "zoe", "request": {"intent": "ask", "references": [2]}, "session": "c1"}
    answer = client.post("/v1/requests", json=body)
    assert answer.headers[HEADER] == "c1"
    assert [one["item_id"] for one in answer.json()["found"]] == listed(first)[1:]
