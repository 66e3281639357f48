"""Where a deletion is named but not surely asked for, the reply says how to ask; nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.written import written

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ModelReader
from nextinterest.agent.chat.reading.deletion import asks_to_delete_profile, speaks_of_deleting
from nextinterest.domain import Request
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.profiles import ProfileEvent, open_store

from .test_consent import kinds, talk

STORED = [("c", "seen"), ("g", "seen")]
UNSURE = [
    "I no longer want you to keep any data about me", "I don't want you to store my data",
    "stop tracking my history",
    "stop keeping data about me", "wipe my slate clean", "delete my profile or something",
    "can I have my data deleted somehow", "my account should disappear", "delete my profile, then a comedy",
    "delete my account for ever and ever amen", "erase my profile by tomorrow",
    "delete my history from today",
    "I think I want to delete my data", "it is time that my profile is deleted", "how do I delete my account",
    "cancel my account subscription", "I wish you would get rid of my information",
]  # fmt: skip


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    made = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    made.add_events("eve", [ProfileEvent(item_id="c"), ProfileEvent(item_id="g")])
    yield made
    store.close()


@pytest.mark.parametrize("message", UNSURE)
def test_the_reply_says_how_to_delete(live: RecommenderAgent, message: str) -> None:
    assert speaks_of_deleting(message)
    assert not asks_to_delete_profile(message)
    for said in ([message], ["two romances", message]):
        reply = talk(live, *said)
        assert (reply.recommendations, reply.portrait) == (None, None)
        assert (reply.question, reply.confirmation) == (None, None)
        assert 'say "delete my profile"' in reply.text
    live.chat([{"role": "user", "content": message}], "eve", confirm_forget=True)
    assert talk(live, message, "yes").confirmation is None
    assert kinds(live) == STORED


def test_a_model_answers_it_so_too(live: RecommenderAgent) -> None:
    model = ScriptedLanguageModel([written(Request(intent="recommend"))])
    live.conversation = live.conversation.read_by(ModelReader(model))
    assert 'say "delete my profile"' in talk(live, UNSURE[0]).text


@pytest.mark.parametrize(
    "message",
    ["drop my profile", "I want you to delete my account and all its data", "please drop all my data now"],
)
def test_plain_requests_are_asked_back(live: RecommenderAgent, message: str) -> None:
    asked = talk(live, message).question
    assert asked is not None
    assert asked.kind == "forget_everything"


@pytest.mark.parametrize(
    "message",
    [
        "don't delete my profile", "never delete my data", "I didn't delete my account", "I lost my profile",
        "remove Casablanca from my profile", "have you deleted my history?", "what do you know about me",
        'she said "delete my profile" and I laughed', "I deleted my account elsewhere",
        "recommend from my history",
    ],
)  # fmt: skip
def test_what_asks_for_no_deletion_is_left_alone(message: str) -> None:
    assert not speaks_of_deleting(message)
