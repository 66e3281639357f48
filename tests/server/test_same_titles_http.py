"""The note of a title that several items have, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from nextinterest.agent import RecommenderAgent
from nextinterest.data import EventLog
from nextinterest.domain import Catalog, Item
from nextinterest.llm import ScriptedLanguageModel


@pytest.fixture
def agent(agent: RecommenderAgent, log: EventLog, model: ScriptedLanguageModel) -> RecommenderAgent:
    agent.put_items([Item("a2", "Alien", ("Drama",), 2003)])
    return agent


@pytest.mark.parametrize("route", ["recommend", "interests", "forecast"])
def test_every_route_that_reads_titles_has_the_note(
    serve: Callable[..., TestClient], catalog: Catalog, route: str
) -> None:
    answer = serve().post(f"/v1/{route}", json={"history": ["Alien", "Heat"]})
    assert answer.status_code == 200, answer.text
    expected = "'Alien' is the title of 2 items: a (1979), a2 (2003); a was taken. Say the year or the id."
    assert expected in answer.text
