"""Reasons for items of a list, what is offered where nothing fits, and what is in the history already."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.endpoint import Endpoint, serving
from support.films import FILMS
from support.planning import Plan, planned

from nextinterest.agent.chat import ChatReply
from nextinterest.domain import Availability, Event, Item
from nextinterest.messages import Message

GOODS = (
    Item(
        "t1",
        "Ridge tent",
        ("Tents",),
        price=300.0,
        available=Availability(stock=0),
        attributes={"brand": "Nordpeak"},
    ),
    Item(
        "t2",
        "Solo tent",
        ("Tents",),
        price=180.0,
        available=Availability(stock=4),
        attributes={"brand": "Fjellvik"},
    ),
    Item(
        "r1",
        "Edel rope",
        ("Climbing",),
        price=90.0,
        available=Availability(stock=4),
        attributes={"brand": "Edelrid"},
    ),
    Item(
        "r2",
        "Edel sling",
        ("Climbing",),
        price=20.0,
        available=Availability(stock=4),
        attributes={"brand": "Edelrid"},
    ),
    Item(
        "r3",
        "Edel hook",
        ("Climbing",),
        price=15.0,
        available=Availability(stock=4),
        attributes={"brand": "Edelrid"},
    ),
)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.mark.parametrize("kept", ["session", "replies", "texts"])
def test_a_reason_speaks_of_the_list_that_was_shown(kept: str, endpoint: Endpoint) -> None:
    plans: dict[str, Plan] = {
        "like alien": {"intent": "similar", "similar_to": ["Alien"], "count": 3},
        "why the second?": {"intent": "explain", "query": "Blade Runner"},
    }
    agent = planned(FILMS, endpoint, plans)
    first = agent.chat([Message(role="user", content="like alien")], history=[], session="s")
    assert first.recommendations is not None
    place = [item.title for item in first.recommendations.items].index("Blade Runner") + 1
    asked = Message(role="user", content="why the second?")
    before: list[Message | ChatReply] = [Message(role="user", content="like alien")]
    before += [first if kept == "replies" else Message(role="assistant", content=first.text)]
    if kept == "session":
        reply = agent.chat([asked], history=[], session="s")
    else:
        reply = agent.chat([*before, asked], history=[])
    assert reply.explanation is not None
    assert reply.explanation.place == place
    text = f"Blade Runner (1982) is number {place} of the list above"
    assert reply.text.startswith(text + ("." if kept == "texts" else ", which is of items like Alien."))
    assert "%" not in reply.text
    assert "popularity" not in reply.text


def test_a_reason_for_an_item_of_no_list_is_its_rank(endpoint: Endpoint) -> None:
    agent = planned(FILMS, endpoint, {"why emma": {"intent": "explain", "query": "Emma"}})
    reply = agent.chat([Message(role="user", content="why emma")], history=["g"])
    assert reply.explanation is not None
    assert reply.explanation.place is None
    assert "among what is new to you" in reply.text


@pytest.mark.parametrize(
    ("plan", "loosened", "text"),
    [
        (
            {"categories": ["Climbing"], "excluded_attributes": {"brand": ["Edelrid"]}},
            "attributes",
            "Nothing that is new to you fits: Climbing, not brand Edelrid.",
        ),
        (
            {"categories": ["Tents"], "attributes": {"brand": ["Edelrid"]}},
            "attributes",
            "Nothing that is new to you fits: Tents, brand Edelrid.",
        ),
        (
            {"categories": ["Tents"], "price_to": 170},
            "prices",
            "Nothing that is new to you fits: Tents for 170 or less.",
        ),
        (
            {"attributes": {"brand": ["Nordpeak"]}, "categories": ["Tents"], "available": True},
            "attributes",
            "Nothing that is new to you fits: Tents, available now, brand Nordpeak.",
        ),
    ],
)
def test_what_hinders_is_named_and_the_nearest_is_offered(
    plan: Plan, loosened: str, text: str, endpoint: Endpoint
) -> None:
    agent = planned(GOODS, endpoint, {"please": {"intent": "recommend", **plan}})
    reply = agent.chat([Message(role="user", content="please")], history=[])
    assert reply.relaxation is not None
    assert reply.relaxation.loosened == loosened
    assert reply.text.startswith(text)


def test_prices_are_widened_to_the_nearest_item(endpoint: Endpoint) -> None:
    plan = {"intent": "recommend", "categories": ["Tents"], "price_to": 170}
    reply = planned(GOODS, endpoint, {"please": plan}).chat(
        [Message(role="user", content="please")], history=[]
    )
    assert reply.relaxation is not None
    assert reply.relaxation.request.where.price_to == 180
    assert "The nearest I can do: Tents for 180 or less, which 1 item meets. Shall I?" in reply.text


def test_what_fits_and_is_in_the_history_is_named(endpoint: Endpoint) -> None:
    plan = {"intent": "recommend", "categories": ["Tents"]}
    agent = planned(GOODS, endpoint, {"a tent": plan})
    history = [Event("t1", kind="buy"), Event("t2", kind="buy")]
    reply = agent.chat([Message(role="user", content="a tent")], history=history)
    assert "In your history already: Ridge tent, Solo tent." in reply.text


def test_two_lists_say_what_each_is(endpoint: Endpoint) -> None:
    plans: list[Plan] = [
        {"intent": "recommend", "count": 1, "attributes": {"brand": ["Nordpeak"]}},
        {"intent": "recommend", "count": 1, "attributes": {"brand": ["Fjellvik"]}},
    ]
    reply = planned(GOODS, endpoint, {"one of each": plans}).chat(
        [Message(role="user", content="one of each")], history=[]
    )
    assert "brand Nordpeak:" in reply.text
    assert "brand Fjellvik:" in reply.text
