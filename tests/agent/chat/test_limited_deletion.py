"""A request limited to a time, a conversation or a shown list is never one for the whole profile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.written import written

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply, ModelReader
from nextinterest.agent.chat.reading.deletion import agreement, asks_to_delete_profile
from nextinterest.domain import Request
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent, open_store

from .test_consent import kinds, talk

STORED = [("c", "seen"), ("g", "seen")]
WHEN = [
    "today", "now", "just now", "so far", "until now", "up to now", "right now", "already",
    "earlier", "this week", "in this conversation", "in this chat", "this session", "yesterday",
    "in the last hour",
]  # fmt: skip
LIST = [
    Message(role="user", content="two horror films"),
    Message(
        role="assistant",
        content="Here are 2 for you, Horror:\n1. Alien (1979): Horror\n2. Dracula (1931): Horror",
    ),
]


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    made = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    made.add_events("eve", [ProfileEvent(item_id="c"), ProfileEvent(item_id="g")])
    yield made
    store.close()


def confirmed(live: RecommenderAgent, message: str, before: list[Message] | None = None) -> ChatReply:
    """Send a message of which the caller says that a deletion is meant."""
    said = [*(before or []), Message(role="user", content=message)]
    return live.chat(said, "eve", confirm_forget=True)


def check_kept(live: RecommenderAgent, message: str, before: list[Message] | None = None) -> None:
    """Nothing is asked or deleted, by a yes or the caller, and the reply says how to remove what."""
    for reply in (talk(live, message, before=before or []), confirmed(live, message, before)):
        assert (reply.question, reply.confirmation) == (None, None)
        assert "othing was changed" in reply.text
        assert 'say "delete my profile"' in reply.text
    assert talk(live, message, "yes", before=before or []).question is None
    assert kinds(live) == STORED


@pytest.mark.parametrize("verb", ["forget", "delete", "please clear", "erase"])
@pytest.mark.parametrize(
    "what", ["everything I said", "everything I told you", "everything I've told you", "all I said"]
)
def test_what_was_said_within_a_time_is_not_the_profile(live: RecommenderAgent, verb: str, what: str) -> None:
    for when in WHEN:
        check_kept(live, f"{verb} {what} {when}")


@pytest.mark.parametrize(
    "message",
    [
        "delete my history from today", "clear today's history", "delete everything from today",
        "forget everything from this conversation", "erase my old history", "remove my recent history",
        "delete everything you noted just now", "delete everything you stored now",
        "delete everything you know about me so far today", "delete everything else",
        "forget everything I said", "delete everything else you know about me", "wipe the last hour",
        "delete my data from last month",
    ],
)  # fmt: skip
def test_a_limit_makes_it_a_part(live: RecommenderAgent, message: str) -> None:
    assert not asks_to_delete_profile(message)
    assert talk(live, message).question is None
    assert confirmed(live, message).confirmation is None
    assert kinds(live) == STORED


@pytest.mark.parametrize("verb", ["delete", "clear", "forget", "erase", "remove", "wipe"])
@pytest.mark.parametrize("what", ["all of this", "all of that", "it all", "all of it", "all", "the lot"])
def test_what_points_to_something_is_not_the_profile(live: RecommenderAgent, verb: str, what: str) -> None:
    check_kept(live, f"{verb} {what}")
    check_kept(live, f"please {verb} {what}", LIST)


@pytest.mark.parametrize(
    "message", ["delete everything", "clear everything", "please remove everything for me"]
)
def test_everything_is_not_the_profile_behind_a_list(live: RecommenderAgent, message: str) -> None:
    check_kept(live, message, LIST)
    asked = talk(live, message).question
    assert asked is not None
    assert asked.kind == "forget_everything"


@pytest.mark.parametrize("message", ["delete everything", "delete all of this"])
def test_a_model_does_not_widen_it(live: RecommenderAgent, message: str) -> None:
    model = ScriptedLanguageModel([written(Request(intent="forget", query="everything"))])
    live.conversation = live.conversation.read_by(ModelReader(model))
    assert confirmed(live, message, LIST).confirmation is None
    assert kinds(live) == STORED


@pytest.mark.parametrize(
    "message",
    [
        "delete my profile now", "forget everything about me", "erase all my data",
        "delete everything about me now", "forget everything I told you about me",
        "forget everything I ever told you",
        "delete my watch history", "delete my profile for me", "delete my profile and everything in it",
        "delete my data and everything else",
    ],
)  # fmt: skip
def test_the_whole_profile_is_still_asked_for_behind_a_list(live: RecommenderAgent, message: str) -> None:
    asked = talk(live, message, before=LIST).question
    assert asked is not None
    assert asked.kind == "forget_everything"


@pytest.mark.parametrize(
    "message", ["delete my profile", "please delete my profile", "erase all my data", "delete my account"]
)
def test_the_request_sent_again_is_asked_again(live: RecommenderAgent, message: str) -> None:
    for before in ([], LIST):
        again = talk(live, "delete my profile", message, before=before)
        assert again.question is not None
        assert kinds(live) == STORED
    assert talk(live, "delete everything", "Delete everything!").question is not None
    assert kinds(live) == STORED


@pytest.mark.parametrize("reply", ["ok", "OK!", "okay", "ok please"])
def test_ok_alone_deletes_nothing(live: RecommenderAgent, reply: str) -> None:
    assert agreement(reply) != "yes"
    assert talk(live, "delete my profile", reply).confirmation is None
    assert kinds(live) == STORED


@pytest.mark.parametrize(
    "reply", ["ok thanks", "ok then", "ok no", "ok?", "ok, a comedy", "ok but keep my films"]
)
def test_ok_with_more_is_no_yes(reply: str) -> None:
    assert agreement(reply) != "yes"
