"""Questions for a number, requests to show what is stored, and words that are no topic."""

from __future__ import annotations

import pytest
from support.cinema import CINEMA

from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.agent.chat.understanding import Understood
from nextinterest.domain import Catalog
from nextinterest.messages import Message

CONTEXT = ChatContext(Catalog.from_items(list(CINEMA)))
LIST = "Here are 2 for you:\n1. Alien (1979)\n2. Fargo (1996)"


def read(message: str, *, listed: bool = False) -> Understood:
    before = [
        Message(role="user", content="two crime films"),
        Message(role="assistant", content=LIST),
    ]
    return CompositionalReader().read(
        [*(before if listed else ()), Message(role="user", content=message)], CONTEXT
    )


@pytest.mark.parametrize(
    ("message", "categories", "years"),
    [
        ("how many crime movies do you have?", ("Crime",), (None, None)),
        ("how many comedies from the 90s are there?", ("Comedy",), (1990, 1999)),
        ("hi, how many horror films have you got", ("Horror",), (None, None)),
        ("How many romances are in the catalogue?", ("Romance",), (None, None)),
        ("how many films from 1995 do you know of", (), (1995, 1995)),
        ("so how many mystery films are there in there?", ("Mystery",), (None, None)),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_how_many_is_a_count(
    message: str, categories: tuple[str, ...], years: tuple[int | None, int | None], listed: bool
) -> None:
    asked = read(message, listed=listed).request
    assert (asked.intent, asked.query, asked.count) == ("search", None, None)
    assert asked.where.categories == categories
    assert (asked.where.year_from, asked.where.year_to) == years


@pytest.mark.parametrize(
    "message",
    [
        "how many comedies should I watch tonight",
        "how many crime films have I seen?",
        "how many people are there",
    ],
)
def test_another_number_is_not(message: str) -> None:
    assert read(message).request.intent != "search"


@pytest.mark.parametrize(
    "message",
    [
        "don't delete anything, just show me what you have on me",
        "please do not erase anything, show me my profile",
        "without deleting it, tell me what you know about me",
        "never delete my events, what do you have about me?",
        "I won't delete anything, just list what is stored about me",
        "no, don't remove it, show me what you have stored about me",
    ],
)
def test_what_is_stored_is_shown(message: str) -> None:
    asked = read(message)
    assert (asked.request.intent, asked.undo, asked.left_out) == ("profile", (), ())


@pytest.mark.parametrize(
    "message", ["delete what you have on me", "don't delete anything, show me crime films"]
)
def test_what_is_stored_is_not_shown_instead(message: str) -> None:
    assert read(message).request.intent != "profile"


@pytest.mark.parametrize(
    "message",
    [
        "forget it, let's look for a comedy", "forget it, show me a comedy", "nah forget it. a comedy please",
        "forget it, I want a comedy instead", "oh forget it, find me a comedy", "forget it; any comedies?",
    ],
)  # fmt: skip
def test_forget_it_before_a_request_is_about_nothing(message: str) -> None:
    asked = read(message, listed=True)
    assert (asked.request.intent, asked.undo) == ("recommend", ())
    assert "Comedy" in asked.request.where.categories
    assert asked.request.where.only_items is None


@pytest.mark.parametrize(
    "message",
    [
        "need a comedy that'll do", "a comedy thatll do", "a comedy, who'd mind", "a comedy it\u2019ll be",
        "a comedy, we'd've taken", "a comedy, there're some",
    ],
)  # fmt: skip
def test_contractions_are_no_topic(message: str) -> None:
    query = read(message).request.query or ""
    assert not {"that'll", "thatll", "who'd", "it\u2019ll", "we'd've", "there're"} & set(query.split())


def test_names_with_an_apostrophe_are_a_topic() -> None:
    assert "O'Hara" in (read("a comedy about O'Hara").request.query or "")


@pytest.mark.parametrize(
    "message",
    [
        "a drama but not Jaws because we have done all of those to death",
        "no horror, we've done that to death, a drama", "a drama, not the ones I've watched to death",
        "not Heat, we did it to death, a drama", "a drama, I'm not bored to death yet",
        "no comedies, they've been done to death, a drama",
    ],
)  # fmt: skip
def test_to_death_rules_nothing_out(message: str) -> None:
    assert not any("death" in said or "done" in said for said, _ in read(message).left_out)


def test_death_alone_rules_out() -> None:
    assert any("death" in said for said, _ in read("a drama, nothing with death").left_out)
