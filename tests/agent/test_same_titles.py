"""A title that several items have: one is taken, and the notes say which others there are."""

from __future__ import annotations

import numpy as np
import pytest
from support.films import WordEncoder

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, Item
from nextinterest.retrieval import Retriever

FERRIES = "is the title of 2 items: f1 (1984), f4 (2021); f1 was taken. Say the year or the id."


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.from_items(
        [
            Item("f1", "Night Ferry", ("Crime", "Drama"), 1984),
            Item("f2", "The Copper Kettle", ("Comedy",), 1991),
            Item("f3", "Salt and Stars", ("Sci-Fi",), 1997),
            Item("f4", "Night Ferry", ("Comedy",), 2021),
            Item("f5", "Paper Lanterns", ("Drama", "Romance"), 1993),
            Item("f6", "The Long Orchard", ("Comedy",), 1998),
            Item("f7", "Echo", (), None),
            Item("f8", "Echo", (), None),
        ]
    )


@pytest.fixture
def agent(catalog: Catalog) -> RecommenderAgent:
    items = np.array([0, 1, 2, 1, 3, 4, 0, 3, 5], dtype=np.int32)
    users = np.repeat(np.arange(3, dtype=np.int32), 3)
    log = EventLog.from_arrays(("u1", "u2", "u3"), users, items, np.arange(9, dtype=np.int64) * 3600)
    return RecommenderAgent(Engine(Retriever.build(catalog, log, WordEncoder())), log)


@pytest.mark.parametrize("title", ["Night Ferry", "night ferry", "NIGHT FERRY (1999)", "The Night Ferry"])
def test_a_note_names_the_items_and_the_one_taken(agent: RecommenderAgent, title: str) -> None:
    expected = f"{title!r} {FERRIES}"
    history = [title, "Salt and Stars"]
    result = agent.recommend(history, k=6)
    assert expected in result.notes
    assert "f1" not in {item.item_id for item in result.items}
    assert expected in agent.interests(history).notes
    assert expected in agent.forecast(history).notes


def test_a_year_or_an_id_takes_the_item_without_a_note(agent: RecommenderAgent) -> None:
    for said in ("Night Ferry (2021)", "night ferry 2021", "f4"):
        result = agent.recommend([said], k=8)
        assert not any("is the title of" in note for note in result.notes)
        assert "f4" not in {item.item_id for item in result.items}


def test_items_that_no_year_tells_apart_ask_for_the_id_once(agent: RecommenderAgent) -> None:
    notes = agent.recommend(["Echo", "Echo", "Salt and Stars"]).notes
    found = [note for note in notes if "is the title of" in note]
    assert found == ["'Echo' is the title of 2 items: f7, f8; f7 was taken. Say the id."]
