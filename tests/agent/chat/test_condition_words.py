"""Conditions on attributes and times stand in the reply, and the nearest request may drop one."""

from __future__ import annotations

from support.films import WordEncoder

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.domain import Catalog, Item
from nextinterest.retrieval import Retriever

SHOES = [
    Item("p", "Pegasus", ("Shoes",), price=90.0, attributes={"brand": "Nike", "colour": "red"}),
    Item("g", "Gazelle", ("Shoes",), price=70.0, attributes={"brand": "Adidas", "colour": "blue"}),
    Item("l", "Lamp", ("Lamps",), price=20.0, attributes={"brand": "Lumeo", "colour": "red"}),
]


def clerk() -> RecommenderAgent:
    return RecommenderAgent(Engine(Retriever.build(Catalog.from_items(SHOES), None, WordEncoder()), None))


def said(message: str) -> str:
    return clerk().chat([{"role": "user", "content": message}], history=[]).text


def test_a_list_names_the_conditions_on_attributes() -> None:
    assert "brand Nike" in said("shoes from Nike please").splitlines()[0]
    assert "not colour red" in said("shoes please, nothing in red").splitlines()[0]


def test_the_nearest_request_drops_an_attribute() -> None:
    text = said("blue shoes from Nike please")
    assert text.startswith("Nothing that is new to you fits: Shoes, colour blue, brand Nike.")
    assert "The nearest I can do: Shoes, brand Nike" in text or "The nearest I can do: Shoes, colour" in text


def test_a_profile_names_the_newest_events() -> None:
    messages = [{"role": "user", "content": "what did i buy last?"}]
    assert "Your 2 events: Lamp; Pegasus." in clerk().chat(messages, history=["p", "l"]).text
