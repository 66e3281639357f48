"""Opinions on items of the last list: only those that the message states on them."""

from __future__ import annotations

import pytest
from support.cinema import CINEMA

from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.agent.chat.understanding import Understood
from nextinterest.domain import Catalog
from nextinterest.messages import Message

CONTEXT = ChatContext(Catalog.from_items(list(CINEMA)))
LIST = "Here are 2 for you:\n1. Alien (1979)\n2. Fargo (1996)"


def read(message: str) -> Understood:
    said = [
        Message(role="user", content="two crime films"),
        Message(role="assistant", content=LIST),
        Message(role="user", content=message),
    ]
    return CompositionalReader().read(said, CONTEXT)


def noted(message: str) -> dict[str, str]:
    return {CONTEXT.catalog.titles[one.item]: one.kind for one in read(message).reported}


@pytest.mark.parametrize(
    "message",
    [
        "what would you pick for tonight, we both hate gore",
        "both of us love a slow burn",
        "something we'd both enjoy",
        "we're both fond of snow",
        "something both funny and moving, please",
        "both my parents hated school",
        "she's into Jaws, something we'd both enjoy",
        "I love rainy days, is the second one sad?",
        "I hate waiting, what is the first one about?",
        "give me the second one, I'm fond of snow",
        "that one with the ship, I like ships",
    ],
)
def test_an_opinion_on_something_else_is_none_on_the_list(message: str) -> None:
    assert noted(message) == {}


@pytest.mark.parametrize(
    ("message", "right"),
    [
        ("both were great", {"Alien": "liked", "Fargo": "liked"}),
        ("we loved them both", {"Alien": "liked", "Fargo": "liked"}),
        ("I hated both films", {"Alien": "disliked", "Fargo": "disliked"}),
        ("both of them bored me", {"Alien": "disliked", "Fargo": "disliked"}),
        ("we both hated the first one", {"Alien": "disliked"}),
        ("the second one, I enjoyed it a lot", {"Fargo": "liked"}),
        ("saw the first one last week. loved every minute", {"Alien": "liked"}),
    ],
)
def test_an_opinion_on_the_list_is_noted(message: str, right: dict[str, str]) -> None:
    assert noted(message) == right


@pytest.mark.parametrize(
    "message",
    [
        "skip the first one, i'm sick of it", "leave out the first one, I am so sick of it",
        "not the first one, we're sick to death of it", "drop the first, sick of it",
    ],
)  # fmt: skip
def test_being_sick_of_an_item_is_no_praise(message: str) -> None:
    assert "liked" not in noted(message).values()
    assert "Alien" in read(message).request.disliked


@pytest.mark.parametrize(
    "message",
    [
        "did you mean to leave out Chinatown?", "did you skip Chinatown?", "have you left out Chinatown?",
        "are you leaving out Chinatown?", "why did you exclude Chinatown?",
        "do you always avoid Chinatown?",
    ],
)  # fmt: skip
def test_a_question_about_what_was_left_out_leaves_nothing_out(message: str) -> None:
    asked = read(message).request
    assert asked.intent in {"ask", "explain"}
    assert (asked.query, asked.disliked, asked.where.excluded_items) == ("Chinatown", (), ())


@pytest.mark.parametrize(
    "message",
    [
        "can you leave out Chinatown?",
        "please skip Chinatown",
        "leave out Chinatown",
        "anything but Chinatown",
    ],
)
def test_a_request_to_leave_out_does(message: str) -> None:
    assert "Chinatown" in read(message).request.disliked


@pytest.mark.parametrize(
    "message",
    [
        "no, the one with the private detective",
        "nope, the one from 1974",
        "no, that one",
        "no, the second one",
    ],
)
def test_a_no_that_answers_rules_nothing_out(message: str) -> None:
    asked = read(message)
    assert (asked.request.disliked, asked.reported) == ((), ())


@pytest.mark.parametrize("message", ["not the second one", "no more of the second one"])
def test_a_no_that_negates_does(message: str) -> None:
    assert read(message).request.disliked == ("Fargo",)
