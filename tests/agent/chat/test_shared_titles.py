"""A title that several items have is not asked back where plan or conversation says which is meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.endpoint import Endpoint, serving
from support.planning import Plan, planned, talked

from nextinterest.domain import Item

FILMS = (
    Item("d78", "Dawn of the Dead", ("Horror",), 1978),
    Item("d04", "Dawn of the Dead", ("Horror",), 2004),
    Item("p60", "Psycho", ("Crime", "Horror"), 1960),
    Item("p98", "Psycho", ("Crime", "Horror"), 1998),
    Item("i90", "It", ("Horror",), 1990),
    Item("i17", "It", ("Horror",), 2017),
    Item("b", "Big", ("Comedy",), 1988),
    Item("f", "Fargo", ("Crime",), 1996),
)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.mark.parametrize(
    ("plan", "meant"),
    [
        ({"intent": "ask", "query": "Dawn of the Dead", "year_from": 1978, "year_to": 1978}, "d78"),
        ({"intent": "search", "query": "Psycho", "year_from": 1990}, "p98"),
        ({"intent": "explain", "query": "It", "year_to": 1999}, "i90"),
        ({"intent": "feedback", "liked": ["Psycho"], "year_from": 1960, "year_to": 1960}, "p60"),
        ({"intent": "ask", "query": "Dawn of the Dead (2004)"}, "d04"),
    ],
)
def test_a_year_of_the_plan_says_which(plan: Plan, meant: str, endpoint: Endpoint) -> None:
    reply = talked(planned(FILMS, endpoint, {"that one": plan}), "that one")
    assert reply.question is None
    noted = () if reply.confirmation is None else reply.confirmation.liked
    why = () if reply.explanation is None else (reply.explanation.item,)
    assert [item.item_id for item in (*reply.found, *noted, *why)] == [meant]


@pytest.mark.parametrize(
    "second",
    [
        {"intent": "ask", "query": "Dawn of the Dead"},
        {"intent": "feedback", "seen": ["Dawn of the Dead"]},
        {"intent": "similar", "similar_to": ["Dawn of the Dead"], "count": 1},
        {"intent": "recommend", "excluded_items": ["Dawn of the Dead"], "count": 1},
    ],
)
def test_an_item_of_the_list_just_shown_is_meant(second: Plan, endpoint: Endpoint) -> None:
    first = {"intent": "recommend", "categories": ["Horror"], "year_from": 1970, "year_to": 1989}
    agent = planned(FILMS, endpoint, {"old horror": first, "the first one": second})
    reply = talked(agent, "old horror", "the first one")
    assert reply.question is None
    ids = {one.item_id for one in (*reply.found, *(reply.confirmation.seen if reply.confirmation else ()))}
    assert ids <= {"d78"}
    assert reply.request.similar_to in {(), ("Dawn of the Dead (1978)",)}
    assert reply.request.where.excluded_items in {(), ("d78",)}


def test_it_is_asked_back_where_nothing_says_which(endpoint: Endpoint) -> None:
    plans: dict[str, Plan] = {
        "horror": {"intent": "recommend", "categories": ["Horror"], "count": 10},
        "tell me about psycho": {"intent": "ask", "query": "Psycho"},
        "like it, from the nineties": {"intent": "similar", "similar_to": ["It"], "year_from": 1990},
    }
    agent = planned(FILMS, endpoint, plans)
    for said in (("horror", "tell me about psycho"), ("like it, from the nineties",)):
        reply = talked(agent, *said)
        assert reply.question is not None
        assert reply.question.kind == "which_item"
