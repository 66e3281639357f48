"""What fails behind the server, and what callers are told of their own mistakes."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Sequence

import httpx
import pytest
from fastapi.testclient import TestClient
from support.talker import EchoTalker

from nextinterest.agent.chat import ChatReply
from nextinterest.errors import (
    AssetError,
    BudgetError,
    IntegrityError,
    MissingExtraError,
    ModelError,
    NextInterestError,
    OutputParseError,
    ProviderError,
    StorageError,
)
from nextinterest.messages import Message
from nextinterest.redaction import MASK, redact
from nextinterest.server.logs import JsonLines

CHAT = "/v1/chat/completions"
SECRETS = ("hunter2", "sk-abcdefgh12345678", "10.0.0.7", "/srv/models")
SAID = (
    "big at http://admin:hunter2@10.0.0.7/v1?key=sk-abcdefgh12345678 failed: 401 Incorrect API key provided: "
    "sk-abcdefgh12345678; see /srv/models."
)
Serve = Callable[..., TestClient]


class Failing(EchoTalker):
    """Fails with an error, before the first word or behind it."""

    def __init__(self, error: Exception, *, late: bool = False) -> None:
        super().__init__()
        self._error, self._late = error, late

    def chat_stream(self, messages: Sequence[Message], user: str) -> Iterator[str | ChatReply]:
        if self._late:
            yield "One "
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [
        (ProviderError(SAID, remedy="Check the key.", status=401), 502, None),
        (ProviderError(SAID, retryable=True), 503, "5"),
        (ProviderError(SAID, status=429, retryable=True, retry_after=7.2), 503, "8"),
        (OutputParseError(SAID), 502, None),
        (BudgetError(SAID), 503, "5"),
        (ModelError(SAID), 500, None),
        (AssetError(SAID), 500, None),
        (IntegrityError(SAID), 500, None),
        (StorageError(SAID), 500, None),
        (MissingExtraError("/srv/models", "openai"), 500, None),
        (RuntimeError(SAID), 500, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_fails_behind_the_server_is_not_echoed(
    listen: Callable[..., str],
    error: Exception,
    status: int,
    wait: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    body: dict[str, object] = {"model": "nextinterest"}
    messages = [{"role": "user", "content": "hi"}]
    with httpx.Client(base_url=listen(talker=Failing(error))) as client:
        for stream in (False, True):
            for route, field in ((CHAT, "messages"), ("/v1/responses", "input")):
                answer = client.post(route, json=body | {field: messages, "stream": stream})
                assert answer.status_code == status
                assert answer.headers.get("Retry-After") == wait
                assert answer.json()["error"]["type"] == "server_error"
                assert not any(secret in answer.text for secret in SECRETS)
    lines = [JsonLines().format(record) for record in caplog.records if record.levelno >= logging.ERROR]
    assert lines
    assert not any(secret in line for secret in SECRETS[:2] for line in lines)
    if isinstance(error, NextInterestError) and str(error).startswith("big"):
        assert "Incorrect API key provided" in json.loads(lines[0])["cause"]
        assert json.loads(lines[0])["kind"] == type(error).__name__


@pytest.mark.parametrize("route", [CHAT, "/v1/responses"])
def test_what_fails_on_the_way_is_not_echoed_either(listen: Callable[..., str], route: str) -> None:
    talker = Failing(ProviderError(SAID, status=500, retryable=True), late=True)
    body = {"model": "nextinterest", "stream": True}
    messages = {"messages" if route == CHAT else "input": [{"role": "user", "content": "hi"}]}
    with httpx.Client(base_url=listen(talker=talker)) as client:
        text = client.post(route, json=body | messages).text
    assert "One " in text
    assert "language_model_unavailable" in text
    assert not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:hunter2@db/x",
        "Authorization: Bearer hunter2",
        'api_key="hunter2" was refused',
        "Incorrect API key provided: hunter2.",
        "https://host/v1?token=hunter2&x=1",
        "password = hunter2",
        "got sk-proj-hunter2hunter2",
        "key a1b2hunter2c3d4e5f6a7b8c9d0e1f2",
    ],
)
def test_credentials_are_left_out_of_logs(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert MASK in redact(text)


def test_what_is_no_credential_stays() -> None:
    text = "smollm2 at http://127.0.0.1:8080/v1 failed (2 of 5 attempts): Connection refused"
    assert redact(text + "\nCheck the token limit") == f"{text} Check the token limit"


TEXT = {"type": "text", "text": "hi"}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def chat(content: object = "hi", **more: object) -> dict[str, object]:
    return {"model": "nextinterest", "messages": [{"role": "user", "content": content}]} | more


@pytest.mark.parametrize(
    ("route", "body", "param", "said"),
    [
        (
            CHAT,
            chat([TEXT, IMAGE]),
            "messages.0.content.1",
            "'image_url' is not supported; only text is read",
        ),
        (CHAT, chat([TEXT, {"type": "text"}]), "messages.0.content.1.text", "is required"),
        (CHAT, chat([TEXT, "x"]), "messages.0.content.1", "has to be an object"),
        (CHAT, chat(7), "messages.0.content", "valid"),
        (CHAT, chat(role=1, messages=[{"content": "x"}]), "messages.0.role", "is required"),
        (CHAT, chat(messages=[]), "messages", "at least 1"),
        (CHAT, chat(messages="hi"), "messages", "valid list"),
        (CHAT, {"model": "nextinterest"}, "messages", "is required"),
        (CHAT, [], None, "body: has to be an object"),
        (CHAT, chat(tools=[{"type": "function"}]), "tools", "not supported"),
        (CHAT, chat(functions=[{}]), "functions", "not supported"),
        (CHAT, chat(logprobs=True), "logprobs", "not supported"),
        (CHAT, chat(audio={"voice": "x"}), "audio", "not supported"),
        (CHAT, chat(audio={}), "audio", "not supported"),
        (CHAT, chat(n=2), "n", "only 1 is supported."),
        (CHAT, chat(response_format={"type": "xml"}), "response_format", "its 'type' has to be one of"),
        (CHAT, chat(response_format={}), "response_format", "its 'type' is required"),
        (CHAT, chat(response_format={"type": "json_schema"}), "response_format.json_schema", "is required"),
        (CHAT, chat(user="a\nb"), "user", "characters that are not allowed"),
        ("/v1/responses", {"model": "nextinterest"}, "input", "is required"),
        (
            "/v1/responses",
            {"model": "nextinterest", "input": [{"type": "reasoning"}]},
            "input.0",
            "'reasoning'",
        ),
        (
            "/v1/responses",
            {"model": "nextinterest", "input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            "input.0.content.0",
            "'input_image'",
        ),
        *(
            ("/v1/responses", {"model": "nextinterest", "input": "hi", name: value}, name, "not supported")
            for name, value in (
                ("background", True),
                ("tools", [{"type": "web_search"}]),
            )
        ),
        (
            "/v1/recommend",
            {"history": [{"item": "a", "time": "2026-01-01T00:00:00"}]},
            "history.0.time",
            "needs a time zone: 2026-01-01T00:00:00Z is in UTC",
        ),
        (
            "/v1/users/zoe/events",
            {"events": [{"item_id": "a"}, {"item_id": "a", "time": "2026-01-01T00:00:00"}]},
            "events.1.time",
            "needs a time zone: 2026-01-01T00:00:00Z is in UTC",
        ),
        ("/v1/recommend", {"history": [{"title": "a"}]}, "history.0.item", "is required"),
        ("/v1/recommend", {"user": "x", "bogus": 1}, "bogus", "not a known field"),
        (
            "/v1/users/zoe/events",
            {"events": [{"item_id": "a", "kind": "x"}]},
            "events.0.kind",
            "'seen', 'liked'",
        ),
    ],
)
def test_mistakes_are_named_in_plain_words(
    serve: Serve, route: str, body: object, param: str | None, said: str
) -> None:
    answer = serve().post(route, json=body)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["param"] == param
    assert said in error["message"]
    assert set(error) == {"message", "type", "param", "code"}
    assert not re.search(
        r"constrained|pydantic|https?:|[a-z]+\[|Text[A-Z]|instance of|function-", answer.text
    )


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/completions"), ("GET", "/nowhere"), ("GET", "/v1/x")]
)
def test_unknown_routes_name_those_of_chat(serve: Serve, method: str, path: str) -> None:
    answer = serve().request(method, path)
    assert answer.status_code == 404
    assert "/v1/chat/completions and /v1/responses" in answer.json()["error"]["message"]


def test_nothing_asked_for_is_taken(serve: Serve) -> None:
    body = chat([TEXT, {"type": "input_text", "text": "there"}], tools=[], functions=[], logprobs=False, n=1)
    answer = serve().post(CHAT, json=body)
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"] == "You said: hi\nthere"


def test_a_message_never_echoes_a_whole_body(serve: Serve) -> None:
    answer = serve().post("/v1/recommend", json={"history": ["x" * 500_000]})
    assert answer.status_code in (404, 422)
    assert len(answer.content) < 5_000
    assert "[...]" in answer.json()["error"]["message"]


@pytest.mark.parametrize("route", ["/v1/recommend", "/v1/interests", "/v1/forecast", "/v1/requests"])
def test_an_unknown_item_of_a_history_is_named_with_what_helps(serve: Serve, route: str) -> None:
    body: dict[str, object] = {"history": ["a", "b", "Nosferatu"]}
    if route == "/v1/requests":
        body["request"] = {"intent": "recommend"}
    client = serve()
    error = client.post(route, json=body).json()["error"]
    assert (error["param"], error["code"]) == ("history.2", "item_not_found")
    assert '"on_unknown": "skip"' in error["message"]
    assert client.post(route, json=body | {"on_unknown": "skip"}).status_code == 200
    as_objects = {**body, "history": [{"item": "a"}, {"item": "Nosferatu"}]}
    assert client.post(route, json=as_objects).json()["error"]["param"] == "history.1"


def test_an_unknown_item_to_resemble_is_named(serve: Serve) -> None:
    client = serve()
    error = client.post("/v1/similar", json={"items": ["a", "Nosferatu"]}).json()["error"]
    assert error["param"] == "items.1"
    assert '"on_unknown": "skip"' in error["message"]
    skipping = {"items": ["a", "Nosferatu"], "on_unknown": "skip"}
    assert client.post("/v1/similar", json=skipping).status_code == 200


def test_a_remedy_for_histories_is_given_for_histories_alone(serve: Serve) -> None:
    client = serve()
    events = {"events": [{"item_id": "a"}, {"item_id": "nowhere"}]}
    for answer, param in (
        (client.post("/v1/users/zoe/events", json=events), "events.1.item_id"),
        (client.delete("/v1/items/nowhere"), None),
        (client.get("/v1/items/nowhere"), None),
    ):
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert error["param"] == param
        assert "GET /v1/items?query=" in error["message"]
        assert "on_unknown" not in error["message"]


def test_events_of_every_named_kind_are_taken(serve: Serve) -> None:
    client = serve()
    kinds = ["view", "cart", "bought", "play", "like", "rate", "dislike", "hide", "skip"]
    events = [{"item_id": "a", "kind": kind} for kind in kinds]
    assert client.post("/v1/users/zoe/events", json={"events": events}).json()["accepted"] == len(kinds)
    kept = [event["kind"] for event in client.get("/v1/users/zoe").json()["events"]]
    assert kept == [kind if kind != "bought" else "buy" for kind in kinds]
