"""Natural slips of a caller from Python end in errors that say what to pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from support.films import WordEncoder

import nextinterest
from nextinterest import RecommenderAgent
from nextinterest.agent import Engine
from nextinterest.domain import Event, Item
from nextinterest.errors import DataError, IntegrityError, NextInterestError
from nextinterest.profiles import ProfileEvent
from nextinterest.retrieval import Retriever

EVENTS = "user_id,item_id,timestamp\n1,a,1700000000\n1,b,1700000100\n2,a,1700000200\n2,c,1700000300\n"


@pytest.fixture
def data(tmp_path: Path) -> nextinterest.data.Dataset:
    path = tmp_path / "two.csv"
    path.write_text(EVENTS, encoding="utf-8")
    return nextinterest.data.load(path)


@pytest.fixture
def numbered(data: nextinterest.data.Dataset) -> RecommenderAgent:
    return RecommenderAgent(Engine(Retriever.build(data.catalog, data.log, WordEncoder())), data.log)


@pytest.mark.parametrize("user", [1, np.int64(1)])
def test_a_number_is_the_user_of_its_digits(numbered: RecommenderAgent, user: object) -> None:
    user = cast("str", user)
    assert numbered.recommend(user=user, k=1) == numbered.recommend(user="1", k=1)
    assert numbered.interests(user=user) == numbered.interests(user="1")


@pytest.mark.parametrize("k", [2.5, "3", None, 0, True, -1])
def test_lengths_are_whole_numbers(numbered: RecommenderAgent, k: object) -> None:
    with pytest.raises(DataError, match="whole number of at least 1"):
        numbered.recommend(user="1", k=cast("int", k))


def test_horizons_are_whole_numbers_or_spans(numbered: RecommenderAgent) -> None:
    ten: Any = "ten"
    with pytest.raises(DataError, match="horizon is 'ten'"):
        numbered.forecast(user="1", horizon=ten)


def test_what_is_no_data_set_is_refused_with_what_to_pass(
    numbered: RecommenderAgent, data: nextinterest.data.Dataset, tmp_path: Path
) -> None:
    log: Any = data.log
    with pytest.raises(DataError, match="with_log takes a data set, not a EventLog"):
        numbered.with_log(log)
    path: Any = str(tmp_path / "two.csv")
    with pytest.raises(DataError, match=r"not a str.*nextinterest\.data\.load"):
        RecommenderAgent.from_dataset(path)
    table: Any = {"user_id": [1]}
    with pytest.raises(DataError, match="not a dict"):
        nextinterest.data.load(table)
    names: Any = ["user"]
    with pytest.raises(DataError, match="columns is a list"):
        nextinterest.data.load(path, columns=names)
    with pytest.raises(IntegrityError, match="is missing"):
        RecommenderAgent.from_pretrained(path)
    assert issubclass(IntegrityError, NextInterestError)


@pytest.fixture
def kept(numbered: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    made = numbered.with_store(tmp_path / "profiles.db")
    yield made
    made.store.close()


SLIPS: dict[str, tuple[Callable[[Any], object], str]] = {
    "on_unknown of a list": (
        lambda our: our.recommend(["a"], on_unknown="bogus"),
        "on_unknown is 'bogus'",
    ),
    "on_unknown of a user": (
        lambda our: our.recommend(user="1", on_unknown="bogus"),
        "'raise' or 'skip'",
    ),
    "on_unknown of interests": (lambda our: our.interests(["a"], on_unknown=None), "on_unknown is None"),
    "exclude_seen": (lambda our: our.recommend(["a"], exclude_seen="no"), "exclude_seen is 'no'"),
    "exclude_seen of generate": (lambda our: our.generate(["a"], exclude_seen=0), "exclude_seen is 0"),
    "trace": (lambda our: our.recommend(["a"], trace="no"), "trace is 'no'"),
    "confirm_forget": (
        lambda our: our.chat([{"role": "user", "content": "delete my profile"}], "1", confirm_forget="no"),
        "confirm_forget is 'no'",
    ),
    "horizon too far": (lambda our: our.forecast(["a"], horizon=10**9), "of at least 1 and at most 1,000"),
    "horizon is no number": (lambda our: our.forecast(["a"], horizon=True), "horizon is True"),
    "horizon of years": (lambda our: our.forecast(["a"], horizon=timedelta(days=10**6)), "3,650 days"),
    "horizon backwards": (lambda our: our.forecast(["a"], horizon=timedelta(days=-1)), "more than 0"),
    "n_paths": (lambda our: our.forecast(["a"], n_paths=10**9), "n_paths is 1000000000"),
    "seed": (lambda our: our.forecast(["a"], seed="x"), "seed is 'x'"),
    "clusters": (lambda our: our.interests(["a"], clusters="two"), "clusters is 'two'"),
    "text": (lambda our: our.find_items(None), "text is None"),
    "limit": (lambda our: our.find_items("a", limit="all"), "limit is 'all'"),
    "item": (lambda our: our.item(None), "item_id is None"),
    "items": (lambda our: our.items(3), "item_ids is 3"),
    "one of items": (lambda our: our.items(["a", 3]), "Element 2 of item_ids is 3"),
    "remove_items": (lambda our: our.remove_items(None), "item_ids is None"),
    "history is a number": (lambda our: our.recommend(3), "list of items; got a int"),
    "history of numbers": (lambda our: our.recommend([3]), "Element 1 of the history is a int"),
    "event of a history": (lambda our: our.recommend(["a", {"id": "a"}]), "Element 2 of the history"),
    "events": (lambda our: our.add_events("1", "a"), "events is 'a'; it is no ProfileEvent"),
    "no events": (lambda our: our.add_events("1", None), "events is None"),
    "one of events": (
        lambda our: our.add_events("1", [{"item_id": "a"}, "b"]),
        "Element 2 of events is 'b'",
    ),
    "field of an event": (lambda our: our.add_events("1", [{"item_id": "a", "kind": "x"}]), "kind: "),
    "unknown field": (lambda our: our.add_events("1", {"item_id": "a", "when": 1}), "when: "),
    "user": (lambda our: our.add_events(None, [{"item_id": "a"}]), "user is None"),
    "user to forget": (lambda our: our.forget(None), "user is None"),
    "event to retract": (lambda our: our.retract("1", None), "item_id is None"),
    "put_items": (lambda our: our.put_items("a"), "items is 'a'; it is no Item"),
    "one of put_items": (lambda our: our.put_items([3]), "Element 1 of items is 3"),
    "field of an item": (lambda our: our.put_items([{"id": "n"}]), "title: Field required"),
    "year of an item": (lambda our: our.put_items({"id": "n", "title": "N", "year": "new"}), "year: "),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_said_and_changes_nothing(kept: RecommenderAgent, slip: str) -> None:
    kept.add_events("1", [ProfileEvent(item_id="a")])
    call, complaint = SLIPS[slip]
    with pytest.raises(DataError, match=re.escape(complaint)) as raised:
        call(kept)
    assert raised.value.remedy
    assert len(kept.store.events("1")) == 1
    assert len(kept.catalog) == 3


def test_events_are_taken_in_every_natural_form(kept: RecommenderAgent) -> None:
    when = datetime(2024, 5, 1, tzinfo=UTC)
    forms: list[Any] = [
        ProfileEvent(item_id="a", time=when, kind="liked"),
        [ProfileEvent(item_id="a", time=when, kind="liked")],
        Event("a", when, kind="liked"),
        {"item_id": "a", "time": when, "kind": "liked"},
        {"item": "a", "time": when, "kind": "liked"},
        ({"item_id": "a", "time": "2024-05-01T00:00:00Z", "kind": "liked"},),
        (event for event in [Event("a", when.replace(tzinfo=None), kind="liked")]),
    ]
    for number, form in enumerate(forms):
        assert kept.add_events(f"user {number}", form).accepted == 1
        assert kept.store.events(f"user {number}") == [ProfileEvent(item_id="a", time=when, kind="liked")]
    number_of_a_frame: Any = np.int64(7)
    kept.add_events(number_of_a_frame, {"item_id": "a"})
    assert len(kept.store.events("7")) == 1
    assert kept.forget(number_of_a_frame) == 1


def test_items_and_histories_are_taken_in_every_natural_form(kept: RecommenderAgent) -> None:
    forms: list[Any] = [
        Item("new", "New", ("War",), 1999),
        {"id": "new", "title": "New", "categories": ["War"], "year": 1999},
        [{"id": "new", "title": "New", "categories": ("War",), "year": 1999}],
    ]
    for form in forms:
        assert kept.put_items(form).added == 1
        assert kept.item("new") == Item("new", "New", ("War",), 1999)
        assert kept.remove_items("new") == 3
    one: Any = {"item": "a"}
    for history in (Event("a"), [Event("a")], one, [one]):
        assert kept.recommend(history, k=2).items == kept.recommend(["a"], k=2).items
    assert kept.items("a") == [kept.item("a")]
