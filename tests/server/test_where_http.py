"""Constraints and free text at the doors of the server: what they do, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from nextinterest.agent import RecommenderAgent

Serve = Callable[..., TestClient]


def ask(client: TestClient, **body: object) -> dict[str, object]:
    answer = client.post("/v1/recommend", json={"history": [], "k": 9, **body})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def test_constraints_and_words_reach_the_ranking(serve: Serve, agent: RecommenderAgent) -> None:
    client = serve()
    horror = ask(client, where={"categories": ["horror"], "year_to": 1960})["items"]
    assert isinstance(horror, list)
    assert {item["title"] for item in horror} == {"Dracula"}
    words = ask(client, query="  a romance in wartime ")["items"]
    same = agent.recommend([], 9, query="a romance in wartime").items
    assert isinstance(words, list)
    assert [item["item_id"] for item in words] == [item.item_id for item in same]


def test_what_no_item_has_is_named_with_what_is_nearest(serve: Serve) -> None:
    found = ask(serve(), where={"categories": ["Romanze"], "price_to": 9, "attributes": {"brand": "x"}})
    assert found["items"] == []
    assert found["notes"][:3] == [  # type: ignore[index]
        "No item has the category 'Romanze'; the nearest is 'Romance'.",
        "No item has the attribute 'brand'.",
        "No item has a price.",
    ]


HOSTILE: list[tuple[dict[str, object], str]] = [
    ({"where": []}, "where"),
    ({"where": {"categories": 5}}, "where.categories"),
    ({"where": {"categories": ["x"] * 21}}, "where.categories"),
    ({"where": {"categories": ["x" * 301]}}, "where.categories.0"),
    ({"where": {"categories": [""]}}, "where.categories.0"),
    ({"where": {"year_from": "1990"}}, "where.year_from"),
    ({"where": {"year_from": True}}, "where.year_from"),
    ({"where": {"year_from": 90}}, "where.year_from"),
    ({"where": {"year_from": 1990, "year_to": 1980}}, "where"),
    ({"where": {"price_from": "cheap"}}, "where.price_from"),
    ({"where": {"published_from": "soon"}}, "where.published_from"),
    ({"where": {"published_from": 5}}, "where.published_from"),
    ({"where": {"available": 1}}, "where.available"),
    ({"where": {"genre": "Crime"}}, "where.genre"),
    ({"where": {"attributes": {f"a{i}": 1 for i in range(21)}}}, "where.attributes"),
    ({"where": {"attributes": {"a": ["x"] * 101}}}, "where.attributes.a"),
    ({"where": {"attributes": {"a": {"least": "x"}}}}, "where.attributes.a.least"),
    ({"where": {"attributes": {"a": [["x"]]}}}, "where.attributes.a.0"),
    ({"where": {"only_items": ["a"] * 100_001}}, "where.only_items"),
    ({"query": ""}, "query"),
    ({"query": " \n\t"}, "query"),
    ({"query": "x" * 301}, "query"),
    ({"query": ["x"]}, "query"),
]


@pytest.mark.parametrize(("asked", "param"), HOSTILE)
def test_what_is_wrong_is_said_with_its_path(serve: Serve, asked: dict[str, object], param: str) -> None:
    answer = serve().post("/v1/recommend", json={"history": [], **asked})
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["message"].startswith(f"{param}: ")
    assert len(error["message"]) < 400
    assert "Error" not in error["message"]


def test_what_can_be_asked_for_is_said(serve: Serve) -> None:
    client = serve()
    goods = [{"id": "x", "title": "Untitled"}]
    assert client.put("/v1/items", json={"items": goods}).status_code == 200
    facts = client.get("/v1/catalogue").json()
    assert facts == {
        "items": 10,
        "categories": [
            {"name": "Crime", "items": 2},
            {"name": "Horror", "items": 2},
            {"name": "Romance", "items": 3},
            {"name": "Sci-Fi", "items": 2},
        ],
        "year_from": 1931,
        "year_to": 1996,
        "price_from": None,
        "price_to": None,
        "attributes": [],
    }
