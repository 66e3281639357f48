"""Bounds on how many are wanted, and "more" where it asks for others and where it only compares."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.domain import Request
from nextinterest.messages import Message

LIST = "Here are 3 for you:\n1. Alien (1979)\n2. Dracula (1931)\n3. Heat (1995)"


def read(cinema: ChatContext, *said: str) -> Request:
    messages = [
        Message(role="user" if n % 2 == 0 else "assistant", content=text) for n, text in enumerate(said)
    ]
    return CompositionalReader().read(messages, cinema).request


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ("no more than 2", 2),
        ("no more than 2 actually", 2),
        ("not more than two please", 2),
        ("give me at most 2", 2),
        ("fewer than 3 films", 2),
        ("less than 3 please", 2),
        ("max 2 films", 2),
        ("up to 2 movies", 2),
        ("2 at the most please", 2),
        ("at most two romances", 2),
        ("seen more than 20 films this year", 3),
        ("more than enough", 3),
    ],
)
def test_a_bound_is_a_count_and_keeps_what_was_shown(cinema: ChatContext, message: str, count: int) -> None:
    request = read(cinema, "three films", LIST, message)
    assert request.count in {count, None}
    assert request.where.excluded_items == ()
    if request.intent == "recommend":
        assert request.count == count


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ("2 more", 2),
        ("two more please", 2),
        ("gimme 2 more", 2),
        ("seen the 1st and the 3rd, gimme 2 more", 2),
        ("show me a couple more", 2),
        ("more", 3),
        ("any more?", 3),
        ("no, more please", 3),
    ],
)
def test_more_leaves_out_what_was_shown(cinema: ChatContext, message: str, count: int) -> None:
    request = read(cinema, "three films", LIST, message)
    assert request.count == count
    assert request.where.excluded_items == ("a", "d", "h")


@pytest.mark.parametrize("message", ["more romance", "more romance, less horror", "older than 1990 or more"])
def test_more_of_something_else_keeps_what_was_shown(cinema: ChatContext, message: str) -> None:
    assert read(cinema, "three films", LIST, message).where.excluded_items == ()
