"""What ends with a message that starts another search, what stays, and how a list says its conditions."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.domain import Catalog, Item, Request
from nextinterest.messages import Message

ITEMS = [
    Item("b", "Solo Bivvy", ("Tents",), 2010, price=184.0),
    Item("k", "Kestrel Runner", ("Shoes",), 2015, price=89.0),
    Item("c", "Coffee Scale", ("Kitchen",), 2020, price=45.0),
    Item("g", "Granite Boot", ("Shoes",), 1999, price=52.0),
]
SHOP = ChatContext(Catalog.from_items(ITEMS))
LIST = (
    "Here are 3 for you:\n1. Coffee Scale (2020): Kitchen\n2. Kestrel Runner (2015)\n3. Granite Boot (1999)"
)


def read(*said: str) -> Request:
    """Return what the last of some messages asks for, with a list behind each other one."""
    messages: list[Message] = []
    for text in said:
        messages += [Message(role="user", content=text), Message(role="assistant", content=LIST)]
    return CompositionalReader().read(messages, SHOP).request


@pytest.mark.parametrize(
    "message",
    [
        "tents from the 2010s",
        "2 tents, one of them for my sister",
        "I need a tent for the alps",
        "show me some tents please",
        "three good tents",
        "any tents made after 2000",
        "tents for a rainy week",
    ],
)
@pytest.mark.parametrize("first", ["something like Coffee Scale", "a present for somebody who likes coffee"])
def test_another_noun_starts_another_search(first: str, message: str) -> None:
    request = read(first, message)
    assert (request.intent, request.similar_to) == ("recommend", ())
    assert request.where.categories == ("Tents",)
    assert "coffee" not in (request.query or "")


@pytest.mark.parametrize(
    "message", ["tents", "only newer ones", "from the 2010s", "cheaper please", "just shoes"]
)
def test_what_narrows_the_list_keeps_what_it_is_like(message: str) -> None:
    assert read("four things like Coffee Scale", message).similar_to == ("Coffee Scale",)


def test_prices_end_with_the_kind_of_thing_they_were_of() -> None:
    assert read("shoes for 30 to 60 euros", "two tents").where.price_to is None
    assert read("shoes for 30 to 60 euros", "two shoes").where.price_to == 60.0
    assert read("shoes", "between 30 and 60 euros").where.price_to == 60.0
    assert read("a present for my dad", "for 30 to 60 euros", "2 tents for my sister").where.price_to is None


@pytest.mark.parametrize(
    "message",
    [
        "can you swap the last one for something else",
        "replace the third one",
        "swap out number 3",
        "not the third",
    ],
)
def test_one_item_of_a_list_is_replaced(message: str) -> None:
    request = read("three things", message)
    assert request.disliked == ("Granite Boot",)
    assert request.where.excluded_items == ()


@pytest.mark.parametrize("message", ["my wife hates tents, so not that", "no tents, not that please"])
def test_that_may_be_a_category(message: str) -> None:
    request = read("three things", message)
    assert (request.where.excluded_categories, request.disliked) == (("Tents",), ())
    assert request.where.excluded_items == ()


@pytest.mark.parametrize("message", ["ur the best <3", "<3", "thanks <3", "love you <3"])
def test_a_heart_is_no_count(message: str) -> None:
    request = read("three things", message)
    assert (request.intent in {"thank", "other"}, request.count) == (True, None)
