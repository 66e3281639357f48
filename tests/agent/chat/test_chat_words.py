"""The parts of reading: words, numbers, years, categories, opinions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.agent.chat.reading.categories import CategoryLexicon, read_categories
from nextinterest.agent.chat.reading.numbers import changed_count, count_asked
from nextinterest.agent.chat.reading.opinions import read_opinions
from nextinterest.agent.chat.reading.tokens import tokenise, word_list
from nextinterest.agent.chat.reading.years import YearRange, read_years
from nextinterest.errors import DataError

GENRES = ("Action", "Children's", "Comedy", "Drama", "Film-Noir", "Horror", "Romance", "Sci-Fi", "War")
SPANNED = YearRange(1922, 1998)


@pytest.mark.parametrize(
    ("message", "years"),
    [
        ("before 1980", (None, 1979)),
        ("no later than 1980", (None, 1980)),
        ("up to 1980 please", (None, 1980)),
        ("after 1990", (1991, None)),
        ("since 1990", (1990, None)),
        ("1990 or later", (1990, None)),
        ("from 1990 on", (1990, None)),
        ("nothing older than 1990", (1990, None)),
        ("in 1995", (1995, 1995)),
        ("the nineties", (1990, 1999)),
        ("90s stuff", (1990, 1999)),
        ("the 1930s", (1930, 1939)),
        ("mid 80s", (1983, 1986)),
        ("before the 80s", (None, 1979)),
        ("between 1970 and 1975", (1970, 1975)),
        ("1970-1975", (1970, 1975)),
        ("from '92 to '94", (1992, 1994)),
        ("after 1970 but before 1980", (1971, 1979)),
        ("forties or fifties", (1940, 1959)),
        ("around 1985", (1983, 1987)),
    ],
)
def test_years(message: str, years: tuple[int | None, int | None]) -> None:
    found = read_years(tokenise(message), SPANNED).range
    assert found is not None
    assert (found.first, found.last) == years


def test_the_century_is_the_catalogues() -> None:
    message = tokenise("something from the 20s")
    assert read_years(message, SPANNED).range == YearRange(1920, 1929)
    assert read_years(message, YearRange(1950, 2024)).range == YearRange(2020, 2029)


@pytest.mark.parametrize("message", ["ten comedies", "90 minutes", "top 50", "in a minute", "room 1408 b"])
def test_other_numbers_are_no_years(message: str) -> None:
    assert read_years(tokenise(message), SPANNED).range is None


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ("five please", 5),
        ("top 10", 10),
        ("a couple of films", 2),
        ("half a dozen", 6),
        ("two dozen titles", 24),
        ("just one", 1),
        ("one more", 1),
        ("the one with the shark", None),
        ("that one", None),
        ("90 minutes to kill", None),
        ("i rate it 8/10", None),
        ("number 3", None),
        ("what did user 42 watch", None),
        ("a film for my niece, she's 7", None),
        ("what is 17 times 23", None),
        ("i teach a class of 30", None),
        ("a list of 30", 30),
        ("smth scary 4 tonite", None),
        ("give me 4 tonight", 4),
        ("for like 5 and 10 year olds", None),
        ("two daughters, ages 12 and 10", None),
        ("those two films look good", None),
        ("the other two sound really good", None),
        ("one of my favorites", None),
        ("I have seen two films", None),
        ("80 bpm", None),
        ("between 20 and 60 euros", None),
        ("something for the under 12 crowd", None),
        ("can you recommend a few?", 3),
        ("a thriller, three please", 3),
    ],
)
def test_counts(message: str, count: int | None) -> None:
    assert count_asked(tokenise(message)) == count


def test_fewer_is_half_and_fewer_dramas_is_not() -> None:
    assert changed_count(tokenise("fewer please"), 10) == 5
    assert changed_count(tokenise("double that"), 3) == 6
    assert changed_count(tokenise("fewer dramas"), 10) is None


@pytest.mark.parametrize(
    ("message", "include", "exclude"),
    [
        ("something funny, no horror", ["Comedy"], ["Horror"]),
        ("no horror, comedy instead", ["Comedy"], ["Horror"]),
        ("no horror, war or drama", [], ["Horror", "War", "Drama"]),
        ("nothing but comedies", ["Comedy"], []),
        ("anything but comedies", [], ["Comedy"]),
        ("not just drama", ["Drama"], []),
        ("too scary for me", [], ["Horror"]),
        ("i don't mean war, i mean romance", ["Romance"], ["War"]),
        ("a romcom", ["Romance", "Comedy"], []),
        ("non-violent sci-fi", ["Sci-Fi"], []),
        ("horor films", ["Horror"], []),
        ("kids film noir", ["Children's", "Film-Noir"], []),
        ("why not a drama", ["Drama"], []),
        ("i have never seen a war film", ["War"], []),
        ("an epic about submarines", [], []),
    ],
)
def test_categories(message: str, include: list[str], exclude: list[str]) -> None:
    request = read_categories(tokenise(message), CategoryLexicon(GENRES))
    assert (request.include, request.exclude) == (include, exclude)


def test_words_of_a_category_the_catalogue_lacks_mean_nothing() -> None:
    assert read_categories(tokenise("funny horror"), CategoryLexicon(["Headphones"])).include == []


def test_or_makes_one_category_enough() -> None:
    lexicon = CategoryLexicon(GENRES)
    assert read_categories(tokenise("drama or comedy"), lexicon).either
    assert read_categories(tokenise("drama/comedy"), lexicon).either
    assert not read_categories(tokenise("drama and comedy"), lexicon).either


@given(st.lists(st.text(min_size=1, max_size=20), max_size=6, unique=True), st.text(max_size=200))
@settings(deadline=None)
def test_any_category_names_and_any_text(names: list[str], message: str) -> None:
    request = read_categories(tokenise(message), CategoryLexicon(names))
    assert {*request.include, *request.exclude} <= set(names)
    assert not set(request.include) & set(request.exclude)


@given(st.sampled_from([n for n in GENRES if " " not in n]))
def test_every_category_is_called_by_its_own_name(name: str) -> None:
    assert read_categories(tokenise(f"some {name.lower()} please"), CategoryLexicon(GENRES)).include == [name]


@pytest.mark.parametrize(
    ("message", "spans", "said"),
    [
        ("loved alien", [(1, 2)], ["liked"]),
        ("didn't enjoy alien at all", [(2, 3)], ["disliked"]),
        ("alien wasn't bad", [(0, 1)], ["liked"]),
        ("saw alien. hated it", [(1, 2)], ["disliked"]),
        ("loved alien but emma was dull", [(1, 2), (3, 4)], ["liked", "disliked"]),
        ("alien and emma were great", [(0, 1), (2, 3)], ["liked", "liked"]),
        ("just finished alien", [(2, 3)], ["seen"]),
        ("something like alien", [(2, 3)], ["none"]),
        ("haven't seen alien", [(2, 3)], ["none"]),
    ],
)
def test_opinions(message: str, spans: list[tuple[int, int]], said: list[str]) -> None:
    assert [opinion for opinion, _ in read_opinions(tokenise(message), spans)] == said


def test_unknown_word_list() -> None:
    with pytest.raises(DataError, match=r"no list 'colours'"):
        word_list("colours")


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_is_read(message: str) -> None:
    text = tokenise(message)
    for word in text.words:
        assert word
        assert " " not in word
    assert (read_years(text, SPANNED).range or YearRange()) is not None
    assert count_asked(text) is None or 1 <= (count_asked(text) or 0) <= 100
