"""What `PUT /v1/items` and forecasts refuse: each with 422 that names the field, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from nextinterest.agent import RecommenderAgent
from nextinterest.domain import Item
from nextinterest.errors import DataError
from nextinterest.server.item_bodies import ItemBody

Serve = Callable[..., TestClient]
ITEM: dict[str, Any] = {"id": "n", "title": "New", "categories": ["War"], "year": 1999}
MARKS = ["\u202a", "\u202e", "\u202c", "\u2066", "\u2069", "\x00", "\x1b", "\x7f", "\x9b", "\n"]


def refused(client: TestClient, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Put items, see that nothing came of it, and return the error."""
    answer = client.put("/v1/items", json={"items": items})
    assert answer.status_code == 422
    assert client.get("/v1/items/n").status_code == 404
    error: dict[str, Any] = answer.json()["error"]
    return error


def test_an_id_given_twice_is_named(serve: Serve) -> None:
    error = refused(serve(), [ITEM, ITEM | {"id": "m"}, ITEM | {"title": "Newer"}])
    assert error["param"] == "items.2.id"
    assert "'n'" in error["message"]


@pytest.mark.parametrize("year", [-5, 0, 99999, 10_000, -9999])
def test_a_year_is_one_of_four_digits(serve: Serve, year: int) -> None:
    assert refused(serve(), [ITEM | {"year": year}])["param"] == "items.0.year"


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("field", ["id", "title", "categories", "description"])
def test_characters_that_control_what_shows_them_are_refused(serve: Serve, field: str, mark: str) -> None:
    client = serve()
    text = f"a{mark}b"
    value = [text] if field == "categories" else text
    if field == "description" and mark == "\n":
        assert client.put("/v1/items", json={"items": [ITEM | {field: value}]}).status_code == 200
        return
    error = refused(client, [ITEM | {field: value}])
    assert error["param"].startswith(f"items.0.{field}")
    assert f"U+{ord(mark):04X}" in error["message"]
    assert mark not in error["message"]


WHOLE: dict[str, Any] = ITEM | {
    "description": "Of two\nlines",
    "price": 9.5,
    "published": "2026-05-10",
    "available": {"since": "2026-05-10T02:00:00+02:00", "until": None, "stock": 3},
    "attributes": {"brand": "Acme", "size": 40, "wide": True, "weight": 1.5, "colours": ["red", "blue"]},
}


def test_every_field_of_an_item_is_taken_and_returned(serve: Serve, agent: RecommenderAgent) -> None:
    client = serve()
    assert client.put("/v1/items", json={"items": [WHOLE]}).json()["added"] == 1
    moment = "2026-05-10T00:00:00Z"
    kept = WHOLE | {"published": moment, "available": WHOLE["available"] | {"since": moment}}
    assert client.get("/v1/items/n").json() == kept
    where = {"price_to": 9.5, "published_from": "2026-05-10", "attributes": {"colours": "red"}}
    found = client.post("/v1/recommend", json={"history": [], "where": where}).json()["items"]
    assert [item["item_id"] for item in found] == ["n"]
    agent.put_items([WHOLE])
    assert ItemBody.of(agent.item("n")).model_dump(mode="json") == kept


BEYOND: list[dict[str, Any]] = [
    {"id": ""},
    {"title": "\x1b[31mred"},
    {"title": ""},
    {"title": "x" * 4097},
    {"categories": ["a\u202eb"]},
    {"categories": ["x"] * 65},
    {"year": -4},
    {"description": "\x00"},
    {"price": -4},
    {"price": 1e13},
    {"available": {"stock": -1}},
    {"attributes": {"": 1}},
    {"attributes": {"brand": "\x1b"}},
    {"attributes": {"size": ["x"] * 101}},
    {"attributes": {f"a{i}": 1 for i in range(65)}},
]


@pytest.mark.parametrize("beyond", BEYOND)
def test_python_refuses_what_http_refuses(
    serve: Serve, agent: RecommenderAgent, beyond: dict[str, Any]
) -> None:
    (field,) = beyond
    assert refused(serve(), [ITEM | beyond])["param"].startswith(f"items.0.{field}")
    before = agent.catalog
    for given in (ITEM | beyond, Item(**(ITEM | beyond))) if field != "available" else (ITEM | beyond,):
        with pytest.raises(DataError, match=f"Element 2 of items.*{field}"):
            agent.put_items([ITEM, given])
    assert agent.catalog is before


@pytest.mark.parametrize(
    "title",
    ["\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "Amélie", "千と千尋", "👩\u200d🚀"],
)
def test_every_script_is_taken(serve: Serve, title: str) -> None:
    assert serve().put("/v1/items", json={"items": [ITEM | {"title": title}]}).json()["added"] == 1


def test_a_horizon_is_of_events_or_of_days(serve: Serve) -> None:
    client = serve()
    both = {"horizon_events": 5, "horizon_days": 7}
    dated = [{"item": item, "time": f"2025-12-2{day}T00:00:00Z"} for day, item in enumerate("abda", start=1)]
    client.post("/v1/users/zoe/events", json={"events": [{"item_id": "a"}]})
    for answer in (
        client.post("/v1/forecast", json={"history": dated, **both}),
        client.get("/v1/forecast", params={"user": "zoe", **both}),
    ):
        assert answer.status_code == 422
        assert answer.json()["error"]["param"] == "horizon_days"
        assert "either horizon_events or horizon_days" in answer.json()["error"]["message"]
    assert client.post("/v1/forecast", json={"history": dated, "horizon_events": 5}).status_code == 200
