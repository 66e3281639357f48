"""Items like others on the command line."""

from __future__ import annotations

import json

import pytest
from support.command_line import opened, run
from support.four_users import agent, catalog, log, model

from nextinterest import RecommenderAgent

__all__ = ["agent", "catalog", "log", "model", "opened"]


def test_the_list_is_the_agents(opened: RecommenderAgent, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("similar", "--item", "Casablanca", "--item", "h", "-k", "3", "--not-category", "War", "--json")
        == 0
    )
    same = opened.similar(["Casablanca", "h"], 3, where={"excluded_categories": ["War"]})
    assert json.loads(capsys.readouterr().out) == same.model_dump(mode="json")
    assert run("similar", "--item", "Casablanca", "--user", "ann", "-k", "3", "--trace") == 0
    shown = capsys.readouterr().out
    assert "Like Casablanca" in shown
    assert "common users" in shown
    assert "retrieve" in shown


@pytest.mark.usefixtures("opened")
def test_a_remedy_names_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("similar", "--item", "Oppenheimer") == 1
    said = capsys.readouterr().err
    assert "--skip-unknown" in said
    assert "on_unknown" not in said
    assert run("similar", "--item", "Oppenheimer", "--item", "Alien", "--skip-unknown") == 0
    assert run("similar") == 2
