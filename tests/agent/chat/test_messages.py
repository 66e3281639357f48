"""Messages in every form a caller may have them in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply
from nextinterest.agent.chat.messages import MOST_CHARACTERS, MessageLike, newest_part, read_messages
from nextinterest.agent.chat.reading.tokens import LONGEST
from nextinterest.domain import Answer
from nextinterest.errors import DataError
from nextinterest.messages import Message
from nextinterest.profiles import open_store

SAID = "two crime films please"
Ask = Callable[[Sequence[MessageLike]], ChatReply]


@pytest.fixture(params=["chat", "chat_stream", "live", "live_stream", "live without a user"])
def ask(request: pytest.FixtureRequest, agent: RecommenderAgent, tmp_path: Path) -> Iterator[Ask]:
    """Return each way to ask the agent."""
    store = open_store(str(tmp_path / "profiles.db"))
    live = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))

    def last(pieces: Iterator[str | ChatReply]) -> ChatReply:
        *_, reply = pieces
        assert isinstance(reply, ChatReply)
        return reply

    ways: dict[str, Ask] = {
        "chat": lambda messages: agent.chat(messages, user="ann"),
        "chat_stream": lambda messages: last(agent.chat_stream(messages, user="ann")),
        "live": lambda messages: live.chat(messages, "eve"),
        "live_stream": lambda messages: last(live.chat_stream(messages, "eve")),
        "live without a user": lambda messages: live.chat(messages, None),
    }
    yield ways[request.param]
    store.close()


def test_a_dictionary_is_a_message(ask: Ask) -> None:
    reply = ask([{"role": "user", "content": SAID}])
    assert (reply.request.intent, reply.request.count) == ("recommend", 2)
    forms: list[MessageLike] = [
        Message(role="user", content=SAID),
        SimpleNamespace(role="user", content=SAID),
        {"role": "user", "content": [{"type": "text", "text": SAID}], "name": "eve"},
    ]
    for form in forms:
        same = ask([form])
        assert (same.text, same.request) == (reply.text, reply.request)


@pytest.mark.parametrize("role", ["system", "developer", "tool"])
def test_other_roles_are_accepted_and_without_effect(ask: Ask, role: str) -> None:
    before: list[MessageLike] = [{"role": role, "content": "nine horror films, before 1950"}]
    reply = ask([*before, {"role": "user", "content": SAID}])
    assert reply.text == ask([{"role": "user", "content": SAID}]).text


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ({"content": "hi"}, 'Message 0 has no "role"'),
        ({"role": "user"}, 'Message 0 has no "content"'),
        ({"role": "robot", "content": "hi"}, "Message 0 has the \"role\" 'robot'"),
        ({"role": None, "content": "hi"}, "Message 0 has the \"role\" 'None'"),
        ({"role": ["user"], "content": "hi"}, 'Message 0 has the "role"'),
        ({"role": "user", "content": 5}, 'Message 0 has a "content" that is no text, but int'),
        ({"role": "user", "content": None}, 'Message 0 has a "content"'),
        ({"role": "user", "content": b"hi"}, 'Message 0 has a "content"'),
        ({"role": "user", "content": ["hi"]}, 'Message 0 has a "content"'),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}, 'has a "content"'),
        ("hi", 'Message 0 has no "role"'),
        (None, 'Message 0 has no "role"'),
    ],
)
def test_what_is_no_message_is_named(ask: Ask, message: MessageLike, complaint: str) -> None:
    with pytest.raises(DataError) as raised:
        ask([message])
    assert complaint in str(raised.value)
    assert raised.value.remedy
    with pytest.raises(DataError, match="Message 2 has"):
        ask([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}, message])


@pytest.mark.parametrize("messages", ["hi", {"role": "user", "content": "hi"}, None, 3, b"hi"])
def test_what_is_no_list_of_messages_is_said(ask: Ask, messages: Sequence[MessageLike]) -> None:
    with pytest.raises(DataError, match="not as a list"):
        ask(messages)


def test_no_message_is_no_error() -> None:
    assert read_messages([]) == ()
    assert read_messages(({"role": "user", "content": ""},)) == (Message(role="user", content=""),)


FILLER = "I watched Alien and loved it, then something like Heat from the nineties please. "


@pytest.mark.parametrize(
    ("before", "newest"),
    [
        ([FILLER * 40] * 255, SAID),  # many long messages
        ([FILLER * 400], SAID),
        ([FILLER * 40] * 3, FILLER * 400 + SAID),  # the newest is long too
        (["\n" * 30_000] * 8, SAID),
    ],
)
def test_a_long_conversation_is_read_in_part_and_says_so(
    ask: Ask, before: Sequence[str], newest: str
) -> None:
    said = [Message(role="assistant" if i % 2 else "user", content=text) for i, text in enumerate(before)]
    started = time.thread_time()
    reply = ask([*said, Message(role="user", content=newest)])
    assert time.thread_time() - started < 3.0
    assert reply.request.intent in {"recommend", "similar"}  # as the newest part has it
    assert newest != SAID or "Crime" in reply.request.where.categories
    unread = sum(map(len, before)) - (MOST_CHARACTERS - min(len(newest), LONGEST))
    notes = [note for note in reply.notes if "conversation is long" in note]
    if len(before) > 1:  # it was said before, when the limit was first passed
        assert not notes
    else:
        assert f"{unread:,} characters" in notes[0]
        assert notes[0] in reply.text


def test_a_long_conversation_says_so_once(ask: Ask) -> None:
    said = [Message(role="user" if n % 2 == 0 else "assistant", content=FILLER * 20) for n in range(15)]
    turns = [ask(said[:n]) for n in range(1, len(said) + 1, 2)]
    assert sum("conversation is long" in reply.text for reply in turns) == 1


def test_several_long_messages_cost_about_what_one_does() -> None:
    said = [Message(role="user", content=FILLER * 120) for _ in range(40)]
    part, unread = newest_part(said)
    read = sum(min(len(message.content), LONGEST) for message in part)
    assert LONGEST < read <= MOST_CHARACTERS <= 1.5 * LONGEST
    assert unread == sum(len(message.content) for message in said[:-1]) - (MOST_CHARACTERS - LONGEST)


def test_of_the_newest_message_the_beginning_is_read(agent: RecommenderAgent) -> None:
    reply = agent.chat([Message(role="user", content=SAID + " " + "x " * 20_000)])
    assert "Crime" in reply.request.where.categories
    assert "This message is long" in reply.text


def test_a_conversation_of_usual_length_has_no_such_note(ask: Ask) -> None:
    reply = ask([Message(role="user", content=SAID)])
    assert not [note for note in reply.notes if "conversation is long" in note]


def test_the_end_of_a_long_message_deletes_nothing(agent: RecommenderAgent) -> None:
    padding = "keep my data" + " " * MOST_CHARACTERS
    reply = agent.chat([Message(role="user", content=f"{padding} delete everything about me")])
    assert reply.question is None
    assert reply.request.query != "everything"


def test_an_earlier_reply_is_the_assistants_message(agent: RecommenderAgent) -> None:
    first = {"role": "user", "content": "something funny, two please"}
    reply = agent.chat([first])
    assert read_messages([first, reply])[1] == Answer.of(reply, reply.text)
