"""`trace` in a body: each step of the answer, and nothing of it unasked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from nextinterest.agent import RecommenderAgent
from nextinterest.domain import Trace
from nextinterest.server.app import create_app
from nextinterest.server.settings import ServerSettings

Serve = Callable[..., TestClient]
ASK = {"role": "user", "content": "two films please"}
BODIES: dict[str, dict[str, object]] = {
    "/v1/recommend": {"history": ["a", "b"], "k": 2},
    "/v1/forecast": {"history": ["a", "b"]},
    "/v1/similar": {"items": ["a"], "k": 2},
}


@pytest.mark.parametrize("path", BODIES)
def test_answers_have_a_trace_where_asked(serve: Serve, path: str) -> None:
    client = serve()
    assert client.post(path, json=BODIES[path]).json()["trace"] is None
    made = client.post(path, json={**BODIES[path], "trace": True}).json()["trace"]
    trace = Trace.model_validate(made)
    assert trace.seconds > 0
    assert client.post(path, json={**BODIES[path], "trace": "yes"}).status_code == 422


def test_a_recommendation_shows_its_evidence_step(serve: Serve) -> None:
    made = serve().post("/v1/recommend", json={**BODIES["/v1/recommend"], "trace": True}).json()
    assert Trace.model_validate(made["trace"]).named("evidence")


@pytest.mark.parametrize("stream", [False, True])
def test_chats_have_a_trace_where_asked(agent: RecommenderAgent, tmp_path: Path, stream: bool) -> None:
    app = create_app(agent.with_store(tmp_path / "profiles.db"), ServerSettings())
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        _chats(client, stream)


def _chats(client: TestClient, stream: bool) -> None:
    for options, there in (({}, False), ({"nextinterest": {"trace": True}}, True)):
        body = {"model": "nextinterest", "messages": [ASK], "stream": stream, **options}
        answer = client.post("/v1/chat/completions", json=body)
        assert answer.status_code == 200
        if stream:
            lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
            reply = next(one["nextinterest"] for one in map(json.loads, lines) if "nextinterest" in one)
        else:
            reply = answer.json()["nextinterest"]
        assert (reply["trace"] is not None) == there
        if there:
            trace = Trace.model_validate(reply["trace"])
            assert trace.named("understand")[0].details["reader"] == "rules"
    made = client.post(
        "/v1/responses",
        json={"model": "nextinterest", "input": "two films please", "nextinterest": {"trace": True}},
    ).json()
    assert Trace.model_validate(made["nextinterest"]["trace"]).named("understand")
