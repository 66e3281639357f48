"""Saying that an event is wrong removes nothing; the reply asks whether it shall go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.profiles import ProfileEvent, open_store

from .test_consent import kinds, talk

STORED = [("h", "liked"), ("a", "seen")]


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    made = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    made.add_events("eve", [ProfileEvent(item_id="h", kind="liked"), ProfileEvent(item_id="a")])
    yield made
    store.close()


@pytest.mark.parametrize(
    "message",
    [
        "I never saw Heat", "I never watched Heat", "never saw Heat", "never watched Heat",
        "I never liked Heat",
        "I never said I liked Heat", "no wait, I never saw Heat", "I never saw Heat and Alien",
    ],
)  # fmt: skip
def test_a_correction_is_asked_back(live: RecommenderAgent, message: str) -> None:
    reply = talk(live, message)
    assert reply.confirmation is None
    assert reply.question is not None
    assert "Remove" in reply.text
    assert "Heat (1995)" in reply.text
    talk(live, message, "no")
    assert kinds(live) == STORED
    talk(live, message, "yes")
    assert "h" not in {item for item, _ in kinds(live)}


@pytest.mark.parametrize("message", ["unlike Heat", "films unlike Heat", "unlike Heat, a comedy"])
def test_a_comparison_removes_nothing(live: RecommenderAgent, message: str) -> None:
    talk(live, message)
    assert kinds(live) == STORED


@pytest.mark.parametrize("message", ["I never saw that", "I never said that"])
def test_what_was_said_last_stays_too(live: RecommenderAgent, message: str) -> None:
    assert talk(live, "I loved Emma", message).confirmation is None
    assert kinds(live) == [*STORED, ("e", "liked")]
