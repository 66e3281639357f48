"""A plan to take one item back is carried out where the message corrects itself, and not elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.endpoint import Endpoint, serving
from support.planning import Plan, planned

from nextinterest.agent.chat import ChatReply
from nextinterest.domain import Item
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent, open_store

FILMS = (
    Item("a", "Alien", ("Horror",), 1979),
    Item("s", "Aliens", ("Action",), 1986),
    Item("h", "Heat", ("Crime",), 1995),
    Item("e", "Emma", ("Romance",), 1996),
)
FORGET: Plan = {"intent": "forget", "query": "Alien"}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "profiles.db")


def removing(message: str, endpoint: Endpoint, store: str, *, before: str) -> tuple[ChatReply, set[str]]:
    """Have two messages answered, the second of which the model takes for one that takes Alien back."""
    plans: dict[str, Plan | list[Plan]] = {
        before: {"intent": "feedback", "liked": ["Alien"]},
        message: [FORGET, {"intent": "feedback", "liked": ["Aliens"]}],
    }
    stored = open_store(store)
    live = planned(FILMS, endpoint, plans).with_store(stored, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    live.add_events("eve", [ProfileEvent(item_id="h")])
    said = [Message(role="user", content=before)]
    said += [Message(role="assistant", content=live.chat(said, "eve").text)]
    reply = live.chat([*said, Message(role="user", content=message)], "eve")
    held = {event.item_id for event in live.store.events("eve")}
    stored.close()
    return reply, held


@pytest.mark.parametrize(
    "message",
    [
        "oops i meant aliens, not alien",
        "my bad, aliens not alien",
        "sorry, wrong one: aliens",
        "wait no, aliens of course",
        "scratch that, aliens",
        "strike that. it was aliens",
    ],
)
def test_a_correction_takes_back_what_was_said(message: str, endpoint: Endpoint, store: str) -> None:
    reply, held = removing(message, endpoint, store, before="i loved alien")
    done = [one.confirmation for one in reply.every if one.confirmation is not None]
    assert [item.item_id for one in done for item in one.forgotten] == ["a"]
    assert "Alien (1979)" in reply.text
    assert held == {"h", "s"}


def test_what_the_person_never_named_is_asked_back(endpoint: Endpoint, store: str) -> None:
    reply, held = removing("oops, aliens", endpoint, store, before="the ridley scott one, loved it")
    assert reply.asked_back is not None
    assert [item.item_id for item in reply.asked_back.items] == ["a"]
    assert held == {"a", "h", "s"}


@pytest.mark.parametrize("message", ["something else please", "aliens was better"])
def test_other_messages_take_nothing_back(message: str, endpoint: Endpoint, store: str) -> None:
    assert "a" in removing(message, endpoint, store, before="i loved alien")[1]


def test_events_of_the_data_are_not_removed_and_the_reply_says_so(endpoint: Endpoint) -> None:
    agent = planned(FILMS, endpoint, {"i never actually saw alien, forget that one": FORGET})
    said = [Message(role="user", content="i never actually saw alien, forget that one")]
    reply = agent.chat(said, history=["a", "h"])
    assert reply.text == (
        "Nothing was removed: what the data has about Alien is not changed by chat and still counts."
    )
