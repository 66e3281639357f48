"""Taking back opinions and events in other words: all of them, with slips, in German, or by a ban."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat.reading.deletion import asks_to_delete_profile, asks_to_forget_items
from nextinterest.messages import Message
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


def say(live: RecommenderAgent, message: str, user: str) -> str:
    return live.chat([Message(role="user", content=message)], user=user).text


@pytest.mark.parametrize(
    "message",
    [
        "I changed my mind about Heat",
        "i've changed my mind about Heat",
        "changed my mind about Heat",
        "I have changed my mind about Heat",
        "honestly, I changed my mind about Heat",
    ],
)
def test_a_change_of_mind_is_asked_back(live: RecommenderAgent, message: str) -> None:
    assert "Remove" in talk(live, message).text
    assert kinds(live) == STORED
    talk(live, message, "yes")
    assert kinds(live) == [("a", "seen")]


@pytest.mark.parametrize(
    "message",
    [
        "never recommend Heat",
        "never recommend Heat again",
        "don't ever recommend Heat to me",
        "don't show me Heat again",
        "stop recommending Heat",
    ],
)
def test_a_banned_item_is_left_out_and_said_so(live: RecommenderAgent, message: str) -> None:
    reply = live.chat([Message(role="user", content=message)], user="max")
    assert "Left out in this conversation: Heat" in reply.text
    assert reply.recommendations is not None
    assert "h" not in {item.item_id for item in reply.recommendations.items}
    assert kinds(live) == STORED


@pytest.mark.parametrize(
    "message",
    [
        "to be honest you can forget about me liking horror",
        "forget about me liking horror",
        "honestly, forget about me loving horror",
    ],
)
def test_a_taste_that_is_taken_back_is_no_request_for_it(live: RecommenderAgent, message: str) -> None:
    reply = talk(live, message)
    assert reply.recommendations is None
    assert reply.question is not None


@pytest.mark.parametrize(
    "message",
    [
        "delete my profil",
        "delet my profile",
        "delete my profle",
        "earse my profile",
        "remove my profil please",
    ],
)
def test_a_slip_of_one_letter_is_understood(message: str) -> None:
    assert asks_to_delete_profile(message)


@pytest.mark.parametrize(
    "message",
    [
        "lösche mein Profil",
        "vergiss alles",
        "bitte lösche alle meine Daten",
        "Vergiss mich",
        "supprime mon profil",
    ],
)
def test_other_languages_get_how_to_ask(live: RecommenderAgent, message: str) -> None:
    assert "delete my profile" in talk(live, message).text
    assert kinds(live) == STORED


ALL_ITEMS = [
    "forget all the films i told you about",
    "forget the movies I told you about",
    "please forget all the films I mentioned",
    "remove all the items I rated",
    "delete all films I watched",
    "forget all the products I told you about",
]


@pytest.mark.parametrize("message", ALL_ITEMS)
def test_all_items_are_taken_back_once_confirmed(live: RecommenderAgent, message: str) -> None:
    asked = talk(live, message)
    assert asked.question is not None
    assert (asked.question.kind, asked.question.events) == ("forget_items", 2)
    talk(live, message, "no")
    assert kinds(live) == STORED
    talk(live, message, "yes")
    assert kinds(live) == []


@pytest.mark.parametrize("message", [*ALL_ITEMS, "empty my history", "delete my profile"])
def test_nothing_is_asked_where_nothing_is_stored(live: RecommenderAgent, message: str) -> None:
    assert say(live, message, "nobody") == "Nothing is stored about you, so nothing was deleted."


@pytest.mark.parametrize(
    "message", ["forget films", "forget the films about war", "forget all the horror films"]
)
def test_some_items_are_not_all(message: str) -> None:
    assert not asks_to_forget_items(message)


def test_replies_do_not_speak_of_films(live: RecommenderAgent) -> None:
    said = ["forget something", "I loved Emma", "horror from 1901", "why Emma?", "blah", "saw Emma"]
    texts = " ".join(say(live, message, "zoe") for message in said)
    assert not {"film", "films", "movie", "saw", "seen", "watched"} & set(texts.casefold().split())
