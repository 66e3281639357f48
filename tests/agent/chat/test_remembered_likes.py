"""What a person said they like counts one message later where a language model reads, and is noted once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.endpoint import Endpoint, serving
from support.films import FILMS
from support.planning import Plan, planned

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatReply
from nextinterest.data import EventLog
from nextinterest.messages import Message
from nextinterest.profiles import open_store

LIKED, MORE, AGAIN, ABOUT = "i loved heat", "something to watch", "another one then", "what do you know of me"
PLANS: dict[str, Plan] = {
    LIKED: {"intent": "feedback", "liked": ["Heat"]},
    MORE: {"intent": "recommend", "count": 2},
    AGAIN: {"intent": "recommend", "count": 2, "liked": ["Heat"]},
    ABOUT: {"intent": "profile"},
}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


def conversation(agent: RecommenderAgent, kept: str, *said: str, user: str | None = None) -> list[ChatReply]:
    """Have a conversation that is kept as a session, as replies, or as texts alone."""
    replies: list[ChatReply] = []
    messages: list[Message | ChatReply] = []
    for text in said:
        new = Message(role="user", content=text)
        sent = [new] if kept == "session" else [*messages, new]
        replies.append(agent.chat(sent, user, session="s" if kept == "session" else None))
        messages += [
            new,
            replies[-1] if kept == "replies" else Message(role="assistant", content=replies[-1].text),
        ]
    return replies


@pytest.mark.parametrize(
    ("kept", "later"),
    [("session", MORE), ("session", AGAIN), ("replies", MORE), ("replies", AGAIN), ("texts", AGAIN)],
)
def test_a_like_counts_in_the_next_list_and_is_noted_once(
    kept: str, later: str, endpoint: Endpoint, log: EventLog
) -> None:
    first, second, third = conversation(planned(FILMS, endpoint, PLANS, log), kept, LIKED, later, ABOUT)
    assert first.confirmation is not None
    assert second.recommendations is not None
    assert second.recommendations.events_used == 1
    assert "Heat" not in {item.title for item in second.recommendations.items}
    assert "Noted" not in second.text
    assert "no history" not in second.text
    assert kept == "texts" or "Nothing is known" not in third.text


def test_a_like_is_stored_once(endpoint: Endpoint, log: EventLog, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "profiles.db"))
    live = planned(FILMS, endpoint, PLANS, log).with_store(
        store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC)
    )
    conversation(live, "replies", LIKED, MORE, AGAIN, user="eve")
    assert [event.item_id for event in store.events("eve")] == ["h"]
    store.close()
