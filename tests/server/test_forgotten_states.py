"""What the language model read of a user's history, over HTTP: kept between answers, gone when forgotten."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from fastapi.testclient import TestClient
from support.films import WordEncoder
from support.tiny_item_softmax import tiny_item_softmax

from nextinterest.agent import AgentConfig, Engine, RecommenderAgent
from nextinterest.data import EventLog
from nextinterest.domain import Catalog
from nextinterest.llm import StateStore
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.trained import TrainedRetriever

Serve = Callable[..., TestClient]


@pytest.fixture
def part(catalog: Catalog) -> ItemSoftmax:
    return tiny_item_softmax(catalog, WordEncoder())


@pytest.fixture
def agent(catalog: Catalog, log: EventLog, part: ItemSoftmax) -> RecommenderAgent:
    """Return an agent whose ranking reads histories with a language model, and which `serve` serves."""
    counts = log.item_counts(len(catalog)).astype(np.float32)
    pool = ScorePool([part, PopularityPart(counts)], {"item_softmax": 2.0, "popularity": 0.5})
    retriever = TrainedRetriever.from_retriever(Retriever.build(catalog, log, WordEncoder()), pool)
    return RecommenderAgent(Engine(retriever, config=AgentConfig(n_candidates=5, evidence="similarity")), log)


@pytest.fixture
def talker() -> None:
    """Let the agent itself answer chat."""


def _states(part: ItemSoftmax) -> StateStore:
    assert part._states is not None
    return part._states


def _ask(client: TestClient, user: str) -> list[str]:
    answer = client.post("/v1/recommend", json={"user": user, "k": 3})
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json()["items"]]


def _tell(client: TestClient, user: str, *items: str) -> None:
    body = {"events": [{"item_id": item} for item in items]}
    assert client.post(f"/v1/users/{user}/events", json=body).status_code in {200, 201}


@pytest.mark.parametrize("how", ["delete", "chat", "chat confirmed by the caller"])
def test_forgetting_leaves_nothing_that_was_read(serve: Serve, part: ItemSoftmax, how: str) -> None:
    client = serve()
    for user in ("ann", "bob"):
        _tell(client, user, "a", "b")
        _ask(client, user)
        assert user in _states(part)
    if how == "delete":
        client.delete("/v1/users/ann")
    else:
        sure = how != "chat"
        message = {"role": "user", "content": "forget everything about me"}
        body: dict[str, object] = {"model": "nextinterest", "user": "ann", "messages": [message]}
        body |= {"nextinterest": {"confirm_forget": True}} if sure else {}
        asked = client.post("/v1/chat/completions", json=body)
        assert asked.status_code == 200
        if not sure:
            question = asked.json()["nextinterest"]["question"]
            assert (question["kind"], question["events"]) == ("forget_everything", 2)
            assert len(client.get("/v1/users/ann").json()["events"]) == 2
            assert "ann" in _states(part)
            said = asked.json()["choices"][0]["message"]
            body["messages"] = [message, said, {"role": "user", "content": "yes"}]
            assert client.post("/v1/chat/completions", json=body).status_code == 200
    assert "ann" not in _states(part)
    assert "bob" in _states(part)
    assert client.get("/v1/users/ann").json()["events"] == []


def test_a_new_event_costs_its_own_line_and_changes_the_list(serve: Serve, part: ItemSoftmax) -> None:
    client = serve()
    _tell(client, "ann", "a", "b", "c")
    read = part.tokens_read
    before = _ask(client, "ann")
    whole = part.tokens_read - read
    _tell(client, "ann", before[0])
    after = _ask(client, "ann")
    assert 0 < part.tokens_read - read - whole < whole / 2
    assert before[0] not in after
