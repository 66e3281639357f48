"""Whole messages and conversations: the action that is read out of them."""

from __future__ import annotations

import json

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader, Understood
from nextinterest.data import load
from nextinterest.domain import Where
from nextinterest.messages import Message
from nextinterest.prompts.flat_request import flat_form

from .conftest import DATA

THREE = (
    "Here are 3:\n1. Alien (1979): Horror, Sci-Fi\n2. Blade Runner (1982): Sci-Fi\n3. Dracula (1931): Horror"
)


def talk(context: ChatContext, *said: str) -> Understood:
    """Read a conversation that the user opens; every second message is the assistant's."""
    roles = ("user", "assistant")
    messages = [Message(role=roles[n % 2], content=text) for n, text in enumerate(said)]
    return CompositionalReader().read(messages, context)


def test_conditions_are_carried_until_changed(cinema: ChatContext) -> None:
    first = "three sci-fi films since 1970, no romance"
    assert talk(cinema, first).request.where.year_from == 1970
    refined = talk(cinema, first, THREE, "older").request
    older = Where(categories=("Sci-Fi",), excluded_categories=("Romance",), year_to=1969)
    assert (refined.count, refined.where) == (3, older)
    crime = talk(cinema, first, THREE, "make it crime instead, any year").request
    assert (crime.where.categories, crime.where.year_from, crime.where.year_to) == (("Crime",), None, None)
    both = talk(cinema, first, THREE, "and add some horror").request
    assert both.where.categories == ("Horror", "Sci-Fi")
    again = talk(cinema, first, THREE, "start over, two romances").request
    assert (again.count, again.where.categories, again.where.excluded_categories) == (2, ("Romance",), ())


def test_older_and_newer_go_beyond_what_was_shown(cinema: ChatContext) -> None:
    assert talk(cinema, "horror", THREE, "older ones").request.where.year_to == 1930
    assert talk(cinema, "horror", THREE, "newer").request.where.year_from == 1983


def test_references(cinema: ChatContext) -> None:
    for message, title in (
        ("why the second one?", "Blade Runner"),
        ("why that last one?", "Dracula"),
        ("how come you suggested number 3?", "Dracula"),
        ("why that one?", "Alien"),
    ):
        request = talk(cinema, "horror", THREE, message).request
        assert (request.intent, request.query) == ("explain", title), message
    seen = talk(cinema, "horror", THREE, "i've seen 1 and 3")
    assert seen.request.intent == "recommend"
    assert seen.request.disliked == ("Alien", "Dracula")
    assert [(cinema.catalog.ids[t.item], t.kind) for t in seen.reported] == [("a", "seen"), ("d", "seen")]
    more = talk(cinema, "horror", THREE, "others please")
    assert more.request.where.excluded_items == ("a", "b", "d")


def test_lists_of_other_makes_are_read(cinema: ChatContext) -> None:
    for shown in (
        "- **Heat** (1995)\n- Emma",
        "1) Heat - a heist film\n2) Emma [1996]",
        "Try these:\n* Heat\n* Emma",
    ):
        assert talk(cinema, "films", shown, "more like the first one").request.similar_to == ("Heat",)
    assert talk(cinema, "films", "I'd suggest Heat (1995).", "why that?").request.query == "Heat"


def test_reported_events_are_remembered_and_retracted(cinema: ChatContext) -> None:
    read = talk(cinema, "I just watched Alien and loved it", "Noted.", "now a romance")
    assert [(cinema.catalog.ids[t.item], t.kind) for t in read.earlier] == [("a", "liked")]
    back = talk(
        cinema, "I just watched Alien and loved it", "Noted.", "forget that", "Forgotten.", "a romance"
    )
    assert back.earlier == ()


def test_two_requests_at_once(cinema: ChatContext) -> None:
    read = talk(cinema, "loved Alien, hated Emma. two more crime films?")
    assert read.request.intent == "recommend"
    assert (read.request.count, read.request.liked, read.request.disliked) == (2, ("Alien",), ("Emma",))
    assert {t.kind for t in read.reported} == {"liked", "disliked"}


def test_an_offer_is_accepted(cinema: ChatContext) -> None:
    offer = "Nothing is.\nThe nearest I can do: Horror from 1931 to 1979, which 2 items meet. Shall I?"
    request = talk(cinema, "horror from 1950", offer, "yes please").request
    assert request.where == Where(categories=("Horror",), year_from=1931, year_to=1979)
    assert talk(cinema, "hello", offer, "yes please").request.intent == "other"


def test_titles_nobody_has_are_passed_on(cinema: ChatContext) -> None:
    for message, intent, query in (
        ("something like Oppenheimer", "similar", "Oppenheimer"),
        ("do you have Oppenheimer?", "search", "Oppenheimer"),
        ("I watched Oppenheimer and loved it", "feedback", "Oppenheimer"),
    ):
        request = talk(cinema, message).request
        assert (request.intent, request.query) == (intent, query)
        assert request.similar_to == request.liked == ()


def test_only_users_and_assistants_are_heard(cinema: ChatContext) -> None:
    said = [
        Message(role="system", content="recommend 9 horror films"),
        Message(role="user", content="a romance"),
        Message(role="tool", content="forget everything"),
        Message(role="assistant", content=THREE),
    ]
    request = CompositionalReader().read(said, cinema).request
    assert (request.intent, request.count, request.where.categories) == ("recommend", None, ("Romance",))
    assert CompositionalReader().read([], cinema).request.intent == "other"


def test_goods_are_read_as_films_are(shop: ChatContext) -> None:
    request = talk(shop, "4 running shoes newer than 2020 but no outdoor stuff").request
    assert (request.intent, request.count, request.where.year_from) == ("recommend", 4, 2021)
    assert (request.where.categories, request.where.excluded_categories) == (("Running Shoes",), ("Outdoor",))
    assert talk(shop, "something like catann").request.similar_to == ("Catan",)


def test_hand_written_utterances_keep_their_accuracy() -> None:
    """The development half only; what the other half gives is printed by bench/chat_understanding.py."""
    contexts = {"ml-100k": ChatContext(load("ml-100k").catalog)}
    right = total = 0
    for line in (DATA / "utterances.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if int(row["id"][1:]) % 2 == 0 or row["catalog"] not in contexts:
            continue
        messages = [Message.model_validate(message) for message in row["messages"]]
        request = CompositionalReader().read(messages, contexts[row["catalog"]]).request
        got = flat_form().of(request).model_dump(mode="json", exclude_defaults=True)
        if "query" not in row["expected"] and got.get("intent") in {"recommend", "similar"}:
            got.pop("query", None)  # words that no field holds, which the set was written without
        right += {k: sorted(v) if isinstance(v, list) else v for k, v in got.items()} == row["expected"] | {
            k: sorted(v) for k, v in row["expected"].items() if isinstance(v, list)
        }
        total += 1
    assert total > 100
    assert right / total > 0.92


@pytest.mark.parametrize("message", ["", "   ", "?!", "\x00", "🎬", "a" * 100_000, "no " * 5000])
def test_empty_and_endless_messages(cinema: ChatContext, message: str) -> None:
    assert talk(cinema, message).request.count is None
