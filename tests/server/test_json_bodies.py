"""Bodies that are no JSON, or JSON that would fail later: one answer each, in time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}
ROUTES = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/responses"),
    ("POST", "/v1/recommend"),
    ("POST", "/v1/similar"),
    ("POST", "/v1/interests"),
    ("POST", "/v1/forecast"),
    ("POST", "/v1/users/zoe/events"),
    ("PUT", "/v1/items"),
]
BROKEN = {
    "cut": (b'{"model": "nextinterest", "messages": [', "Expecting value at line 1, column 40."),
    "deep": (b"[" * 500_000 + b"]" * 500_000, "nested more than 64 deep"),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested more than 64 deep"),
    "quite deep": (b'{"a":' * 65 + b"1" + b"}" * 65, "nested more than 64 deep"),
    "unfinished": (b"[" * 1_000_000, "nested more than 64 deep"),
    "long number": (b'{"k": ' + b"9" * 5000 + b"}", "a number is too long"),
    "not a number": (b'{"k": NaN}', "NaN is no JSON number"),
    "infinite": (b'{"k": -Infinity}', "-Infinity is no JSON number"),
    "not UTF-8": (b'{"user": "zo\xeb"}', "not valid UTF-8"),
    "half a pair": (b'{"user": "\\ud800"}', "surrogate"),
    "half a pair as a name": (b'{"\\udfff": 1}', "surrogate"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_json_is_refused(serve: Callable[..., TestClient], name: str) -> None:
    body, reason = BROKEN[name]
    client = serve()
    for method, route in ROUTES:
        answer = client.request(method, route, content=body, headers=JSON)
        assert answer.status_code == 400, route
        error = answer.json()["error"]
        assert reason in error["message"]
        assert (error["param"], error["code"]) == (None, "invalid_json")


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", None],
)
def test_other_types_are_refused(serve: Callable[..., TestClient], kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    client = serve()
    for method, route in ROUTES:
        answer = client.request(method, route, content=b'{"model": "nextinterest"}', headers=headers)
        assert answer.status_code == 415, route
        assert "Content-Type: application/json" in answer.json()["error"]["message"]


def test_json_is_taken_under_its_usual_names(serve: Callable[..., TestClient]) -> None:
    client = serve()
    for kind in ("application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"):
        answer = client.post(
            "/v1/recommend", content=b'{"history": ["Alien"]}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 200, kind
    assert client.request("DELETE", "/v1/users/zoe").status_code == 200


@pytest.mark.parametrize(
    ("route", "item"),
    [("/v1/recommend", "history"), ("/v1/users/zoe/events", "events"), ("/v1/chat/completions", "messages")],
)
def test_long_lists_of_wrong_things_take_no_time(
    serve: Callable[..., TestClient], route: str, item: str
) -> None:
    client = serve()
    for piece in ("{}", "[[]]", "7", '{"a": {}}'):
        body = f'{{"{item}": [{",".join([piece] * 100_000)}]}}'.encode()
        started = time.process_time()
        answer = client.post(route, content=body, headers=JSON)
        assert answer.status_code == 422, answer.text[:300]
        assert time.process_time() - started < 8.0  # minutes before


@pytest.mark.parametrize(
    "body", ['{"history": [], "k": 1, "k": 2}', '{"history": [], "where": {"k": 1, "k": 1}}']
)
def test_a_key_given_twice_is_named(serve: Callable[..., TestClient], body: str) -> None:
    answer = serve().post("/v1/recommend", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "In the body the key 'k' is given twice in one object."
