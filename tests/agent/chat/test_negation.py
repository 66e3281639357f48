"""What is not wanted is left out: kinds, years and words; it never becomes the text that items resemble."""

from __future__ import annotations

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader, Understood
from nextinterest.domain import Catalog, Item
from nextinterest.messages import Message

LIST = "Here are 2 for you:\n1. Moonrise Wedding\n2. Quiet Harbour"
NAMES = ("Comedy", "Romance", "Drama", "Horror", "Pop", "Rock")
ITEMS = [
    Item("a", "Moonrise Wedding", ("Comedy", "Romance"), 1985),
    Item("b", "Quiet Harbour", ("Drama",), 1992),
    Item("c", "Football Fever", ("Comedy",), 1999),
    Item("d", "Two Footballs", ("Drama",), 2004, description="A wizard finds a ball."),
    Item("e", "Letters Home", ("Romance",), 2010),
    Item("f", "The Grafton Haunting", ("Horror",), 2013),
    Item("g", "Loud Night", ("Pop",), 1983),
    Item("h", "Stone Road", ("Rock",), 1975),
]
SHELF = ChatContext(Catalog.from_items(ITEMS))


def read(*said: str) -> Understood:
    messages = [
        Message(role="user" if n % 2 == 0 else "assistant", content=text) for n, text in enumerate(said)
    ]
    return CompositionalReader().read(messages, SHELF)


@pytest.mark.parametrize(
    "message",
    [
        "comedy but no romcoms",
        "ok comedy then, and pls no rom coms",
        "something funny, not a romcom",
        "comedies without the romcoms",
        "comedies, I hate romcoms",
    ],
)
def test_no_romcom_leaves_comedies(message: str) -> None:
    where = read(message).request.where
    assert (where.categories, where.excluded_categories) == (("Comedy",), ("Romance",))


def test_no_romcoms_alone_leaves_romances_and_comedies() -> None:
    understood = read("something, no romcoms please")
    assert understood.request.where.excluded_categories == ()
    assert understood.request.where.excluded_items == ("a",)
    romcom = read("a romcom please").request.where
    assert (set(romcom.categories), romcom.match) == ({"Comedy", "Romance"}, "all")


@pytest.mark.parametrize(
    "message",
    [
        "not the 80s",
        "films, but not the 80s",
        "dramas, skip the 80s",
        "nothing from the 80s please",
        "anything but the 1980s",
        "movies without the eighties",
        "forget about the 80s, something else",
        "no more films from the 80s",
        "leave out everything made in the 80s",
        "I'm done with the 80s, recommend me something",
    ],
)
def test_negated_years_are_left_out(message: str) -> None:
    understood = read("two films", LIST, message)
    where = understood.request.where
    assert (where.year_from, where.year_to) == (None, None)
    assert {"a", "g"} <= set(where.excluded_items)
    assert not {"c", "d", "e", "f", "h"} & set(where.excluded_items)


@pytest.mark.parametrize(
    ("message", "first", "last"),
    [
        ("the 80s please", 1980, 1989),
        ("not bad, the 80s please", 1980, 1989),
        ("no horror, from the 80s", 1980, 1989),
        ("nothing older than 1990", 1990, None),
        ("forget about the 80s, give me something modern", 1990, None),
        ("not the 90s, something older", None, 1989),
    ],
)
def test_other_years_are_asked_for(message: str, first: int | None, last: int | None) -> None:
    where = read("two films", LIST, message).request.where
    assert (where.year_from, where.year_to) == (first, last)


@pytest.mark.parametrize(
    "message",
    [
        "dramas and comedies, but no football",
        "something without football",
        "no more films about football",
        "recommend me something, nothing about football",
        "I'm not interested in football stuff",
        "I don't want any footballs",
        "stop recommending football to me",
        "films, anything but football",
        "movies, leave out football",
        "less football please",
    ],
)
def test_words_that_are_not_wanted_are_left_out(message: str) -> None:
    understood = read("two films", LIST, message)
    assert {"c", "d"} <= set(understood.request.where.excluded_items)
    assert "football" not in (understood.request.query or "").casefold()
    assert understood.left_out[0][1] == {2, 3}


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("something about football", "about football"),
        ("no horror, but football would be nice", "football"),
        ("my train isn't running, recommend me something about football", "about football"),
        ("I can't wait, show me a football film", "football"),
    ],
)
def test_words_beside_a_negation_are_wanted(message: str, query: str) -> None:
    understood = read(message)
    assert understood.left_out == ()
    assert query in (understood.request.query or "")


def test_words_of_descriptions_count_and_unknown_ones_are_said() -> None:
    assert read("films without wizards").request.where.excluded_items == ("d",)
    ((said, items),) = read("films, nothing gloomy").left_out
    assert (said, items) == ("with “gloomy”", frozenset())


@pytest.mark.parametrize(
    ("message", "wanted", "unwanted"),
    [
        ("less pop more rock", ("Rock",), ("Pop",)),
        ("more rock, less pop", ("Rock",), ("Pop",)),
        ("no pop, more rock", ("Rock",), ("Pop",)),
        ("less of the pop", (), ("Pop",)),
        ("no more pop", (), ("Pop",)),
        ("not any more pop", (), ("Pop",)),
        ("less gloomy dramas", ("Drama",), ()),
        ("stop showing me horror", (), ("Horror",)),
    ],
)
def test_a_negation_reaches_what_it_is_said_of(
    message: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    where = read("two films", LIST, message).request.where
    assert (where.categories, where.excluded_categories) == (wanted, unwanted)


@pytest.mark.parametrize(
    "message",
    [
        "something like Quiet Harbour but not Quiet Harbour itself",
        "same mood as Quiet Harbour, but not Quiet Harbour obviously",
        "movies like Quiet Harbour, just not Quiet Harbour again",
    ],
)
def test_an_item_may_be_a_model_and_not_wanted_itself(message: str) -> None:
    request = read(message).request
    assert (request.intent, request.similar_to, request.disliked) == ("similar", ("Quiet Harbour",), ())


@pytest.mark.parametrize(
    "message", ["horror movies, not the grafton haunting", "horror, but not The Grafton Haunting"]
)
def test_a_title_that_is_not_wanted_is_left_out(message: str) -> None:
    request = read(message).request
    assert "The Grafton Haunting" in request.disliked or "f" in request.where.excluded_items
    assert request.where.categories == ("Horror",)
