"""A language model that fails: chat answers without it, says so, and asks it once in a turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.endpoint import Body, Endpoint, Reply, clever, failure, prompt_of, serving
from support.films import WordEncoder
from support.shop import SHOP, dataset

from nextinterest import RecommenderAgent, Request
from nextinterest.agent.chat import ChatReply
from nextinterest.agent.notes import UNRANKED
from nextinterest.errors import ProviderError

UNREAD = "Read by rules: the language model failed."
UNWORDED = "Worded by the template: the language model failed."


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
    with serving() as server:
        yield server


def made(endpoint: Endpoint) -> RecommenderAgent:
    return RecommenderAgent.from_dataset(dataset(SHOP), language_model=endpoint.model(retries=1))


def well(body: Body) -> Reply:
    def objects(schema: dict[str, object] | None, prompt: str) -> object:
        plan = {"requests": [{"intent": "recommend", "count": 3}]}
        return plan if "newest message" in prompt else {"ranking": ["A"], "sure": 50}

    return clever(objects)(body)


def asked(reply: ChatReply) -> tuple[list[str], tuple[str, ...]]:
    assert reply.recommendations is not None
    return [item.item_id for item in reply.recommendations.items], reply.notes


def test_a_model_that_fails_while_reading_is_not_asked_again(endpoint: Endpoint) -> None:
    endpoint.script = [failure(503)]
    agent = made(endpoint)
    said = [{"role": "user", "content": "recommend three things"}]
    items, notes = asked(agent.chat(said, history=["p1"]))
    assert len(endpoint.bodies) == 1
    assert len(items) == 3
    assert {UNREAD, UNRANKED, UNWORDED} <= set(notes)
    *_, streamed = agent.chat_stream(said, history=["p1"])
    assert isinstance(streamed, ChatReply)
    assert asked(streamed) == (items, notes)
    assert len(endpoint.bodies) == 2  # the next turn asks again
    with pytest.raises(ProviderError):
        agent.recommend(history=["p1"])


def test_a_reranking_that_fails_leaves_the_order_of_retrieval(endpoint: Endpoint) -> None:
    endpoint.script = [lambda body: well(body) if "newest message" in prompt_of(body) else failure(503)]
    agent = made(endpoint)
    items, notes = asked(agent.chat([{"role": "user", "content": "three things"}], history=["p1"]))
    assert UNREAD not in notes
    assert {UNRANKED, UNWORDED} <= set(notes)
    plain = RecommenderAgent.from_dataset(dataset(SHOP), language_model=None)
    assert items == [item.item_id for item in plain.recommend(history=["p1"], k=3).items]
    outcome = agent.carry_out(Request(count=3), history=["p1"])
    assert UNRANKED in outcome.notes


def test_reasons_are_not_reranked(endpoint: Endpoint) -> None:
    endpoint.script = [failure(503)]
    outcome = made(endpoint).carry_out(Request(intent="explain", query="p2"), history=["p1"])
    assert outcome.explanation is not None
    assert outcome.explanation.rank is not None
    assert endpoint.bodies == []
