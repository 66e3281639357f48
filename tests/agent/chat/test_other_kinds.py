"""A request for another kind of thing leaves behind what was asked of the one before."""

from __future__ import annotations

import pytest
from support.domain_turns import clerk
from support.films import WordEncoder

from nextinterest.agent import RecommenderAgent
from nextinterest.domain import Request
from nextinterest.messages import Message


def last(agent: RecommenderAgent, *said: str) -> Request:
    for one in said:
        reply = agent.chat([Message(role="user", content=one)], session="s")
    return reply.request


@pytest.fixture
def shop() -> RecommenderAgent:
    return clerk("shop", WordEncoder())


def test_what_only_the_kind_before_has_is_dropped(shop: RecommenderAgent) -> None:
    said = ("a pan for induction under 30 euros", "and over-ear headphones with noise cancelling?")
    where = last(shop, *said).where
    assert where.categories == ("Electronics > Headphones",)
    assert dict(where.attributes) == {"type": "over-ear", "noise_cancelling": True}
    assert where.price_to is None


def test_the_same_kind_keeps_its_conditions(shop: RecommenderAgent) -> None:
    where = last(shop, "a pan for induction under 30 euros", "a pan from Brightcook").where
    assert dict(where.attributes) == {"induction": True, "brand": "Brightcook"}
    assert where.price_to == 30


def test_a_maker_of_both_stays() -> None:
    shop = clerk("shop", WordEncoder())
    where = last(shop, "a blender from Tarn", "now a kettle please").where
    assert dict(where.attributes) == {"brand": "Tarn"}


@pytest.mark.parametrize(
    ("words", "least", "most"),
    [
        ("nothing over 30 euros", None, 30),
        ("not above 30 euros please", None, 30),
        ("I don't want to spend more than 30 euros", None, 30),
        ("nothing under 30 euros", 30, None),
        ("over 30 euros", 30, None),
    ],
)
def test_a_limit_is_denied_the_other_way(
    shop: RecommenderAgent, words: str, least: float | None, most: float | None
) -> None:
    where = last(shop, "a pan please", words).where
    assert (where.price_from, where.price_to) == (least, most)


def test_films_of_another_category_keep_their_years(agent: RecommenderAgent) -> None:
    where = last(agent, "horror films from the seventies", "science fiction instead").where
    assert (where.categories, where.year_from) == (("Sci-Fi",), 1970)
