"""What a message has to have for the agent to answer it, and what of it becomes free text."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader
from nextinterest.domain import Catalog, Item, Request
from nextinterest.messages import Message

FILMS = (
    Item("a", "Alien", ("Horror", "Sci-Fi"), 1979),
    Item("u", "Up", ("Animation",), 2009),
    Item("l", "Love Actually", ("Comedy", "Romance"), 2003),
    Item("w", "War Horse", ("War",), 2011),
)
GOODS = (
    Item("1", "DeLonghi Dedica Espresso Machine", ("Coffee",), 2020, price=199.0),
    Item("2", "Lavazza Espresso Beans", ("Coffee",), 2022, price=19.0),
    Item("3", "Sony WH-1000XM4", ("Headphones",), 2020, price=250.0),
)


@pytest.fixture(scope="module")
def films() -> ChatContext:
    return ChatContext(Catalog.from_items(FILMS))


@pytest.fixture(scope="module")
def goods() -> ChatContext:
    return ChatContext(Catalog.from_items(GOODS))


def read(context: ChatContext, *said: str) -> Request:
    """Read messages of which every second one is the assistant's."""
    roles = ("user", "assistant")
    messages = [Message(role=roles[n % 2], content=text) for n, text in enumerate(said)]
    return CompositionalReader().read(messages, context).request


@pytest.mark.parametrize(
    "message",
    [
        "what is the weather tomorrow",
        "is the bank open today",
        "remind me to buy milk",
        "how do I unclog a drain",
        "who won the trade war",
        "what year did the war end",
        "which dog breed sold the most in 2018",
        "please get me my wheelchair",
        "i need to speak to customer service",
        "should i hit or stay at 17",
        "are there any new companies to look out for",
        "what are black holes",
        "is love a chemical",
        "I love that movie",
    ],
)
def test_what_is_not_the_agents_is_left_alone(films: ChatContext, message: str) -> None:
    assert read(films, message) == Request(intent="other")


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("something dark and slow about grief", "dark and slow about grief"),
        ("a good dance movie", "dance"),
        ("movies with Tom Hanks please", None),
        ("can you recommend anything directed by Kubrick?", None),
        ("I feel sad today, cheer me up", "sad"),
        ("my train is late, I need something calm", "calm"),
        ("a funny film about dogs from the 90s", "about dogs"),
        ("I don't want anything violent, a comedy please", None),
        ("something under 90 minutes", None),
        ("two comedies", None),
        ("surprise me", None),
    ],
)
def test_what_no_field_holds_is_the_query(films: ChatContext, message: str, query: str | None) -> None:
    request = read(films, message)
    assert (request.intent, request.query) == ("recommend", query)


def test_the_query_stays_until_another_is_given(films: ChatContext) -> None:
    assert read(films, "something about dogs", "1. Alien (1979)", "older please").query == "about dogs"
    assert (
        read(films, "something about dogs", "1. Alien (1979)", "something about cats").query == "about cats"
    )


def test_beside_an_item_it_is_the_query_too(films: ChatContext) -> None:
    request = read(films, "something like Alien but darker")
    assert (request.intent, request.similar_to, request.query) == ("similar", ("Alien",), "darker")
    assert read(films, "like Alien but less violent").query is None


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("an espresso machine please", "espresso machine"),
        ("espresso beans", "espresso beans"),
        ("I need an espresso machine", "espresso machine"),
    ],
)
def test_goods_are_asked_for_by_the_words_of_titles(goods: ChatContext, message: str, query: str) -> None:
    request = read(goods, message)
    assert (request.intent, request.query) == ("recommend", query)


def test_items_that_are_compared_are_asked_about(films: ChatContext) -> None:
    request = read(films, "which is better, Alien or Up (2009)?")
    assert (request.intent, request.where.only_items) == ("ask", ("a", "u"))


def test_items_named_beside_a_request_are_not_its_answer(films: ChatContext) -> None:
    request = read(films, "War Horse looks sad. What else can you recommend?")
    assert (request.intent, request.where.excluded_items) == ("recommend", ("w",))


@pytest.mark.parametrize("message", ["Have you seen Alien (1979)?", "have I seen Alien?"])
def test_whether_something_was_seen_is_no_event(films: ChatContext, message: str) -> None:
    said = [Message(role="user", content=message)]
    understood = CompositionalReader().read(said, films)
    assert (understood.request.intent, understood.reported) == ("ask", ())


@pytest.mark.parametrize(
    ("message", "least", "most"),
    [
        ("something between 20 and 60 euros", 20, 60),
        ("headphones under 50 euros", None, 50),
        ("coffee for at most $100", None, 100),
        ("over 30 dollars", 30, None),
        ("my budget is 40", None, 40),
        ("20-60 €", 20, 60),
        ("80 bpm", None, None),
        ("between 5 and 10 films", None, None),
        ("for 5 and 10 year olds", None, None),
    ],
)
def test_prices(goods: ChatContext, message: str, least: float | None, most: float | None) -> None:
    where = read(goods, f"coffee, {message}").where
    assert (where.price_from, where.price_to) == (least, most)


def test_prices_are_conditions_where_there_are_any(goods: ChatContext, films: ChatContext) -> None:
    request = read(goods, "coffee between 20 and 60 euros")
    assert (request.where.price_from, request.where.price_to, request.count) == (20, 60, None)
    request = read(films, "comedies between 20 and 60 euros")
    assert (request.where.price_from, request.count, request.where.year_from) == (None, None, None)
