"""Processes on one store, beside and after one another: what is forgotten or changed in one holds in all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from support.films import FILMS, WordEncoder
from support.paused import SECONDS, Gate
from support.tiny_item_softmax import tiny_item_softmax

from nextinterest.agent import AgentConfig, Engine, RecommenderAgent
from nextinterest.agent.following import following
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, Item, Recommendations
from nextinterest.errors import UnknownItemError
from nextinterest.profiles import ItemRecord, ProfileEvent, ProfileStore, StoreError
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.pool import PopularityPart, ScorePool
from nextinterest.retrieval.trained import TrainedRetriever

NOW = datetime(2026, 5, 1, tzinfo=UTC)
Process = Callable[..., RecommenderAgent]


@pytest.fixture
def process(open_url: Callable[[], ProfileStore], log: EventLog) -> Process:
    """Return a function that starts a live agent of its own on the one store, as a process would."""

    def start(catalog: Catalog | None = None) -> RecommenderAgent:
        mine = catalog or Catalog.from_items(FILMS)
        base = Retriever.build(mine, log if catalog is None else None, WordEncoder())
        counts = log.item_counts(len(FILMS)).astype(np.float32)[: len(mine)]
        part = tiny_item_softmax(mine, WordEncoder())
        pool = ScorePool([part, PopularityPart(counts)], {"item_softmax": 2.0, "popularity": 0.5})
        retriever = TrainedRetriever.from_retriever(base, pool)
        config = AgentConfig(n_candidates=5, evidence="similarity")
        return RecommenderAgent(Engine(retriever, config=config)).with_store(open_url(), clock=lambda: NOW)

    return start


def remembered(live: RecommenderAgent) -> set[str]:
    return set(live.retriever.remembered())


def tell(live: RecommenderAgent, user: str, items: str) -> None:
    live.add_events(user, [ProfileEvent(item_id=item) for item in items])


def listed(live: RecommenderAgent, user: str = "ann") -> set[str]:
    return {item.item_id for item in live.recommend(user=user, k=20).items}


@pytest.mark.parametrize("comes_back", [False, True])
def test_who_is_forgotten_elsewhere_is_forgotten_here(process: Process, comes_back: bool) -> None:
    one, other = process(), process()
    for user in ("ann", "bob"):
        tell(one, user, "ab")
        one.recommend(user=user, k=3)
    one.synchronise()
    assert remembered(one) == {"ann", "bob"}  # nothing is dropped without need
    other.forget("ann")
    if comes_back:
        tell(other, "ann", "c")
    one.synchronise()
    assert remembered(one) == {"bob"}
    assert one.recommend(user="ann", k=3).events_used == comes_back
    one.synchronise()
    assert remembered(one) == ({"ann", "bob"} if comes_back else {"bob"})


def test_the_follower_does_it_by_itself_and_outlasts_a_failing_store(
    process: Process, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = process(), process()
    tell(one, "ann", "ab")
    one.recommend(user="ann", k=3)
    synchronise, rounds, done = one.synchronise, iter(range(1000)), threading.Event()

    def counted() -> None:
        if next(rounds) < 3:
            raise StoreError("unavailable", "It is away.", remedy="Wait.")
        synchronise()
        done.set()

    monkeypatch.setattr(one, "synchronise", counted)
    other.forget("ann")
    other.put_items([Item("z", "Zodiac")])
    with following(one, 0.001):
        assert done.wait(SECONDS)
    assert remembered(one) == set()
    assert one.item("z").title == "Zodiac"
    assert [record.message for record in caplog.records].count("the store cannot be followed") == 1


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("comes_back", [False, True])
def test_an_answer_under_way_puts_nothing_back(
    process: Process, monkeypatch: pytest.MonkeyPatch, elsewhere: bool, comes_back: bool
) -> None:
    one = process()
    forgetting = process() if elsewhere else one
    tell(one, "ann", "ab")
    gate, read = Gate(), ItemSoftmax.read

    def late(self: ItemSoftmax, histories: object) -> object:
        gate.passing()  # the history is read from the store, the model has not read it yet
        return read(self, histories)  # type: ignore[arg-type]

    monkeypatch.setattr(ItemSoftmax, "read", late)
    with ThreadPoolExecutor(1) as pool:
        with gate.closed():
            answer: Future[Recommendations] = pool.submit(one.recommend, None, 3, user="ann")
            gate.wait_until_reached()
            assert forgetting.forget("ann") == 2
            if comes_back:
                tell(forgetting, "ann", "cd")
            one.synchronise()
        assert answer.result(SECONDS).events_used == 2
    assert remembered(one) == set()
    assert one.store.users() == (["ann"] if comes_back else [])


def test_what_was_taken_back_is_not_remembered(process: Process) -> None:
    one = process()
    tell(one, "ann", "ab")
    one.recommend(user="ann", k=3)
    assert one.retract("ann", "a") == 1
    assert remembered(one) == set()


def test_a_failing_store_keeps_nothing_in_memory(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    one = process()
    tell(one, "ann", "ab")
    one.recommend(user="ann", k=3)

    def away(_: str) -> int:
        raise StoreError("unavailable", "It is away.", remedy="Wait.")

    monkeypatch.setattr(one.store, "forget", away)
    with pytest.raises(StoreError):
        one.forget("ann")
    assert remembered(one) == set()


def test_changed_items_outlast_a_restart(process: Process) -> None:
    one = process()
    assert one.put_items([Item("z", "Zodiac", ("Crime",), 2007), Item("a", "Alien, the cut")]).added == 1
    assert one.remove_items(["b"]) == 9
    tell(one, "ann", "zc")
    one.store.close()
    again = process()
    assert len(again.catalog) == 9
    assert again.item("z") == Item("z", "Zodiac", ("Crime",), 2007)
    assert again.item("a").title == "Alien, the cut"
    assert [item.id for item in again.find_items("zodi")] == ["z"]
    with pytest.raises(UnknownItemError):
        again.item("b")
    assert listed(again) == set("adefghi")
    assert listed(again, "nobody") == set("acdefghiz")
    np.testing.assert_allclose(
        again.retriever.item_vectors[again.catalog.position("z")],
        one.retriever.item_vectors[one.catalog.position("z")],
        atol=1e-6,
    )
    assert again.remove_items(["z"]) == 8
    assert again.put_items([FILMS[1]]).added == 1
    third = process()
    assert set(third.catalog.ids) == set("abcdefghi")
    assert third.item("b") == FILMS[1]


def test_changes_hold_over_another_recommender_by_item_id(process: Process) -> None:
    one = process()
    one.put_items([Item("z", "Zodiac"), Item("a", "Alien, the cut")])
    one.remove_items(["b", "c"])
    other = process(Catalog.from_items([FILMS[0], FILMS[2], FILMS[3], Item("n", "New")]))
    assert {item.id: item.title for item in other.catalog} == {
        "a": "Alien, the cut", "d": "Dracula", "n": "New", "z": "Zodiac",
    }  # fmt: skip
    assert listed(other, "nobody") == set("adnz")


def test_changes_of_items_reach_other_processes(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = process(), process()
    one.put_items([Item("z", "Zodiac")])
    one.remove_items(["a"])
    with pytest.raises(UnknownItemError):
        other.item("z")
    serving = other.engine
    other.synchronise()
    assert other.item("z").title == "Zodiac"
    assert set(other.catalog.ids) == set("bcdefghiz")
    assert serving is not other.engine
    serving = other.engine
    other.synchronise()
    assert serving is other.engine  # nothing new, nothing done
    # A change that comes between another's look and its write is not lost.
    write = other.store.change_items

    def late(records: list[ItemRecord]) -> int:
        monkeypatch.undo()
        one.put_items([Item("y", "Yentl")])
        return write(records)

    monkeypatch.setattr(other.store, "change_items", late)
    other.put_items([Item("x", "X-Men")])
    one.synchronise()
    assert set(one.catalog.ids) == set(other.catalog.ids) == set("bcdefghixyz")


def test_a_change_that_cannot_be_kept_is_not_served(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = process()

    def full(_: list[ItemRecord]) -> int:
        raise StoreError("full", "No space is left.", remedy="Free some.")

    with monkeypatch.context() as patched:
        patched.setattr(one.store, "change_items", full)
        for change in (lambda: one.put_items([Item("z", "Zodiac")]), lambda: one.remove_items(["a"])):
            with pytest.raises(StoreError):
                change()
    with monkeypatch.context() as patched:
        patched.setattr(WordEncoder, "encode", lambda *_: (_ for _ in ()).throw(ValueError("no")))
        with pytest.raises(ValueError, match="no"):
            one.put_items([Item("y", "Yentl")])
    assert set(one.catalog.ids) == set("abcdefghi")
    assert one.store.items_since(0) == (0, [])
    one.put_items([Item("x", "X-Men")])
    assert set(process().catalog.ids) == set("abcdefghix")
