"""What asks for a whole profile to be deleted, what only sounds like it, and what a yes is.

The sentences and replies of tests/data were written by somebody who had not read the reader. The lines of
even number have served its development; the others were read once, to measure.
"""

from __future__ import annotations

import json
import time

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.agent.chat.reading.deletion import agreement, asks_to_delete_profile
from nextinterest.messages import Message

from .conftest import DATA

HALVES = {"development": 0, "held out": 1}


def rows(file: str, half: str) -> list[dict[str, str]]:
    lines = (DATA / file).read_text("utf-8").splitlines()
    return [json.loads(line) for n, line in enumerate(lines, start=1) if n % 2 == HALVES[half]]


@pytest.mark.parametrize("half", HALVES)
def test_sentences(half: str) -> None:
    sentences = rows("forget_sentences.jsonl", half)
    assert len(sentences) > 100
    wrong = [
        row for row in sentences if row["label"] != "delete_profile" and asks_to_delete_profile(row["text"])
    ]
    assert wrong == []
    wanted = [row["text"] for row in sentences if row["label"] == "delete_profile"]
    found = [text for text in wanted if asks_to_delete_profile(text)]
    assert len(found) >= 0.9 * len(wanted)


@pytest.mark.parametrize("half", HALVES)
def test_replies(half: str) -> None:
    replies = rows("forget_confirmations.jsonl", half)
    assert len(replies) >= 50
    wrong = [row for row in replies if row["label"] != "confirm" and agreement(row["reply"]) == "yes"]
    assert wrong == []
    wanted = [row["reply"] for row in replies if row["label"] == "confirm"]
    assert sum(agreement(reply) == "yes" for reply in wanted) >= 0.9 * len(wanted)


@pytest.mark.parametrize(
    "message",
    [
        "I want to forget everything tonight, something funny",
        "forget everything I said about horror",
        "lets forget everything serious and watch a romance",
        "delete my profile, then recommend a comedy",
        "don't delete my profile",
        "deleted my profile",
        "delete my profile picture",
        'he said "delete my profile"',
        "I want to forget everything",
        "reset everything",
        "wipe my memory",
        "forget everything but my name",
        "delete everything except Alien",
        "",
        "?",
    ],
)
def test_a_word_too_many_makes_it_something_else(message: str, cinema: ChatContext) -> None:
    assert not asks_to_delete_profile(message)
    request = CompositionalReader().read([Message(role="user", content=message)], cinema).request
    assert request.query != "everything"


@pytest.mark.parametrize("message", ["delete everything", "forget absolutely everything, please"])
def test_everything_alone_is_not_meant_where_it_is_a_title(message: str) -> None:
    assert asks_to_delete_profile(message)
    assert not asks_to_delete_profile(message, named=True)
    assert asks_to_delete_profile("delete my profile", named=True)


def test_no_message_takes_long() -> None:
    hard = [
        "delete " + " and all my data" * 200,
        "please " * 29 + "x",
        "delete my data and my data and my data and my data and my data and my data and my data and x",
        "delete everything " + "all the " * 13 + "x",
        "forget everything " + "you so far " * 9 + "x",
        "delete everything " * 5 + "x",
        "im sure " * 5 + "x",
    ]
    asks_to_delete_profile("x"), agreement("x")  # the grammar is made once
    start = time.perf_counter()
    for message in hard:
        assert not asks_to_delete_profile(message)
        assert agreement(message) is None
    assert time.perf_counter() - start < 0.5
