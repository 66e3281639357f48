"""One agent with and without a store: the same methods, the same answers about a given history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.data import from_events
from nextinterest.domain import History, Item
from nextinterest.errors import DataError
from nextinterest.profiles import ProfileEvent

NOW = datetime(2026, 5, 1, tzinfo=UTC)
MESSAGES = [{"role": "user", "content": "something like Alien"}]


@pytest.mark.parametrize(
    "ask",
    [
        lambda agent: agent.recommend(["a", "b"], 3),
        lambda agent: agent.recommend(["a", "b"], 3, user="eve"),
        lambda agent: agent.interests(["a", "b"]),
        lambda agent: agent.forecast(["a", "b"]),
        lambda agent: agent.chat(MESSAGES),
        lambda agent: agent.chat(MESSAGES, history=["a", "b"]),
        lambda agent: agent.item("a"),
        lambda agent: agent.find_items("ali"),
    ],
)
def test_a_given_history_is_answered_alike(
    agent: RecommenderAgent, tmp_path: Path, ask: Callable[[RecommenderAgent], object]
) -> None:
    kept = agent.with_store(tmp_path / "profiles.db", clock=lambda: NOW)
    ask(agent)  # letters' own attraction is measured once, which counts as usage
    assert ask(kept) == ask(agent)
    assert kept.store.users() == []
    kept.store.close()


def test_a_user_of_the_store_goes_before_one_of_the_log(agent: RecommenderAgent, tmp_path: Path) -> None:
    kept = agent.with_store(str(tmp_path / "profiles.db"), clock=lambda: NOW)
    assert agent.recommend(user="ann").events_used == 4
    absent = kept.recommend(user="ann")
    assert absent.events_used == 0
    assert any("holds no events of user 'ann'" in note for note in absent.notes)
    assert any("serve --examples N` those of the data's first N users" in note for note in absent.notes)
    assert not any("holds no events" in note for note in kept.recommend(user="new").notes)
    kept.import_history(agent.history("ann"))
    assert kept.recommend(user="ann", k=3).items == agent.recommend(user="ann", k=3).items
    assert not any("holds no events" in note for note in kept.recommend(user="ann").notes)
    assert kept.forget("ann") == 4
    kept.store.close()


@pytest.mark.parametrize(
    "message",
    ["three films please", "what am I into?", "why Alien?", "more like Alien", "hi", "I liked Heat"],
)
def test_chat_says_too_that_the_store_lacks_a_user_of_the_log(
    agent: RecommenderAgent, tmp_path: Path, message: str
) -> None:
    kept = agent.with_store(str(tmp_path / "profiles.db"), clock=lambda: NOW)
    said = [{"role": "user", "content": message}]
    rests_on_history = message not in {"hi", "I liked Heat"}
    reply = kept.chat(said, "ann")
    assert ("holds no events of user 'ann'" in reply.text) is rests_on_history
    assert any("holds no events" in note for note in reply.notes) is rests_on_history
    assert "holds no events" not in kept.chat(said, "new").text
    kept.store.forget("ann")
    kept.import_history(agent.history("ann"))
    assert "holds no events" not in kept.chat(said, "ann").text
    kept.store.close()


@pytest.mark.parametrize(
    "act",
    [
        lambda agent: agent.add_events("eve", [ProfileEvent(item_id="a")]),
        lambda agent: agent.import_histories([]),
        lambda agent: agent.retract("eve", "a"),
        lambda agent: agent.forget("eve"),
        lambda agent: agent.synchronise(),
        lambda agent: agent.store,
    ],
)
def test_without_a_store_the_remedy_gives_one(
    agent: RecommenderAgent,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[RecommenderAgent], object],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"no profile store.*agent\.with_store\('profiles\.db'\)"):
        act(agent)
    kept = agent.with_store("profiles.db")
    act(kept)
    kept.store.close()


def test_unwanted_items_take_no_place_and_no_note(agent: RecommenderAgent, tmp_path: Path) -> None:
    kept = agent.with_store(tmp_path / "profiles.db", clock=lambda: NOW)
    kept.add_events("eve", [ProfileEvent(item_id="a"), ProfileEvent(item_id="b", kind="hidden")])
    result = kept.recommend(user="eve", k=7)
    assert len(result.items) == 7
    assert "b" not in {item.item_id for item in result.items}
    assert [item.rank for item in result.items] == list(range(1, 8))
    assert not any("left to recommend" in note for note in result.notes)
    kept.store.close()


def test_items_change_without_a_store_and_users_of_the_log_keep_their_events(agent: RecommenderAgent) -> None:
    before = agent.history("bob").events(agent.catalog)
    agent.put_items([Item("z", "Zodiac")])
    assert agent.remove_items(["a"]) == 9
    after = agent.history("bob").events(agent.catalog)
    assert after == before  # under new positions
    assert agent.recommend(user="ann").skipped == ("a", "a")
    assert [item.id for item in agent.find_items("zod")] == ["z"]


def test_a_given_user_is_that_of_the_answer(agent: RecommenderAgent) -> None:
    history = agent.history("ann")
    assert history.user == "ann"
    assert agent.recommend(history, user="eve").user == "eve"
    assert agent.recommend(history).user == "ann"
    assert agent.recommend(History(history.items), user="7").user == "7"


@pytest.mark.parametrize("kind", ["data set", "log"])
def test_a_whole_data_set_is_imported_or_it_is_said_what_to_give(
    agent: RecommenderAgent, tmp_path: Path, kind: str
) -> None:
    assert agent.log is not None
    log = agent.log
    stored = agent.with_store(tmp_path / "profiles.db", clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    whole = log if kind == "log" else replace(from_events([("a", "b", None)]), catalog=agent.catalog, log=log)
    with pytest.raises(DataError, match="import_histories"):
        stored.import_history(whole)  # type: ignore[arg-type]
    assert stored.import_histories(whole) == log.n_users
    assert stored.history("ann").items.tolist() == log.history(0).items.tolist()


def test_an_answer_about_an_unknown_user_says_so(agent: RecommenderAgent, tmp_path: Path) -> None:
    stored = agent.with_store(tmp_path / "profiles.db", clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    note = "User 'nobody' is not known to the store."
    for answer in (stored.recommend(user="nobody"), stored.interests(user="nobody")):
        assert note in answer.notes
    stored.add_events("nobody", {"item_id": "a"})
    assert note not in stored.recommend(user="nobody").notes
