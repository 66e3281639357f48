"""A request to remove, however it is worded, never adds an event; what happened last is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.profiles import ProfileEvent, open_store

from .test_consent import kinds, talk

STORED = [("h", "liked"), ("a", "seen")]


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    made = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    made.add_events("eve", [ProfileEvent(item_id="h", kind="liked"), ProfileEvent(item_id="a")])
    yield made
    store.close()


@pytest.mark.parametrize(
    "message",
    [
        "remove Heat and Alien from what I've watched",
        "please take Heat and Alien off the films I've seen",
        "delete Heat and Alien from the films I have watched",
        "remove Heat and Alien from my list of films watched",
        "could you take Heat and Alien out of the movies I said I loved",
        "strike Heat and Alien from the record of what I have seen",
        "erase Heat and Alien from my list of movies I watched",
        "drop Heat and Alien from the ones I liked",
        "un-watch Heat and Alien",
        "unwatch Heat and Alien please",
    ],
)
def test_items_go_from_what_was_watched(live: RecommenderAgent, message: str) -> None:
    assert talk(live, message).text.startswith("Forgotten: Heat (1995) and Alien (1979) (2 events)")
    assert kinds(live) == []


@pytest.mark.parametrize(
    "message",
    [
        "I want Heat gone from what I've watched",
        "I want Heat and Emma removed from my history",
        "can Emma be taken off the films I've watched?",
        "I'd like Emma deleted from the movies I've seen",
        "mark Emma as not watched",
        "set Emma back to unseen, change it to unwatched",
    ],
)
def test_what_may_ask_for_a_removal_changes_nothing(live: RecommenderAgent, message: str) -> None:
    assert "forget" in talk(live, message).text
    assert kinds(live) == STORED


@pytest.mark.parametrize(
    "message",
    [
        "I like Emma more than the films I've seen so far",
        "Emma is my favourite of the films I've seen",
        "of the films I've seen Emma was great",
    ],
)
def test_an_opinion_beside_what_was_seen_is_noted(live: RecommenderAgent, message: str) -> None:
    talk(live, message)
    assert kinds(live) == [*STORED, ("e", "liked")]


@pytest.mark.parametrize(
    "message",
    ["scratch that", "undo", "actually scratch that, I didn't see it", "oh no, cancel that", "undo that"],
)
def test_what_was_noted_last_is_taken_back(live: RecommenderAgent, message: str) -> None:
    assert "Forgotten: Emma" in talk(live, "I just watched Emma, loved it", message).text
    assert kinds(live) == STORED


@pytest.mark.parametrize(
    "message",
    [
        "no wait, I didn't watch it",
        "actually I haven't seen it",
        "sorry, I never saw that one",
        "oops, I didn't actually see it yet",
    ],
)
def test_a_denial_of_what_was_noted_is_asked_back(live: RecommenderAgent, message: str) -> None:
    said = ("I just watched Emma, loved it", message)
    assert "Remove 1 event from your profile: Emma" in talk(live, *said).text
    assert kinds(live) == [*STORED, ("e", "liked")]
    talk(live, *said, "yes")
    assert kinds(live) == STORED


@pytest.mark.parametrize(
    "message",
    [
        "I haven't seen it in years",
        "I didn't see it coming",
        "scratch that itch with three romances",
        "scratch that, three romances",
        "scratch that, I meant the 90s",
        "scratch that, what about Heat?",
    ],
)
@pytest.mark.parametrize("first", ["three romances", "I love Heat"])
def test_other_words_remove_nothing_that_was_stored_before(
    live: RecommenderAgent, first: str, message: str
) -> None:
    talk(live, first, message)
    assert {item for item, _ in kinds(live)} >= {"h", "a"}


def test_a_correction_of_a_request_is_one(live: RecommenderAgent) -> None:
    where = talk(live, "three romances", "wait no, scratch that, I meant the 90s").request.where
    assert (where.categories, where.year_from, where.year_to) == (("Romance",), 1990, 1999)
    assert where.excluded_items == ()
    assert talk(live, "scratch that").text.startswith("No question is open")


@pytest.mark.parametrize(
    "message",
    [
        "start from a clean slate, drop everything you know about me",
        "I want a clean slate: delete all you have on me",
        "let's start afresh and erase my whole profile",
        "back to square one please, wipe all my data",
    ],
)
def test_a_clean_slate_is_asked_back(live: RecommenderAgent, message: str) -> None:
    assert talk(live, message).text.startswith("Delete everything stored about you (2 events)?")
    assert kinds(live) == STORED


@pytest.mark.parametrize(
    "message", ["what do you remember about me?", "what is stored about me?", "what have you saved about me"]
)
def test_what_is_remembered_is_the_profile(live: RecommenderAgent, message: str) -> None:
    assert talk(live, message).request.intent == "profile"


@pytest.mark.parametrize(
    "message",
    [
        "remove the ones I've already seen",
        "hide the films I have already watched please",
        "can you leave out the ones I've seen",
        "skip everything I already saw",
        "filter out what I've already watched",
    ],
)
def test_what_was_seen_is_left_out_anyway(live: RecommenderAgent, message: str) -> None:
    assert talk(live, "three crime films", message).text == (
        "What you have seen is left out of lists anyway. Nothing was deleted."
    )
    assert kinds(live) == STORED
