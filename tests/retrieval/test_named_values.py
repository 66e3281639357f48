"""Values of attributes in the words of a request: which are found, and what they do to a list."""

from __future__ import annotations

import numpy as np
import pytest

from nextinterest import Item
from nextinterest.agent.engine import Engine
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, History
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.named_values import OFTEN, SURE, NamedValues

NAMES = tuple(f"Person {chr(65 + n // 26)}{chr(97 + n % 26)}" for n in range(90))  # an open list of names
BOOKS = (
    Item("1", "Harbour", attributes={"author": ("Zoë Quillon", "Bo Mars"), "cover": "red", "pages": 90}),
    Item("2", "Orchard", attributes={"author": "Zoë Quillon", "cover": "sea blue", "signed": True}),
    Item("3", "Quarry", attributes={"author": "Common", "cover": "blue"}),
    Item("4", "Meadow", attributes={"author": "Levi's", "cover": "42"}),
    Item("5", "Canal", attributes={"author": "Quillon"}),
    *(Item(str(100 + n), f"Title {n}", attributes={"author": name}) for n, name in enumerate(NAMES)),
)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.from_items(BOOKS)


@pytest.fixture(scope="module")
def values(catalog: Catalog) -> NamedValues:
    return NamedValues(catalog)


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ("anything by Zoë Quillon?", {"Zoë Quillon": ["1", "2"]}),
        ("ANYTHING BY ZOE QUILLON", {"Zoë Quillon": ["1", "2"]}),
        ("Zoe Quillon's newest, or Bo Mars' first", {"Zoë Quillon": ["1", "2"], "Bo Mars": ["1"]}),
        ("is quillon any good", {"Quillon": ["5"]}),  # the longest of overlapping ones, else the short one
        ("something sea blue, no: blue", {"sea blue": ["2"], "blue": ["3"]}),
        ("a red one and another red one", {"red": ["1"]}),  # a common word of an attribute of few values
        ("what have they in common", {}),  # and of one of many
        ("I wear levis", {"Levi's": ["4"]}),
        ("42 pages, 90 or 1", {}),
        ("true", {}),
        ("zoe", {}),
        ("", {}),
    ],
)
def test_values_are_found_by_their_words(
    values: NamedValues, catalog: Catalog, request_: str, found: dict[str, list[str]]
) -> None:
    read, _ = values.read(request_)
    assert {one.value: [catalog.ids[item] for item in one.items] for one in read} == found
    assert all((one.nats > 0).all() for one in read)


@pytest.mark.parametrize(
    ("request_", "ruled_out"),
    [
        ("no Bo Mars please", True),
        ("something without Bo Mars", True),
        ("a book, but not another one by Bo Mars", True),
        ("I don\u2019t really like Bo Mars", True),
        ("anything but Bo Mars", True),
        ("I am not a fan of Bo Mars", True),
        ("no crime, something by Bo Mars", False),
        ("Not crime but Bo Mars", False),
        ("I don't know much by Bo Mars", False),
        ("do you not know Bo Mars?", False),
        ("is there no more by anybody? Bo Mars", False),
    ],
)
def test_a_word_that_rules_out_counts_in_its_clause(
    values: NamedValues, request_: str, *, ruled_out: bool
) -> None:
    (found,), _ = values.read(request_)
    assert bool((found.nats < 0).all()) is ruled_out


def test_what_is_left_is_the_request_without_the_values(values: NamedValues) -> None:
    assert values.read("funny, by Bo Mars or zoe  quillon's")[1].split() == ["funny,", "by", "or"]
    assert values.read("no such name")[1] == "no such name"


def test_an_item_rises_by_the_odds_of_the_value(values: NamedValues) -> None:
    (found,), _ = values.read("Zoë Quillon")
    share = 2.5 / (len(BOOKS) + 1)
    assert found.nats == pytest.approx(np.log(SURE / (1 - SURE)) - np.log(share / (1 - share)))


def test_an_item_rises_more_that_has_the_value_under_several_attributes() -> None:
    names = ("author", "reader")
    items = [
        Item(str(n), f"T{n}", attributes=dict.fromkeys(names[:n], ("Bo Mars", "Bo Mars"))) for n in range(3)
    ]
    (found,), _ = NamedValues(Catalog.from_items(items)).read("Bo Mars")
    assert found.items.tolist() == [1, 2]
    assert found.nats[1] - found.nats[0] == pytest.approx(OFTEN * np.log(2))


def test_a_value_that_most_items_have_moves_nothing() -> None:
    catalog = Catalog.from_items([Item(str(n), f"T{n}", attributes={"maker": "Acme Ltd"}) for n in range(50)])
    (found,), _ = NamedValues(catalog).read("by Acme Ltd")
    assert not found.nats.any()


def test_a_list_begins_with_what_has_the_value_and_says_so(catalog: Catalog, encoder: Encoder) -> None:
    items = np.array([90, 90, 91, 0, 2, 3], dtype=np.int32)
    log = EventLog.from_arrays(("u", "v"), np.array([0, 1, 0, 1, 0, 1], dtype=np.int32), items)
    engine = Engine(Retriever.build(catalog, log, encoder))
    for past in ((), (90,)):
        history = History(np.array(past, dtype=np.int32))
        (named,) = engine.rank([history], 5, request="could you find a book by zoe quillon?")
        assert {catalog.ids[item] for item in named.items[:2]} == {"1", "2"}
        assert named.match == "clear"
        assert named.ranks["named: Zoë Quillon"][:2].tolist() in ([1, 2], [2, 1])
        (ruled_out,) = engine.rank([history], len(catalog), request="no Zoë Quillon")
        assert {catalog.ids[item] for item in ruled_out.items[-2:]} == {"1", "2"}
        (unknown,) = engine.rank([history], 5, request="by Ann Other")
        assert not [name for name in unknown.ranks if name.startswith("named")]
