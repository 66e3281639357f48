"""How many items of the catalogue meet the conditions of a list is a fact that a model may word."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.endpoint import Endpoint, serving
from support.planning import planned, talked

from nextinterest.agent.chat.facts import Facts
from nextinterest.agent.chat.worded import worded
from nextinterest.agent.chat.wording import parts_of
from nextinterest.domain import Item, Outcome
from nextinterest.llm import ScriptedLanguageModel

FILMS = [Item(f"w{n}", f"Rider {n:02}", ("Western",), 1950 + n) for n in range(30)]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


def _listed(endpoint: Endpoint, **conditions: object) -> Outcome:
    plan = {"intent": "recommend", "count": 5, **conditions}
    return talked(planned(FILMS, endpoint, {"how many westerns?": plan}), "how many westerns?")


def test_a_list_under_conditions_has_how_many_meet_them(endpoint: Endpoint) -> None:
    outcome = _listed(endpoint, year_to=1977)
    assert outcome.matches == 28
    model = ScriptedLanguageModel(["I have 28 of them."])
    "".join(worded(outcome, "how many?", model))
    assert "items of the catalogue that meet the conditions: 28" in str(model.calls)
    facts = Facts.of(outcome, parts_of(outcome).free)
    assert facts.fault("There are 28 westerns in all.") is None
    assert facts.fault("There are 29 westerns in all.") is not None


def test_a_list_without_conditions_has_no_such_number(endpoint: Endpoint) -> None:
    assert _listed(endpoint).matches is None
