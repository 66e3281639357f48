from __future__ import annotations

import polars as pl
import pytest

from nextinterest.data.titles import normalise_titles, unescaped


@pytest.mark.parametrize(
    ("written", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Usual Suspects, The (1995)", "The Usual Suspects", 1995),
        ("Fish Called Wanda, A (1988)", "A Fish Called Wanda", 1988),
        ("Star Maker, The (Uomo delle stelle, L') (1995)", "The Star Maker (L'Uomo delle stelle)", 1995),
        ("Blue Angel, The (Blaue Engel, Der) (1930)", "The Blue Angel (Der Blaue Engel)", 1930),
        (
            "Shanghai Triad (Yao a yao yao dao waipo qiao) (1995)",
            "Shanghai Triad (Yao a yao yao dao waipo qiao)",
            1995,
        ),
        ("Die xue shuang xiong (Killer, The) (1989)", "Die xue shuang xiong (The Killer)", 1989),
        ("Paris, Texas (1984)", "Paris, Texas", 1984),
        ("I, Tonya (2017)", "I, Tonya", 2017),
        ("Play It Again, Sam (1972)", "Play It Again, Sam", 1972),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", 2009),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
        ("1984 (1956)", "1984", 1956),
        ("Death Note: Desu nôto (2006\u20132007)", "Death Note: Desu nôto", 2006),
        ("Assembly (Ji jie hao) (2007) ", "Assembly (Ji jie hao)", 2007),
        ("Babylon 5", "Babylon 5", None),
        ("Route (9999)", "Route (9999)", None),
        ("  Two   spaces ", "Two spaces", None),
        ("(1995)", None, 1995),
        ("", None, None),
        (None, None, None),
    ],
)
def test_titles(written: str | None, title: str | None, year: int | None) -> None:
    frame = pl.DataFrame({"title": [written], "year": [None]}, schema={"title": pl.String, "year": pl.String})
    assert normalise_titles(frame).rows() == [(title, year)]


def test_a_known_year_is_kept_and_the_written_one_leaves_the_title() -> None:
    frame = pl.DataFrame({"title": ["Heat (1995)", "Heat"], "year": ["1996", "not a year"]})
    assert normalise_titles(frame).rows() == [("Heat", 1996), ("Heat", None)]


def test_entities_are_replaced_once() -> None:
    titles = pl.Series(["Episode I &amp; II", "AT&amp;amp;T", "a &b", None])
    assert unescaped(titles).to_list() == ["Episode I & II", "AT&amp;T", "a &b", None]
