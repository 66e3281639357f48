"""Plans with an order, a comparison, values, spans of years, properties and conditions without a title."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.endpoint import Endpoint, serving
from support.films import FILMS
from support.planning import Plan, planned, talked

from nextinterest.data import EventLog
from nextinterest.domain import Event, Item, Request, Where
from nextinterest.messages import Message
from nextinterest.profiles import ProfileEvent, open_store

GOODS = tuple(
    Item(f"g{n}", title, (kind,), None, price=price, attributes={"colour": colour, "brand": brand})
    for n, (title, kind, price, colour, brand) in enumerate(
        (
            ("Ridge tent", "Tents", 329.0, "green", "Nordpeak"),
            ("Solo tent", "Tents", 189.0, "blue", "Fjellvik"),
            ("Dune tent", "Tents", 99.0, "yellow", "Nordpeak"),
            ("Fox bag", "Sleeping bags", 45.0, "blue", "Fjellvik"),
            ("Owl bag", "Sleeping bags", 139.0, "red", "Nordpeak"),
        )
    )
)
SERIES = (
    Item("l0", "The Lord of the Rings", ("Fantasy",), 1978),
    Item("l1", "The Lord of the Rings: The Fellowship of the Ring", ("Fantasy",), 2001),
    Item("l2", "The Lord of the Rings: The Two Towers", ("Fantasy",), 2002),
    Item("s4", "Star Wars: Episode IV - A New Hope", ("Sci-Fi",), 1977),
    Item("s5", "Star Wars: Episode V - The Empire Strikes Back", ("Sci-Fi",), 1980),
    Item("k", "Stanley Kubrick: A Life in Pictures", ("Documentary",), 2001),
    Item("x", "The Shining", ("Horror",), 1980),
)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


def listed(items: tuple[Item, ...], endpoint: Endpoint, plan: Plan, log: EventLog | None = None) -> list[str]:
    reply = talked(planned(items, endpoint, {"please": plan}, log), "please")
    assert reply.recommendations is not None
    return [item.title for item in reply.recommendations.items]


@pytest.mark.parametrize(
    ("order", "titles"),
    [
        ("cheapest", ["Dune tent", "Solo tent"]),
        ("dearest", ["Ridge tent", "Solo tent"]),
    ],
)
def test_prices_order_what_meets_the_conditions(order: str, titles: list[str], endpoint: Endpoint) -> None:
    plan = {"intent": "recommend", "categories": ["Tents"], "count": 2, "order": order}
    assert listed(GOODS, endpoint, plan) == titles
    reply = talked(planned(GOODS, endpoint, {"please": plan}), "please")
    assert reply.text.startswith(f"Here are 2 for you, {order} first, Tents:")


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("newest", {"Emma", "Fargo"}),
        ("oldest", {"Dracula"}),
        ("most_popular", {"Alien", "Casablanca", "Emma", "Ghost"}),
    ],
)
def test_years_and_popularity_order_too(
    order: str, first: set[str], endpoint: Endpoint, log: EventLog
) -> None:
    assert listed(FILMS, endpoint, {"intent": "recommend", "count": 1, "order": order}, log)[0] in first


def test_an_order_of_which_nothing_is_known_is_said(endpoint: Endpoint) -> None:
    plan = {"intent": "recommend", "count": 2, "order": "best_rated"}
    reply = talked(planned(FILMS, endpoint, {"the best": plan}), "the best")
    assert "I have no ratings of them, so they are not in that order." in reply.text
    assert "best rated first" not in reply.text


def test_a_program_may_ask_for_an_order(endpoint: Endpoint) -> None:
    agent = planned(GOODS, endpoint, {})
    done = agent.carry_out(Request(order="dearest", count=1, where=Where(categories=("Tents",))))
    assert done.recommendations is not None
    assert [item.title for item in done.recommendations.items] == ["Ridge tent"]


def test_a_choice_between_named_items_is_made_among_them_with_their_facts(endpoint: Endpoint) -> None:
    plans: dict[str, Plan] = {
        "heat or emma, pick one": {"intent": "recommend", "compared": ["heat", "Emma"]},
        "which is older": {"intent": "ask", "compared": ["Heat", "Emma"], "order": "oldest"},
    }
    agent = planned(FILMS, endpoint, plans)
    picked = talked(agent, "heat or emma, pick one", history=["f"])
    assert picked.recommendations is not None
    assert {item.title for item in picked.recommendations.items} == {"Heat", "Emma"}
    assert picked.text.startswith("Of these I would pick Heat (1995) first:\n1. Heat (1995): Crime\n2. Emma")
    older = talked(agent, "which is older", history=["h"])
    assert older.text.startswith("Oldest first:\n1. Heat (1995)")


def test_of_two_items_of_which_one_is_unknown_the_other_is_said(endpoint: Endpoint) -> None:
    agent = planned(
        FILMS, endpoint, {"which": {"intent": "recommend", "compared": ["Heat", "Zanzibar Nights"]}}
    )
    reply = talked(agent, "which")
    assert reply.unknown == ("Zanzibar Nights",)
    assert "Heat" in reply.text


@pytest.mark.parametrize(
    ("plan", "titles"),
    [
        ({"attributes": {"colour": ["blue", "red"]}}, {"Solo tent", "Fox bag", "Owl bag"}),
        ({"attributes": {"colour": "blue"}}, {"Solo tent", "Fox bag"}),
        ({"excluded_attributes": {"brand": ["Nordpeak"]}}, {"Solo tent", "Fox bag"}),
    ],
)
def test_one_of_several_values_is_enough(plan: Plan, titles: set[str], endpoint: Endpoint) -> None:
    assert set(listed(GOODS, endpoint, {"intent": "recommend", **plan})) == titles


def test_conditions_on_attributes_are_said_and_lines_show_them(endpoint: Endpoint) -> None:
    plan = {"intent": "recommend", "attributes": {"colour": ["blue", "red"]}, "categories": ["Tents"]}
    reply = talked(planned(GOODS, endpoint, {"please": plan}), "please")
    assert "Tents, colour blue or red:" in reply.text
    assert "1. Solo tent: Tents, 189, blue, Fjellvik" in reply.text


def test_years_that_are_not_wanted(endpoint: Endpoint) -> None:
    plan = {"intent": "recommend", "excluded_year_from": 1990, "excluded_year_to": 1999, "count": 9}
    assert set(listed(FILMS, endpoint, plan)) == {"Alien", "Blade Runner", "Casablanca", "Dracula", "Island"}
    reply = talked(planned(FILMS, endpoint, {"please": plan}), "please")
    assert "not from 1990 to 1999" in reply.text


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ("director", "I have no data on “director” of Solo tent."),
        ("price", "Solo tent: price 189."),
        ("colour", "Solo tent: colour blue."),
        ("category", "Solo tent: category Tents."),
    ],
)
def test_the_property_asked_about_is_said_or_said_not_to_be_known(
    about: str, text: str, endpoint: Endpoint
) -> None:
    plan = {"intent": "ask", "query": "Solo tent", "about": about}
    assert talked(planned(GOODS, endpoint, {"?": plan}), "?").text.startswith(text)


def test_conditions_without_a_title_are_counted_and_the_first_are_named(endpoint: Endpoint) -> None:
    plans: dict[str, Plan] = {
        "how many tents do you have": {"intent": "search", "categories": ["Tents"]},
        "your cheapest bags": {
            "intent": "search",
            "categories": ["Sleeping bags"],
            "order": "cheapest",
            "count": 1,
        },
        "any tents under 50": {"intent": "search", "categories": ["Tents"], "price_to": 50},
    }
    agent = planned(GOODS, endpoint, plans)
    many = talked(agent, "how many tents do you have")
    assert many.matches == 3
    assert many.text.startswith("3 items are Tents: ")
    assert {one.title for one in many.found} == {"Ridge tent", "Solo tent", "Dune tent"}
    assert talked(agent, "your cheapest bags").text == "2 items are Sleeping bags: Fox bag, and 1 more."
    assert talked(agent, "any tents under 50").text == "No item is Tents for 50 or less."


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("The Lord of the Rings", ["l0", "l1", "l2"]),
        ("lotr", ["l0", "l1", "l2"]),
        ("star wars", ["s4", "s5"]),
        ("The Shining", ["x"]),
    ],
)
def test_all_parts_of_a_series_are_found(query: str, ids: list[str], endpoint: Endpoint) -> None:
    reply = talked(planned(SERIES, endpoint, {"?": {"intent": "search", "query": query}}), "?")
    assert [one.item_id for one in reply.found] == ids
    assert reply.text.startswith(
        f"{len(ids)} items are in the catalogue: "
        if len(ids) > 1
        else "The Shining (1980) is in the catalogue"
    )


def test_items_that_the_model_knows_to_fit_are_found_too(endpoint: Endpoint) -> None:
    plan = {"intent": "search", "query": "anything by Kubrick", "suggested": ["The Shining", "Barry Lyndon"]}
    reply = talked(planned(SERIES, endpoint, {"?": plan}), "?")
    assert "x" in {one.item_id for one in reply.found}


HISTORY = [
    Event("h", datetime(2001, 5, 3, tzinfo=UTC), 5.0),
    Event("e", datetime(2001, 6, 4, tzinfo=UTC), 1.0),
    Event("f", datetime(2002, 7, 5, tzinfo=UTC), 4.0),
]


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (
            {"past": ["all"]},
            "Your 3 events: Fargo (1996), rated 4, on 5 July 2002; Emma (1996), rated 1, on 4 June 2001; "
            "Heat (1995), rated 5, on 3 May 2001.",
        ),
        ({"past": ["all"], "count": 1}, "Your 3 events, the newest: Fargo (1996), rated 4, on 5 July 2002."),
        ({"past": ["disliked"]}, "1 of your 3 events (disliked): Emma (1996), rated 1, on 4 June 2001."),
        ({"categories": ["Romance"]}, "1 of your 3 events (Romance): Emma (1996), rated 1, on 4 June 2001."),
        ({"past": ["bought"]}, "None of your 3 events are that: bought."),
    ],
)
def test_what_was_watched_rated_and_how_many(plan: Plan, text: str, endpoint: Endpoint) -> None:
    agent = planned(FILMS, endpoint, {"?": {"intent": "profile", **plan}})
    assert agent.chat([Message(role="user", content="?")], history=HISTORY).text == text


def test_a_portrait_begins_with_the_newest_events(endpoint: Endpoint) -> None:
    agent = planned(FILMS, endpoint, {"what do you know about me": {"intent": "profile"}})
    reply = agent.chat([Message(role="user", content="what do you know about me")], history=HISTORY)
    assert reply.text.startswith("Your 3 events: Fargo (1996), rated 4")
    assert reply.portrait is not None
    empty = agent.chat([Message(role="user", content="what do you know about me")], history=[])
    assert empty.text == "I know of nothing that you did or said yet."


def test_what_was_said_counts_dislikes_and_says_whether_it_is_kept(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    plans: dict[str, Plan] = {
        "loved heat, hated emma": {"intent": "feedback", "liked": ["Heat"], "disliked": ["Emma"]},
        "how many films have i mentioned?": {"intent": "profile", "past": ["all"]},
    }
    agent = planned(FILMS, endpoint, plans)
    said = "loved heat, hated emma", "how many films have i mentioned?"
    first = agent.chat([Message(role="user", content=said[0])], session="s")
    assert first.confirmation is not None
    reply = agent.chat([Message(role="user", content=said[1])], session="s")
    assert reply.text == (
        "Your 2 events: Emma (1996), disliked, said in this conversation; "
        "Heat (1995), liked, said in this conversation."
    )
    store = open_store(str(tmp_path / "profiles.db"))
    live = agent.with_store(store, clock=lambda: datetime(2026, 5, 1, tzinfo=UTC))
    live.add_events("eve", [ProfileEvent(item_id="h", kind="buy", time=datetime(2026, 4, 1, tzinfo=UTC))])
    bought = live.chat([Message(role="user", content=said[1])], "eve")
    assert bought.text == "Your 1 event: Heat (1995), bought, on 1 April 2026."
    store.close()
