"""One index of titles: shared, strict for histories, lenient for the search box, sound for any text."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.agent.chat.reading import tokens
from nextinterest.domain import Catalog, Item
from nextinterest.titles import TitleIndex, normalise_title
from nextinterest.titles.words import common_words

FILMS = Catalog.from_items(
    [
        Item("0", "Toy Story", (), 1995),
        Item("1", "The Story of Us", (), 1999),
        Item("2", "History of the World", (), 1981),
        Item("3", "The Matrix", (), 1999),
        Item("4", "Amélie", (), 2001),
        Item("5", "12 Monkeys", (), 1995),
        Item("6", "L'Avventura", (), 1960),
    ]
)
INDEX = TitleIndex(FILMS)
TITLES = st.lists(st.text(max_size=30), max_size=8)


def test_one_index_for_each_catalogue_as_long_as_it_lives() -> None:
    catalog = Catalog(["1"], ["Heat"])
    index = TitleIndex.of(catalog)
    assert TitleIndex.of(catalog) is index
    assert TitleIndex.of(Catalog(["1"], ["Heat"])) is not index
    gc.collect()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("story", [0, 1]),  # at the beginning of a word; the shorter title first
        ("the st", [1]),
        ("toy sto", [0]),
        ("matr", [3]),
        ("ame", [4]),
        ("matirx", [3]),
        ("toy stroy", [0]),
        ("zzz", []),
        ("  ", []),
        ("!?", []),
    ],
)
def test_the_search_box(typed: str, found: list[int]) -> None:
    assert INDEX.search(typed)[: len(found)] == found
    if not found:
        assert INDEX.search(typed) == []


def test_the_search_box_gives_no_item_twice_and_no_more_than_asked() -> None:
    catalog = Catalog([str(i) for i in range(50)], ["Star Wars"] * 50)
    found = TitleIndex(catalog).search("star", 10)
    assert found == list(range(10))


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("twelve monkeys", (5,)),
        ("lavventura", (6,)),
        ("matrix", (3,)),
        ("Story", ()),  # a part of titles is no title
        ("Toy Stroy", ()),  # never a guess
        ("Toy Story (1999)", (0,)),
        ("", ()),
    ],
)
def test_identified_without_a_guess(title: str, found: tuple[int, ...]) -> None:
    assert INDEX.identify(title) == found


@given(TITLES, st.text(max_size=40))
@settings(deadline=None)
def test_any_titles_and_any_text(titles: list[str], typed: str) -> None:
    index = TitleIndex(Catalog([str(i) for i in range(len(titles))], titles))
    for found in (index.search(typed), index.identify(typed)):
        assert len(set(found)) == len(found)
        assert all(0 <= item < len(titles) for item in found)
    for item, title in enumerate(titles):
        if title.strip():
            assert item in index.identify(title)
        if normalise_title(title):
            assert any(titles[one] == title for one in index.search(title, len(titles)))


def test_the_words_of_requests_count_as_common() -> None:
    lists = {name: phrases for name, phrases in tokens._lists("words.yaml").items() if name != "first_names"}
    listed = {word for phrases in lists.values() for phrase in phrases for word in phrase}
    assert not listed - common_words()
