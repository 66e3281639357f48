"""Nothing waits for the language model: forgetting, events, items and the search box while an answer runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.films import FILMS
from support.paused import SECONDS, Gate

from nextinterest.agent import RecommenderAgent
from nextinterest.domain import Item, Recommendations
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.profiles import ForgottenError, ProfileEvent, open_store

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def model(gate: Gate) -> ScriptedLanguageModel:
    """Return a model that waits at the gate."""
    return ScriptedLanguageModel(chooser=gate.score)


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    made = agent.with_store(store, clock=lambda: NOW)
    made.add_events("eve", [ProfileEvent(item_id="c"), ProfileEvent(item_id="g")])
    yield made
    store.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def under_way(live: RecommenderAgent, gate: Gate, pool: ThreadPoolExecutor) -> Future[Recommendations]:
    """Start an answer and return it while it stands in the model."""
    answer = pool.submit(live.recommend, None, 9, user="eve")
    gate.wait_until_reached()
    return answer


@pytest.mark.parametrize(
    "act",
    [
        lambda live: live.forget("eve"),
        lambda live: live.retract("eve", "c"),
        lambda live: live.add_events("eve", [ProfileEvent(item_id="a")]),
        lambda live: live.find_items("bla"),
        lambda live: live.item("a"),
        lambda live: live.items(["a", "b"]),
        lambda live: live.history("eve"),
        lambda live: live.unwanted("eve"),
        lambda live: live.interests(user="eve"),
        lambda live: live.put_items([Item("z", "Zodiac")]),
        lambda live: live.remove_items(["a"]),
        lambda live: live.synchronise(),
    ],
)
def test_it_does_not_wait_for_an_answer(
    live: RecommenderAgent, gate: Gate, pool: ThreadPoolExecutor, act: Callable[[RecommenderAgent], object]
) -> None:
    with gate.closed():
        answer = under_way(live, gate, pool)
        pool.submit(act, live).result(SECONDS / 2)
        assert not answer.done()
    assert len(answer.result(SECONDS).items) == 7


def test_several_changes_do_not_keep_new_answers_out(
    live: RecommenderAgent, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    with gate.closed():
        answer = under_way(live, gate, pool)
        live.put_items([Item("z", "Zodiac")])
        live.remove_items(["a"])
        gate.reached.clear()
        second = pool.submit(live.recommend, None, 9, user="eve")
        gate.wait_until_reached()  # it is in the model beside the first
        assert not answer.done()
    assert {item.item_id for item in answer.result(SECONDS).items} == set("abdefhi")
    assert {item.item_id for item in second.result(SECONDS).items} == set("bdefhiz")


def test_an_answer_ends_on_the_catalogue_it_began_with(
    live: RecommenderAgent, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    before = live.recommend(user="eve", k=9)
    with gate.closed():
        answer = under_way(live, gate, pool)
        live.remove_items([item.id for item in FILMS if item.id not in "cgi"])
        assert [item.id for item in live.find_items("island")] == ["i"]
    assert answer.result(SECONDS) == before
    assert [item.item_id for item in live.recommend(user="eve", k=9).items] == ["i"]


def test_what_was_said_before_forgetting_is_not_written_after_it(
    live: RecommenderAgent, monkeypatch: pytest.MonkeyPatch, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    conversation = live.conversation
    understand = conversation.understand

    def slow(*args: object, **kwargs: object) -> object:
        gate.passing()
        return understand(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(conversation, "understand", slow)
    message = Message(role="user", content="I just watched Alien and loved it")
    with gate.closed():
        reply = pool.submit(live.chat, [message], "eve")
        gate.wait_until_reached()
        assert live.forget("eve") == 2
    with pytest.raises(ForgottenError, match="forgotten while this was answered"):
        reply.result(SECONDS)
    assert live.store.users() == []
    again = live.chat([message], "eve")
    assert again.confirmation is not None
    assert [event.item_id for event in live.store.events("eve")] == ["a"]
