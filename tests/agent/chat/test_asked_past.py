"""A question about an item is answered with what the history has of it, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.endpoint import Endpoint, serving
from support.films import FILMS
from support.planning import planned

from nextinterest.domain import Event
from nextinterest.messages import Message


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Event("ID", rating=3.5), "rated 3.5"),
        (Event("ID", kind="buy"), "bought"),
        (Event("ID", kind="view"), "viewed"),
    ],
)
@pytest.mark.parametrize("intent", ["ask", "search"])
def test_what_was_done_with_an_item_is_said(event: Event, text: str, intent: str, endpoint: Endpoint) -> None:
    emma = next(one for one in FILMS if one.title == "Emma")
    agent = planned(FILMS, endpoint, {"did i like emma?": {"intent": intent, "query": "Emma"}})
    message = [Message(role="user", content="did i like emma?")]
    held = agent.chat(message, history=[replace(event, item=emma.id)]).text
    assert (f"\nIn your history: Emma ({emma.year}), {text}." in held) == (intent == "ask")
    assert "history" not in agent.chat(message, history=[]).text
