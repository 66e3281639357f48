"""Forgetting a part: what is named goes, everything else stays, and the reply says which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.films import FILMS, WordEncoder

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.domain import Catalog, Item, Where
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent, open_store
from nextinterest.retrieval import Retriever

from .test_consent import kinds, talk
from .test_deletion import HALVES, rows

STORED = [("a", "seen"), ("a", "liked"), ("d", "disliked"), ("h", "liked")]


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    made = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    for item, kind in STORED:
        made.add_events("eve", [ProfileEvent.model_validate({"item_id": item, "kind": kind})])
    yield made
    store.close()


def test_a_named_title_goes_and_the_reply_says_how_to_bring_it_back(live: RecommenderAgent) -> None:
    reply = talk(live, "forget that I watched Alien")
    assert reply.confirmation is not None
    assert [item.title for item in reply.confirmation.forgotten] == ["Alien"]
    assert reply.confirmation.events == 2
    assert "Alien (1979)" in reply.text
    assert "to note it again" in reply.text
    assert kinds(live) == STORED[2:]
    talk(live, "I liked Alien")
    assert kinds(live)[-1] == ("a", "liked")


def test_all_titles_that_are_named_go(live: RecommenderAgent) -> None:
    reply = talk(live, "remove Alien and Heat from my history")
    assert reply.confirmation is not None
    assert reply.confirmation.events == 3
    assert kinds(live) == [("d", "disliked")]


@pytest.mark.parametrize(
    "back", ["forget that", "scrap that", "no, take that back", "forget what I said", "undo my last rating"]
)
def test_what_was_said_last_goes_and_no_older_event_of_the_item(live: RecommenderAgent, back: str) -> None:
    reply = talk(live, "loved Emma and hated Alien", back)
    assert reply.confirmation is not None
    assert reply.confirmation.kind == "forgotten"
    assert {item.item_id for item in reply.confirmation.forgotten} == {"e", "a"}
    assert kinds(live) == STORED


@pytest.mark.parametrize("back", ["forget it", "never mind", "nvm", "nevermind", "forget about it"])
def test_never_mind_takes_nothing_back(live: RecommenderAgent, back: str) -> None:
    assert talk(live, "loved Emma", back).confirmation is None
    assert kinds(live) == [*STORED, ("e", "liked")]


def test_what_was_said_before_another_request_is_not_pointed_at(live: RecommenderAgent) -> None:
    reply = talk(live, "loved Emma", "two crime films", "forget that")
    assert reply.confirmation is None
    assert "What should I forget?" in reply.text
    assert kinds(live) == [*STORED, ("e", "liked")]


@pytest.mark.parametrize(
    "message",
    [
        "wish I could forget Alien and see it for the first time",
        "can't forget Alien, it scared me so much",
        "don't forget that I liked Heat",
        "forget everything else, Heat is the best film ever",
        "forget Heat, something funny",
        "forget Alien, show me a romance",
        "I'll never forget Heat",
        "should I delete Alien?",
        "Alien was about to erase everything",
        "what if I delete Alien from my list",
    ],
)
def test_what_only_sounds_like_it_removes_nothing(live: RecommenderAgent, message: str) -> None:
    reply = talk(live, message)
    assert reply.confirmation is None or reply.confirmation.kind == "reported"
    assert kinds(live)[: len(STORED)] == STORED


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("forget everything about Tom Cruise", "Tom Cruise"),
        ("delete Casino from my history", "Casino"),
        ("forget what I said about romance", "Romance"),
        ("forget Casablanca", "Casablanca"),
    ],
)
def test_what_the_profile_does_not_hold_is_said_plainly(
    live: RecommenderAgent, message: str, named: str
) -> None:
    reply = talk(live, message, "yes")
    assert kinds(live) == STORED
    said = talk(live, message).text
    assert named in said
    assert "nothing was changed" in said
    assert reply.confirmation is None


def test_a_category_is_asked_back_with_the_titles_it_means(live: RecommenderAgent) -> None:
    asked = talk(live, "forget everything I said about horror")
    assert asked.question is not None
    assert (asked.question.kind, asked.question.events) == ("forget_items", 3)
    assert [item.item_id for item in asked.question.items] == ["a", "d"]
    assert "Alien (1979), Dracula (1931)" in asked.text
    assert kinds(live) == STORED
    done = talk(live, "forget everything I said about horror", "yes")
    assert done.confirmation is not None
    assert done.confirmation.events == 3
    assert kinds(live) == [("h", "liked")]


def test_a_no_keeps_the_category(live: RecommenderAgent) -> None:
    assert "Nothing was deleted" in talk(live, "forget everything I said about horror", "no").text
    assert kinds(live) == STORED


def test_a_category_in_a_larger_request_is_only_no_condition_any_more(live: RecommenderAgent) -> None:
    reply = talk(
        live, "horror films, no crime", "forget everything I said about horror, and recommend me a romance"
    )
    assert reply.question is None
    assert reply.request.where == Where(categories=("Romance",), excluded_categories=("Crime",))
    assert kinds(live) == STORED


def test_a_condition_is_dropped_from_the_conversation(cinema: ChatContext) -> None:
    said = ["crime films without horror", "forget what I said about horror", "two more"]
    messages = [Message(role="user", content=text) for text in said]
    request = CompositionalReader().read(messages, cinema).request
    assert (request.where.categories, request.where.excluded_categories) == (("Crime",), ())


def titled(row: dict[str, str]) -> str | None:
    """Return the title that a sentence wants to have forgotten, where its target is one."""
    target = re.sub(r"^(?:that )?I (?:watched|liked|loved|saw|bought|read) ", "", row.get("target", "I"))
    words = target.split()
    small = {"of", "the", "at", "and", "a", "in", "to"}
    capital = all(word[0].isupper() or word[0].isdigit() or word in small for word in words)
    return target if capital and words[0][0].isupper() and words[0] != "I" else None


@pytest.mark.parametrize("half", HALVES)
def test_sentences_remove_what_they_name_and_nothing_else(half: str, tmp_path: Path) -> None:
    sentences = rows("forget_sentences.jsonl", half)
    named = sorted({title for row in sentences if (title := titled(row))})
    films = [Item(f"t{n}", title, ("Drama",), 1950 + n) for n, title in enumerate(named)]
    catalog = Catalog.from_items(
        [*FILMS, *(film for film in films if film.title not in {f.title for f in FILMS})]
    )
    agent = RecommenderAgent(Engine(Retriever.build(catalog, None, WordEncoder())))
    store = open_store(str(tmp_path / "profiles.db"))
    live = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    removed, wanted = 0, 0
    for n, row in enumerate(sentences):
        user = f"u{n}"
        live.add_events(user, [ProfileEvent(item_id=item) for item in catalog.ids])
        talk(live, row["text"], user=user)
        gone = {catalog[catalog.position(i)].title for i in catalog.ids} - {
            catalog[catalog.position(item)].title for item, _ in kinds(live, user)
        }
        target = titled(row)
        assert gone <= ({target} if row["label"] == "forget_part" else set()), row
        wanted += target in named and row["label"] == "forget_part"
        removed += bool(gone)
    store.close()
    assert removed >= 0.8 * wanted > 4
