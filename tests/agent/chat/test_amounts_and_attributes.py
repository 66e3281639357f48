"""Amounts, times and attributes that a message asks for: from the catalogue's own names, values and units."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nextinterest.agent.chat import ChatContext, CompositionalReader, Understood
from nextinterest.domain import AttributeValue, Catalog, Item, Span, Where
from nextinterest.messages import Message

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
Row = tuple[str, float, dict[str, AttributeValue]]
_SHOES: list[Row] = [
    ("Pegasus", 90.0, {"brand": "Nike", "colour": "red", "size": 42, "waterproof": True}),
    ("Gazelle", 70.0, {"brand": "Adidas", "colour": "blue", "size": 43, "waterproof": False}),
    ("Speedcat", 50.0, {"brand": "Puma", "colour": ("red", "black"), "weight_g": 240}),
]
_SONGS: list[Row] = [
    ("Hello", 2015, {"artist": "Adele", "minutes": 5, "bpm": 79, "vocals": "female"}),
    ("Run", 2026, {"artist": "Kawa", "minutes": 3, "bpm": 165, "vocals": "none"}),
]
SHOES = ChatContext(
    Catalog.from_items(
        Item(title, title, ("Shoes",), price=price, attributes=own) for title, price, own in _SHOES
    )
)
SONGS = ChatContext(
    Catalog.from_items(Item(title, title, ("Pop",), int(year), attributes=own) for title, year, own in _SONGS)
)
NEWS = ChatContext(
    Catalog.from_items(
        Item(str(n), title, ("Local",), published=datetime(2026, 11, day, 8), attributes={"author": who})
        for n, (title, day, who) in enumerate(
            [("Bridge closed", 28, "Ann Lee"), ("Pool opens", 23, "Bo Ek"), ("Tram late", 2, "Bo Ek")]
        )
    )
)
FILMS = ChatContext(Catalog.from_items([Item("a", "Alien", ("Horror",), 1979)]))


def read(context: ChatContext, message: str) -> Understood:
    said = [Message(role="user", content=message)]
    return CompositionalReader(clock=lambda: NOON).read(said, context)


@pytest.mark.parametrize(
    ("message", "wanted", "unwanted"),
    [
        ("any in blue?", {"colour": "blue"}, {}),
        ("red shoes please", {"colour": "red"}, {}),
        ("something from Nike", {"brand": "Nike"}, {}),
        ("shoes by puma or adidas", {"brand": ("Puma", "Adidas")}, {}),
        ("show me something, nothing black", {}, {"colour": "black"}),
        ("shoes, but not from Adidas", {}, {"brand": "Adidas"}),
        ("running shoes in size 42", {"size": 42}, {}),
        ("waterproof shoes", {"waterproof": True}, {}),
        ("nothing waterproof, please, just shoes", {}, {"waterproof": True}),
        ("shoes under 250 g", {"weight_g": Span(most=250)}, {}),
        ("shoes lighter than 0.3 kg", {"weight_g": Span(most=300)}, {}),
    ],
)
def test_attributes_of_a_shop(message: str, wanted: dict[str, object], unwanted: dict[str, object]) -> None:
    where = read(SHOES, message).request.where
    assert (where.attributes, where.excluded_attributes) == (wanted, unwanted)


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("something by Adele", {"artist": "Adele"}),
        ("new stuff from kawa?", {"artist": "Kawa"}),
        ("songs without vocals", {"vocals": "none"}),
        ("no vocals please, something to study", {"vocals": "none"}),
        ("songs with female vocals", {"vocals": "female"}),
        ("a song of 160bpm or faster", {"bpm": Span(least=160)}),
        ("80 bpm", {"bpm": Span(least=80 * 0.85, most=80 * 1.15)}),
        ("songs shorter than 4 minutes", {"minutes": Span(most=4)}),
    ],
)
def test_attributes_of_music(message: str, wanted: dict[str, object]) -> None:
    request = read(SONGS, message).request
    assert (request.intent, request.where.attributes, request.count) == ("recommend", wanted, None)


@pytest.mark.parametrize(
    ("message", "least", "most"),
    [
        ("shoes under 60", None, 60.0),
        ("max 60", None, 60.0),
        ("shoes for less than 60 euros", None, 60.0),
        ("shoes between 60 and 80 euros", 60.0, 80.0),
        ("shoes for 49.90 at most", None, 49.9),
        ("shoes under $59.90", None, 59.9),
        ("shoes around 70", 56.0, 84.0),
        ("3 shoes", None, None),
        ("shoes under 2 kg", None, None),
    ],
)
def test_a_number_is_a_price_where_words_relate_to_it(
    message: str, least: float | None, most: float | None
) -> None:
    where = read(SHOES, message).request.where
    assert (where.price_from, where.price_to) == (least, most)


@pytest.mark.parametrize(
    ("message", "day"),
    [
        ("news from today", 28),
        ("whats new today", 28),
        ("anything from this week", 23),
        ("articles from the last 3 days", 25),
        ("articles, nothing older than a week", 21),
        ("articles since monday", 23),
    ],
)
def test_recent_times_where_items_have_dates(message: str, day: int) -> None:
    since = read(NEWS, message).request.where.published_from
    assert since is not None
    assert since.day == day


@pytest.mark.parametrize("message", ["I read Bridge closed yesterday", "we did the market last week already"])
def test_when_the_writer_did_something_is_no_condition(message: str) -> None:
    assert read(NEWS, message).request.where == Where()


def test_years_are_those_of_publication_where_items_have_no_other() -> None:
    where = read(NEWS, "articles from 2025").request.where
    assert where.published_from is not None
    assert (where.year_from, where.published_from.year) == (None, 2025)


@pytest.mark.parametrize(
    ("message", "lacking"),
    [
        ("a horror film under 2 hours", "running times"),
        ("something for my 8 year old", "ages"),
        ("for like 5 and 10 year olds", "ages"),
        ("horror under 20 euros", "prices"),
        ("films at 80 bpm", "tempos"),
    ],
)
def test_what_no_field_holds_is_said(message: str, lacking: str) -> None:
    understood = read(FILMS, message)
    assert [what for what, _ in understood.unheld] == [lacking]
    assert (understood.request.count, understood.request.query) == (None, None)


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("science or tech please", ("Science", "Technology")),
        ("sport, but no football", ("Sport > Football", "Sport > Tennis")),
        ("no politics", ()),
    ],
)
def test_names_of_categories_begun_and_above_others(message: str, names: tuple[str, ...]) -> None:
    own = ("Politics", "Science", "Sport > Football", "Sport > Tennis", "Technology")
    context = ChatContext(Catalog.from_items(Item(name, f"About {n}", (name,)) for n, name in enumerate(own)))
    where = read(context, message).request.where
    assert set(where.categories) <= set(names)
    assert where.match == "any" or len(where.categories) < 2


def test_a_month_is_the_last_of_its_name() -> None:
    where = read(NEWS, "articles from october").request.where
    assert (where.published_from, where.published_to) == (
        datetime(2026, 10, 1, tzinfo=UTC),
        datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC),
    )
