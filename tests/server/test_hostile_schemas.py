"""Schemas that callers send to do harm: each is answered in time, and the server answers others meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import httpx
import pytest

from nextinterest.server.schemas import CheckedSchema, SchemaRefusedError, Work

CHAT = "/v1/chat/completions"
VALUE = {"items": [{"rank": i, "scores": [0.5] * 5, "title": "Alien"} for i in range(100)]}


def doubled(word: str, levels: int) -> dict[str, object]:
    """Return a schema whose definitions name the next one twice each."""
    definitions: dict[str, object] = {
        f"d{i}": {word: [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": definitions | {f"d{levels}": {"type": "object"}}}


def doubled_if(levels: int) -> dict[str, object]:
    definitions: dict[str, object] = {
        f"d{i}": {word: {"$ref": f"#/$defs/d{i + 1}"} for word in ("if", "then", "else")}
        for i in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": definitions | {f"d{levels}": {"type": "object"}}}


def chain(link: str, length: int) -> dict[str, object]:
    definitions: dict[str, object] = {
        f"d{i}": {link: {"x": {"$ref": f"#/$defs/d{i + 1}"}}}
        if link == "properties"
        else {link: f"#/$defs/d{i + 1}"}
        for i in range(length)
    }
    return {"$ref": "#/$defs/d0", "$defs": definitions | {f"d{length}": {}}}


ANYTHING = {
    "anyOf": [
        {"type": ["number", "string", "boolean", "null"]},
        {"type": "array", "items": {"$ref": "#/$defs/any"}},
        {"type": "object", "additionalProperties": {"allOf": [{"$ref": "#/$defs/any"}] * 60}},
    ]
}
TEXT: dict[str, object] = {"type": "object", "required": ["text"]}
HOSTILE: dict[str, dict[str, object]] = {
    **{f"{word} 14": doubled(word, 14) for word in ("allOf", "anyOf", "oneOf")},
    **{f"{word} 30": doubled(word, 30) for word in ("allOf", "anyOf", "oneOf")},
    "anyOf 8": doubled("anyOf", 8),
    "if 30": doubled_if(30),
    "deep recursion": {"$ref": "#/$defs/any", "$defs": {"any": ANYTHING}},
    "dynamic": {"$dynamicRef": "#x", "$defs": {"x": {"$dynamicAnchor": "x"}}},
    "recursive": {"allOf": [{"$recursiveRef": "#"}] * 2},
    "itself": {"$ref": "#"},
    "itself twice": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
    "each other": {
        "$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}},
    },
    "chain": chain("$ref", 900),
    "chain of properties": chain("properties", 700),
    "pattern": TEXT | {"properties": {"text": {"pattern": "^(([a-z ])+.)+[A-Z]([a-z ])+$"}}},
    "pattern hidden as data": TEXT | {
        "properties": {"text": {"$ref": "#/properties/text/const"}, "x": {"const": {"pattern": "(a+)+$"}}}
    },
    "patternProperties": TEXT | {"patternProperties": {"(.*)*x": True}},
    "propertyNames": TEXT | {"propertyNames": {"pattern": "(.*)*x"}},
    "many propertyNames": {"allOf": [{"propertyNames": {"maxLength": 99}}] * 3000},
    "unevaluated": TEXT | {"allOf": [{"unevaluatedProperties": False}] * 50},
    "uniqueItems": {"properties": {"recommendations": {"properties": {"items": {"uniqueItems": True}}}}},
    "huge enum": TEXT | {"properties": {"text": {"enum": [f"x{i}" for i in range(5000)]}}},
    "many enums": TEXT | {"properties": {"text": {"anyOf": [{"enum": list(range(100))}] * 150}}},
    "required": {"anyOf": [{"required": [f"x{i}" for i in range(2000)]}] * 4},
    "tiny multiple": {"properties": {"usage": {"additionalProperties": {"multipleOf": 1e-300}}}},
    "huge multiple": {"properties": {"usage": {"additionalProperties": {"multipleOf": 10**4000}}}},
    "huge bound": TEXT | {"minProperties": 10**4000},
    "infinite bound": TEXT | {"properties": {"text": {"minimum": 1e308 * 10}}},
    "format": TEXT | {"properties": {"text": {"type": "string", "format": "regex"}}},
    "remote": TEXT | {"properties": {"text": {"$ref": "http://127.0.0.1:1/schema"}}},
    "file": TEXT | {"properties": {"text": {"$ref": "file:///etc/hostname"}}},
    "remote by id": {"$id": "http://127.0.0.1:1/", "$ref": "other.json"},
    "nested id": TEXT | {"properties": {"text": {"$id": "http://[", "$ref": "#"}}},
    "other dialect": TEXT | {"$schema": "http://127.0.0.1:1/dialect"},
    "tab in a reference": {"$ref": "#/$defs/a\tb", "$defs": {"a\tb": {}}},
    "not a schema": {"type": 7},
    "not schemas": {"allOf": {"type": "object"}},
    "half a surrogate": TEXT | {"properties": {"text": {"const": "\ud800"}}},
    "wide": {"properties": {f"p{i}": {"anyOf": [{}, {}]} for i in range(1500)}},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_schema_is_checked_and_applied_within_bounds(name: str) -> None:
    started = time.thread_time()
    with suppress(SchemaRefusedError):
        schema = CheckedSchema(HOSTILE[name])
        schema.fits(VALUE, Work())
    assert time.thread_time() - started < 1.0


def test_what_is_usual_is_applied() -> None:
    tree = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/tree",
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "pattern": {"type": "string", "format": "uuid"},
                    "below": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/%24defs/node"}},
                },
                "required": ["pattern"],
                "additionalProperties": False,
                "x-comment": {"pattern": 1},
            }
        },
    }
    schema = CheckedSchema(tree)
    leaf = {"pattern": "a"}
    assert schema.fits({"pattern": "a", "below": [leaf, {"pattern": "b"}]}, Work())
    assert not schema.fits({"pattern": "a", "below": [leaf, leaf]}, Work())
    assert not schema.fits({"pattern": "a", "below": [{"pattern": 1}]}, Work())
    assert not schema.fits({"pattern": "a", "other": 1}, Work())


def test_work_is_counted() -> None:
    schema = CheckedSchema({"properties": {"items": {"items": {"type": "object"}}}})
    assert schema.fits(VALUE, Work())
    with pytest.raises(SchemaRefusedError, match="more work than is allowed"):
        schema.fits(VALUE, Work(steps=50))
    with pytest.raises(SchemaRefusedError, match="more work than is allowed"):
        schema.fits(VALUE, Work(seconds=0.0))


@pytest.fixture
def probed(listen: Callable[..., str]) -> Iterator[tuple[str, list[float]]]:
    """A server, and how long each of another caller's requests took meanwhile."""
    address, took, stop = listen(requests_per_minute=1_000_000), [], threading.Event()

    def probe() -> None:
        with httpx.Client(base_url=address) as client:
            for _ in count():
                if stop.is_set():
                    return
                started = time.perf_counter()
                client.get("/v1/users/ann").raise_for_status()
                took.append(time.perf_counter() - started)

    thread = threading.Thread(target=probe)
    thread.start()
    yield address, took
    stop.set()
    thread.join()


def test_hostile_schemas_hold_up_nobody(probed: tuple[str, list[float]]) -> None:
    address, took = probed
    with httpx.Client(base_url=address, timeout=20) as client:
        for name, schema in HOSTILE.items():
            form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
            body = {"model": "nextinterest", "messages": [{"role": "user", "content": "hi"}]}
            content = json.dumps(body | {"response_format": form})
            started = time.perf_counter()
            answer = client.post(CHAT, content=content, headers={"Content-Type": "application/json"})
            assert time.perf_counter() - started < 5.0, name  # 0.3 s where the machine is idle
            assert answer.status_code in {200, 400, 422}, (name, answer.text)
            if answer.status_code == 422:
                assert answer.json()["error"]["param"] == "response_format", name
                assert answer.json()["error"]["code"] == "unsupported_response_format"
    assert max(took) < 2.0  # milliseconds where the machine is idle


def test_a_refused_schema_leaves_the_profile_alone(listen: Callable[..., str]) -> None:
    with httpx.Client(base_url=listen(talker=None)) as client:
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": doubled("allOf", 30)}}
        message = {"role": "user", "content": "I just watched Alien and loved it"}
        body = {"model": "nextinterest", "user": "zoe", "messages": [message], "response_format": form}
        for stream in (False, True):
            answer = client.post(CHAT, json=body | {"stream": stream})
            assert answer.status_code == 422
            assert "10,000 parts once its references are followed" in answer.json()["error"]["message"]
        assert client.get("/v1/users/zoe").json()["events"] == []
