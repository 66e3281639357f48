"""What is in stock is said where it is known: in lists, answers, the checked words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from support.endpoint import Endpoint, serving
from support.planning import planned, talked

from nextinterest.agent.chat import ChatReply
from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.wording import parts_of
from nextinterest.domain import Availability, Item

_PAST = datetime(2020, 1, 1, tzinfo=UTC)
GOODS = [
    Item("a", "Stormline Jacket", ("Jackets",), price=129.0, available=Availability(stock=5)),
    Item("b", "Monsoon Parka", ("Jackets",), available=Availability(stock=0)),
    Item("c", "Drizzle Shell", ("Jackets",), available=Availability(until=_PAST)),
    Item("d", "Plain Vest", ("Jackets",), 2001),
]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


def _said(endpoint: Endpoint, **plan: object) -> ChatReply:
    return talked(planned(GOODS, endpoint, {"...": plan}), "...")


@pytest.mark.parametrize(
    ("title", "about", "text"),
    [
        ("Stormline Jacket", None, "Stormline Jacket: Jackets; price 129; in stock: 5."),
        ("Stormline Jacket", "stock", "Stormline Jacket: in stock: 5."),
        ("Monsoon Parka", None, "Monsoon Parka: Jackets; sold out."),
        ("Monsoon Parka", "in stock", "Monsoon Parka: sold out."),
        ("Drizzle Shell", "availability", "Drizzle Shell: not available now."),
        ("Plain Vest", "stock", "I have no data on “stock” of Plain Vest (2001)."),
    ],
)
def test_a_question_about_stock_is_answered(
    endpoint: Endpoint, title: str, about: str | None, text: str
) -> None:
    assert _said(endpoint, intent="ask", query=title, about=about).text.startswith(text)


def test_a_list_marks_what_cannot_be_had(endpoint: Endpoint) -> None:
    lines = {
        line.partition(". ")[2] for line in _said(endpoint, intent="recommend", count=4).text.splitlines()
    }
    assert {"Monsoon Parka: Jackets, sold out", "Drizzle Shell: Jackets, not available now"} <= lines
    assert {"Stormline Jacket: Jackets, 129", "Plain Vest (2001): Jackets"} <= lines


@pytest.mark.parametrize(
    ("sentence", "holds"),
    [
        ("Stormline Jacket is in stock.", True),
        ("There are 5 left of Stormline Jacket.", True),
        ("Stormline Jacket is not in stock.", False),
        ("Stormline Jacket is sold out.", False),
        ("There are 7 left of Stormline Jacket.", False),
        ("Monsoon Parka is sold out.", True),
        ("Monsoon Parka is in stock.", False),
        ("Drizzle Shell is in stock.", False),
        ("Plain Vest is in stock.", False),
        ("Plain Vest is sold out.", False),
    ],
)
def test_sentences_about_stock_are_checked(endpoint: Endpoint, sentence: str, holds: bool) -> None:
    outcome = _said(endpoint, intent="recommend", count=4)
    fault = Facts.of(outcome, parts_of(outcome).free).fault(sentence)
    assert (fault is None) == holds, fault
