"""A part of what is stored, in other words than "forget X": done or asked back, never answered by a list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.films import FILMS
from support.written import written

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import ChatContext, CompositionalReader, ModelReader
from nextinterest.domain import Catalog, Item, Request
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent, open_store

from .test_consent import kinds, talk

STORED = [("a", "seen"), ("d", "liked"), ("h", "liked"), ("f", "seen"), ("g", "seen")]


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    made = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    for item, kind in STORED:
        made.add_events("eve", [ProfileEvent.model_validate({"item_id": item, "kind": kind})])
    yield made
    store.close()


def left(live: RecommenderAgent) -> set[str]:
    return {item for item, _ in kinds(live)}


@pytest.mark.parametrize("verb", ["remove", "delete", "forget", "drop", "please take"])
@pytest.mark.parametrize(
    "where",
    [
        "from what you know about me", "from everything you know about me", "from what you stored",
        "out of what you know of me", "from all you have on me", "from my stored data",
        "from your records of me", "from what I told you",
    ],
)  # fmt: skip
def test_items_that_are_named_go(live: RecommenderAgent, verb: str, where: str) -> None:
    reply = talk(live, f"{verb} Alien and Heat {where}")
    assert reply.recommendations is None
    assert left(live) == {"d", "f", "g"}


@pytest.mark.parametrize(
    "about", ["what you know about", "everything you stored about", "what I told you about"]
)
def test_items_whose_events_are_spoken_of_go(live: RecommenderAgent, about: str) -> None:
    talk(live, f"delete {about} Heat")
    assert left(live) == {"a", "d", "f", "g"}


@pytest.mark.parametrize(
    ("message", "gone"),
    [
        ("I want to forget everything about Heat", {"h"}),
        ("I want to forget Heat", {"h"}),
        ("I'd like to forget all about Alien and Heat", {"a", "h"}),
        ("I want to forget everything about horror", {"a", "d"}),
        ("I'd like to forget the horror I watched", {"a", "d"}),
        ("delete my horror history", {"a", "d"}),
        ("wipe my horror watch history", {"a", "d"}),
        ("clear my horror films", {"a", "d"}),
        ("delete the horror part of my history", {"a", "d"}),
        ("forget the horror films I told you about", {"a", "d"}),
        ("forget all the horror I watched", {"a", "d"}),
        ("remove all the horror I watched", {"a", "d"}),
        ("erase all the crime movies I liked", {"h", "f"}),
        ("forget everything you stored about crime", {"h", "f"}),
        ("drop the crime films from what you know about me", {"h", "f"}),
        ("forget the horror films from the 70s I watched", {"a"}),
        ("delete my 90s history", {"h", "f", "g"}),
        ("remove the films from before 1950 from my profile", {"d"}),
    ],
)
def test_what_is_not_sure_is_asked_back_with_the_titles(
    live: RecommenderAgent, message: str, gone: set[str]
) -> None:
    asked = talk(live, message)
    assert asked.question is not None
    assert asked.question.kind == "forget_items"
    assert {item.item_id for item in asked.question.items} == gone
    assert asked.recommendations is None
    assert kinds(live) == STORED
    assert talk(live, message, "no").confirmation is None
    assert kinds(live) == STORED
    talk(live, message, "yes")
    assert left(live) == {item for item, _ in STORED} - gone


@pytest.mark.parametrize(
    "message",
    [
        "delete my old films", "forget the last three films I told you about",
        "remove the films I liked from my profile", "forget the newer films I watched",
        "delete my history but keep the horror", "forget all the horror I watched except Alien",
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_answered_by_how_to_ask(live: RecommenderAgent, message: str) -> None:
    reply = talk(live, message)
    assert (reply.question, reply.recommendations) == (None, None)
    assert "othing was changed" in reply.text
    assert 'say "delete my profile"' in reply.text
    talk(live, message, "yes")
    assert kinds(live) == STORED


def test_years_of_which_nothing_is_held_are_named(live: RecommenderAgent) -> None:
    assert "Nothing is recorded about “1950-1959”" in talk(live, "delete my 50s history").text


@pytest.mark.parametrize(
    "message",
    [
        "I want to forget my day", "I want to forget everything tonight", "I want to forget all my troubles",
        "I want to forget Monday", "let's forget work and watch a comedy",
        "I want to forget everything about horror and watch a comedy", "remove the horror from the list",
        "forget horror, show me a comedy", "drop the horror",
    ],
)  # fmt: skip
def test_a_mood_and_a_condition_are_no_removal(live: RecommenderAgent, message: str) -> None:
    assert talk(live, message).request.intent != "forget"
    assert talk(live, message).question is None
    talk(live, message, "yes")
    assert kinds(live) == STORED


@pytest.mark.parametrize(
    "message",
    [
        "forget everything about Heat and show me a romance", "forget Alien, something funny",
        "delete my horror history, and recommend me a romance", "forget the horror I watched tonight",
    ],
)  # fmt: skip
def test_a_list_says_that_nothing_was_removed_beside_it(live: RecommenderAgent, message: str) -> None:
    reply = talk(live, message)
    assert reply.recommendations is not None
    assert "Nothing was deleted" in reply.text
    assert kinds(live) == STORED


@pytest.mark.parametrize("message", ["I never saw Heat", "I want to forget Heat"])
def test_a_model_that_reads_it_is_held_to_the_question_too(live: RecommenderAgent, message: str) -> None:
    model = ScriptedLanguageModel([written(Request(intent="forget", query="Heat"))])
    live.conversation = live.conversation.read_by(ModelReader(model))
    asked = talk(live, message)
    assert asked.question is not None
    assert kinds(live) == STORED


def test_a_title_that_starts_with_the_verb_is_a_title() -> None:
    catalog = Catalog.from_items([*FILMS, Item("p", "Forget Paris", ("Comedy",), 1995)])
    said = [Message(role="user", content="Forget Paris, please")]
    assert CompositionalReader().read(said, ChatContext(catalog)).request.intent == "search"
