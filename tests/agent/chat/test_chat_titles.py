"""Titles found as people type them, and everyday words left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.agent.chat import ChatContext
from nextinterest.agent.chat.reading.lookups import TitleLookups
from nextinterest.agent.chat.reading.mentions import find_mentions
from nextinterest.agent.chat.reading.tokens import tokenise
from nextinterest.domain import Catalog, Item
from nextinterest.titles import TitleIndex, title_words

FILMS = (
    Item("1", "The Shawshank Redemption", (), 1994),
    Item("2", "Seven (Se7en)", ("Crime",), 1995),
    Item("3", "Terminator 2: Judgment Day", ("Action",), 1991),
    Item("4", "Terminator, The", ("Action",), 1984),
    Item("5", "Sabrina", ("Comedy",), 1954),
    Item("6", "Sabrina", ("Comedy",), 1995),
    Item("7", "Heat", ("Crime",), 1995),
    Item("8", "Kids", ("Drama",), 1995),
    Item("9", "Twelve Monkeys", ("Sci-Fi",), 1995),
    Item("10", "Schindler's List", ("War",), 1993),
    Item("11", "M*A*S*H", ("Comedy",), 1970),
    Item("12", "千と千尋の神隠し", ("Animation",), 2001),
    Item("13", "Star Wars", ("Sci-Fi", "War"), 1977),
)


@pytest.fixture(scope="module")
def films() -> ChatContext:
    return ChatContext(Catalog.from_items(FILMS))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("shawshank", "1"),
        ("the shawshank redemption", "1"),
        ("se7en", "2"),
        ("seven", "2"),
        ("terminator 2", "3"),
        ("terminator two", "3"),
        ("The Terminator", "4"),
        ("sabrina 1995", "6"),
        ("Sabrina (1954)", "5"),
        ("12 monkeys", "9"),
        ("schindlers lisst", "10"),
        ("m*a*s*h", "11"),
        ("千と千尋の神隠し", "12"),
        ("starwars", "13"),
    ],
)
def test_found(films: ChatContext, typed: str, found: str) -> None:
    best = films.titles.find(typed)[0]
    assert films.catalog.ids[best.item] == found
    assert 0 < best.score <= 1


@pytest.mark.parametrize("typed", ["", "   ", "the", "casablanca", "zzzz", "!!!", "9"])
def test_not_found(films: ChatContext, typed: str) -> None:
    assert films.titles.find(typed) == []


def test_what_an_item_is_called_means_it(films: ChatContext) -> None:
    for item in range(len(films.catalog)):
        assert films.titles.resolve(films.titles.called(item)) == item


@given(st.data())
@settings(deadline=None)
def test_one_typing_mistake_in_a_long_title(data: st.DataObject) -> None:
    index = TitleIndex(Catalog.from_items(FILMS))
    item = data.draw(st.sampled_from([0, 2, 8, 9]))
    title = FILMS[item].title
    place = data.draw(st.integers(2, len(title) - 2))
    letter = data.draw(st.sampled_from("aeiostr"))
    mistyped = data.draw(
        st.sampled_from(
            [
                title[:place] + title[place + 1 :],
                title[:place] + letter + title[place:],
                title[:place] + letter + title[place + 1 :],
            ]
        )
    )
    assert index.find(mistyped)[0].item == item


@pytest.mark.parametrize(
    ("message", "items"),
    [
        ("saw heat yesterday", ["7"]),
        ("the heat is unbearable", []),
        ("something for kids", []),
        ("Have you watched Kids?", ["8"]),
        ("like shawshank but shorter", ["1"]),
        ("films like star wars", ["13"]),
        ("twelve monkeys and schindlers list were great", ["9", "10"]),
        ("I'm in the mood for seven", []),
        ("recommend me a war movie", []),
        ("loved Sabrina (1995)", ["6"]),
    ],
)
def test_mentions(films: ChatContext, message: str, items: list[str]) -> None:
    mentions = find_mentions(tokenise(message), TitleLookups(films.titles), films.categories)
    assert [films.catalog.ids[mention.item] for mention in mentions] == items


ORDINARY = (
    ("LOL", 2012),
    ("I Do: How to Get Married", 2006),
    ("Mighty Morphin Power Rangers: The Movie", 1995),
    ("Jonah: A VeggieTales Movie", 2002),
    ("Up", 2009),
    ("It", 2017),
    ("Her", 2013),
    ("Love", 2015),
    ("9", 2009),
    ("Jack", 1996),
    ("Anything Else", 2003),
    ("Halloween", 1978),
    ("Superhero Movie", 2008),
    ("Kevin Hart: Laugh at My Pain", 2011),
    ("The American", 2010),
    ("Pitch Perfect", 2012),
    ("Great Day in Harlem, A", 1994),
    ("Zootopia", 2016),
    ("Heat", 1995),
)


@pytest.fixture(scope="module")
def ordinary() -> ChatContext:
    return ChatContext(Catalog.from_items(Item(t, t, ("Drama",), year) for t, year in ORDINARY))


@pytest.mark.parametrize(
    "message",
    [
        "lol, I have",
        "same...lol",
        "I do like Jonah Hill",
        "I love that movie",
        "I saw the movie, and her too",
        "I love it, it went up and up",
        "LOVE it! Love, love, love that movie",
        "Are they good for like 5 and 10 year olds?",
        "films with Jack Black, or Kevin Hart",
        "Anything else? Something with superheroes",
        "anything else please",
        "I don't like superhero movies",
        "he dressed up for Halloween",
        "the Swedish or American version?",
        "Pitch Perfect 3 was great",
        "have a great day",
        "the heat is unbearable",
        "HEAT WAVE IN THE CITY, LOVE IT",
    ],
)
def test_words_that_can_mean_something_else_name_nothing(ordinary: ChatContext, message: str) -> None:
    assert find_mentions(tokenise(message), TitleLookups(ordinary.titles), ordinary.categories) == []


@pytest.mark.parametrize(
    ("message", "items"),
    [
        ("is 9 (2009) any good?", ["9"]),
        ('I liked "up" and "her"', ["Up", "Her"]),
        ("I'll go with It (2017)", ["It"]),
        ("LOL (2012) was fun lol", ["LOL"]),
        ("my kids like Up and Zootopia", ["Up", "Zootopia"]),
        ("we watched zootopia and heat last night", ["Zootopia", "Heat"]),
        ("I'm not sure about Heat (1996)", ["Heat"]),
        ("Zootopia was great", ["Zootopia"]),
        ("movies like zootopa", ["Zootopia"]),
        ("I saw Pitch Perfect", ["Pitch Perfect"]),
    ],
)
def test_quotes_years_and_capitals_make_a_title(
    ordinary: ChatContext, message: str, items: list[str]
) -> None:
    mentions = find_mentions(tokenise(message), TitleLookups(ordinary.titles), ordinary.categories)
    assert [ordinary.catalog.ids[mention.item] for mention in mentions] == items


@given(st.text(max_size=120))
@settings(deadline=None)
def test_mentions_of_any_text_lie_in_order(message: str) -> None:
    context = ChatContext(Catalog.from_items(FILMS))
    text = tokenise(message)
    mentions = find_mentions(text, TitleLookups(context.titles), context.categories)
    ends = [0, *(place for mention in mentions for place in (mention.start, mention.end))]
    assert ends == sorted(ends)
    assert all(mention.end <= len(text) for mention in mentions)


@given(st.lists(st.text(max_size=30), max_size=8), st.text(max_size=40))
@settings(deadline=None)
def test_any_catalogue_and_any_search(titles: list[str], typed: str) -> None:
    index = TitleIndex(Catalog([str(i) for i in range(len(titles))], titles))
    for match in index.find(typed):
        assert 0 <= match.item < len(titles)
        assert 0 < match.score <= 1
    for title in titles:
        if title_words(title):
            assert index.resolve(title) is not None
