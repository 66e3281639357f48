"""Constraints and free text on the command line."""

from __future__ import annotations

import json

import pytest
import typer
from support.command_line import opened, run
from support.four_users import agent, catalog, log, model

from nextinterest import RecommenderAgent
from nextinterest.cli.conditions import Asked
from nextinterest.domain import Span, Where

__all__ = ["agent", "catalog", "log", "model", "opened"]


def test_options_and_json_say_the_same() -> None:
    options = Asked(
        category=["Crime"], not_category=["War"], year_from=1990, year_to=1999, price_to=9.5, available=True
    ).constraints()
    whole = {
        "categories": ["Crime"],
        "excluded_categories": ["War"],
        "year_from": 1990,
        "year_to": 1999,
        "price_to": 9.5,
        "available": True,
    }
    assert options == Asked(where=json.dumps(whole)).constraints() == Where.model_validate(whole)
    assert Asked().constraints() is None
    assert Asked(where="{}").constraints() is None


def test_json_and_options_add_up() -> None:
    found = Asked(where='{"attributes": {"size": {"least": 40}}}', category=["Shoes"]).constraints()
    assert found == Where(categories=("Shoes",), attributes={"size": Span(least=40)})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(where="{"), "--where is not JSON"),
        (Asked(where="[" * 100_000), "--where is not JSON"),
        (Asked(where='{"year_to": 1990, "year_to": 1}'), "--where: the key 'year_to' is given twice"),
        (Asked(where="[1]"), "has to be a JSON object"),
        (Asked(where='{"categories": 5}'), "categories: Input should be a valid"),
        (Asked(where='{"genre": []}'), "genre: is not a known field"),
        (Asked(where='{"year_from": "1990"}'), "year_from: Input should be a valid integer"),
        (Asked(where='{"price_from": NaN}'), "price_from: Input should be a finite number"),
        (Asked(price_to=float("inf")), "--price-to: Input should be a finite number"),
        (Asked(year_from=1990, year_to=1980), "--year-from 1990 lies after --year-to 1980"),
        (Asked(category=["x"] * 21), "--category: Tuple should have at most 20 items"),
        (Asked(category=["x"], where='{"categories": ["y"]}'), "categories is given by --where and by"),
    ],
)
def test_what_is_wrong_is_said(asked: Asked, said: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        asked.constraints()
    assert said in str(refused.value)
    assert "body" not in str(refused.value)
    assert "--" in str(refused.value)


@pytest.mark.parametrize("words", ["", "  ", "x" * 301])
def test_words_have_bounds(words: str) -> None:
    with pytest.raises(typer.BadParameter, match="at most 300 characters"):
        Asked(query=words).words()


def test_the_list_meets_them(opened: RecommenderAgent, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("recommend", "--user", "ann", "--category", "crime", "--year-from", "1980", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    same = opened.recommend(user="ann", where=Where(categories=("Crime",), year_from=1980))
    assert [item["item_id"] for item in found["items"]] == [item.item_id for item in same.items] != []


def test_words_alone_are_enough(opened: RecommenderAgent, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("recommend", "--query", "a romance in wartime", "-k", "2", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    same = opened.recommend([], 2, query="a romance in wartime")
    assert [item["item_id"] for item in found["items"]] == [item.item_id for item in same.items]
    assert found["notes"][0] == "The history is empty: these are popular items close to the request."


@pytest.mark.usefixtures("opened")
def test_a_category_that_no_item_has_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("recommend", "--user", "ann", "--category", "Romanze") == 0
    assert "No item has the category 'Romanze'; the nearest is 'Romance'." in capsys.readouterr().out
