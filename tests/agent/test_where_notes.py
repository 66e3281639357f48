"""Notes on what constraints name and no item has."""

from __future__ import annotations

import time

import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.where_notes import where_notes
from nextinterest.domain import Catalog, Conditions, Item, Where
from nextinterest.llm import ScriptedLanguageModel

SHOP = Conditions(
    Catalog.from_items(
        [
            Item("1", "Trail Runner", ("Shoes", "Outdoor"), price=90.0, attributes={"brand": "Kuchl"}),
            Item("2", "Rain Coat", ("Coats",), attributes={"brand": "Other", "colour": ("red", "blue")}),
        ]
    )
)


@pytest.mark.parametrize(
    ("where", "notes"),
    [
        (Where(), ()),
        (Where(categories=("shoes",), attributes={"brand": "KUCHL", "colour": ("red",)}, price_to=9), ()),
        (Where(categories=("shoos",)), ("No item has the category 'shoos'; the nearest is 'Shoes'.",)),
        (Where(excluded_categories=("Music",)), ("No item has the category 'Music'.",)),
        (Where(attributes={"brands": 1}), ("No item has the attribute 'brands'; the nearest is 'brand'.",)),
        (
            Where(attributes={"colour": ("red", "blu")}),
            ("No item has 'blu' as its 'colour'; the nearest is 'blue'.",),
        ),
        (Where(year_from=1990), ("No item has a year.",)),
        (
            Where(only_items=("1", "x", "y")),
            ("2 ids to choose from: not in the catalogue, such as 'x'.",),
        ),
        (
            Where(excluded_items=("1", "not-an-id")),
            ("1 id to leave out: not in the catalogue, such as 'not-an-id'.",),
        ),
    ],
)
def test_notes(where: Where, notes: tuple[str, ...]) -> None:
    assert where_notes(where, SHOP) == notes


def test_they_are_quick_whatever_is_asked_of_however_many_values() -> None:
    brands = [f"Brand {i * 7919 % 50_000}" for i in range(50_000)]
    shop = Conditions(
        Catalog.from_items(Item(str(i), "Thing", attributes={"brand": b}) for i, b in enumerate(brands))
    )
    asked = Where(attributes={"brand": tuple(f"Brond x{i}" * 20 for i in range(100))})
    start = time.thread_time()
    assert len(where_notes(asked, shop)) == 9
    assert time.thread_time() - start < 2.0


def test_there_are_few_and_short_ones() -> None:
    names = tuple("\x1b[31m" + "x" * 290 + str(i) for i in range(10, 30))
    notes = where_notes(Where(categories=names), SHOP)
    assert len(notes) == 9
    assert notes[-1] == "Further names are unknown."
    assert max(len(note) for note in notes) < 150
    assert not any("\x1b" in note for note in notes)


@pytest.mark.parametrize("query", [None, "slow and dark"])
def test_a_constraint_that_nothing_meets_asks_no_language_model(
    agent: RecommenderAgent, model: ScriptedLanguageModel, query: str | None
) -> None:
    model.calls.clear()
    events = list(agent.catalog.ids[:2])
    result = agent.recommend(events, 3, where=Where(categories=("Nothing",)), query=query)
    assert result.items == ()
    assert "No item meets the constraints." in result.notes
    assert not any("random words" in note for note in result.notes)
    assert model.calls == []
    agent.recommend_many([events, events], 3, where=Where(year_from=2900))
    assert model.calls == []
    assert agent.recommend(events, 3, query=query).items
    assert model.calls
