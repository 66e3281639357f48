"""Whole requests and generation over HTTP and MCP."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from nextinterest.agent import AgentConfig, Engine, RecommenderAgent
from nextinterest.domain import Outcome, Request, Where
from nextinterest.llm import ScriptedLanguageModel

Serve = Callable[..., TestClient]
SAID = json.dumps(
    {
        "interests": [{"name": "Crime", "because": [1], "share": 70, "trend": "rising"}],
        "titles": ["Fargo", "Heat", "Picnic at Hanging Rock"],
    }
)


def test_a_request_in_and_its_outcome_out(serve: Serve, agent: RecommenderAgent) -> None:
    client = serve()
    asked = Request(where=Where(excluded_categories=("Horror",)), count=2, query="a heist")
    body = {"history": ["Heat"], "request": json.loads(asked.model_dump_json())}
    answer = client.post("/v1/requests", json=body)
    assert answer.status_code == 200, answer.text
    assert Outcome.model_validate(answer.json()) == agent.carry_out(asked, history=["Heat"])


def test_what_is_deleted_is_asked_back(serve: Serve) -> None:
    client = serve()
    client.post("/v1/users/zoe/events", json={"events": [{"item_id": "a"}, {"item_id": "e"}]})
    body: dict[str, object] = {"user": "zoe", "request": {"intent": "forget", "query": "everything"}}
    asked = client.post("/v1/requests", json=body).json()
    assert asked["question"]["kind"] == "forget_everything"
    assert len(client.get("/v1/users/zoe").json()["events"]) == 2
    done = client.post("/v1/requests", json={**body, "confirm_forget": True}).json()
    assert done["confirmation"]["events"] == 2


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ("two films", "request"),
        ({"intent": "buy"}, "request.intent"),
        ({"count": 0}, "request.count"),
        ({"count": 201}, "request.count"),
        ({"count": "3"}, "request.count"),
        ({"liked": ["x"] * 21}, "request.liked"),
        ({"liked": 7}, "request.liked"),
        ({"query": "x" * 301}, "request.query"),
        ({"references": [0]}, "request.references.0"),
        ({"references": [1] * 101}, "request.references"),
        ({"horizon_days": -1}, "request.horizon_days"),
        ({"where": {"year_from": 1990, "year_to": 1980}}, "request.where"),
        ({"where": {"attributes": {"a": {"b": {}}}}}, "request.where.attributes.a.b"),
        ({"wish": 1}, "request.wish"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(serve: Serve, asked: object, param: str) -> None:
    answer = serve().post("/v1/requests", json={"history": [], "request": asked})
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["param"] == param


def test_a_key_of_one_user_opens_that_one(serve: Serve) -> None:
    client = serve(keys=("a-long-enough-key user:zoe",))
    headers = {"Authorization": "Bearer a-long-enough-key"}
    requests: dict[str, dict[str, object]] = {"requests": {"request": {}}, "generate": {}}
    for path, more in requests.items():
        answer = client.post(f"/v1/{path}", json={"user": "yan", **more}, headers=headers)
        assert answer.status_code == 403


def test_the_model_says_what_comes_next(serve: Serve, model: ScriptedLanguageModel) -> None:
    client = serve()
    model.answers.append(SAID)
    body = {"history": ["Heat", "Emma"], "n": 3, "request": "something bleak", "trace": True}
    answer = client.post("/v1/generate", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [item["item_id"] for item in found["items"]] == ["f", None]
    assert found["interests"][0]["name"] == "Crime"
    assert [step["name"] for step in found["trace"]["steps"]] == ["prompt", "generate", "ground"]
    for wrong, param in (({"n": 0}, "n"), ({"n": 201}, "n"), ({"request": " "}, "request")):
        refused = client.post("/v1/generate", json={"history": [], **wrong})
        assert (refused.status_code, refused.json()["error"]["param"]) == (422, param)
    model.answers.append(SAID)
    held = client.post("/v1/generate", json={**body, "where": {"excluded_items": ["f"]}})
    assert [item["item_id"] for item in held.json()["items"]] == [None]


def test_without_a_model_it_is_said(
    serve: Serve, agent: RecommenderAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = RecommenderAgent(Engine(agent.retriever, None, AgentConfig()), agent.log)
    monkeypatch.setattr(agent, "with_store", silent.with_store)
    answer = serve().post("/v1/generate", json={"history": ["Heat"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "no_language_model")
