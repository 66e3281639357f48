"""``nextinterest generate``: what it prints, as a table and as JSON."""

from __future__ import annotations

import json

import pytest
from support.films import FILMS, WordEncoder

from nextinterest.agent import Engine, RecommenderAgent
from nextinterest.cli.main import main
from nextinterest.cli.opening import Source
from nextinterest.domain import Catalog, NextInterests
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.retrieval import Retriever

SAID = json.dumps(
    {
        "interests": [{"name": "Sci-Fi", "because": [1], "share": 70, "trend": "rising"}],
        "titles": ["Blade Runner", "[b]Picnic at Hanging Rock"],
    }
)


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> None:
    retriever = Retriever.build(Catalog.from_items(FILMS), None, WordEncoder())
    agent = RecommenderAgent(Engine(retriever, ScriptedLanguageModel([SAID])))
    monkeypatch.setattr(Source, "open", lambda source, **options: agent)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(("generate", *arguments))
    return int(ended.value.code or 0)


def test_a_table_names_interests_reasons_and_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--history", "Alien", "-n", "2") == 0
    shown = capsys.readouterr().out
    for part in ("Sci-Fi", "70%", "rising", "Alien", "Blade Runner", "exact", "[b]Picnic", "outside"):
        assert part in shown


def test_constraints_and_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--history", "Alien", "--not-category", "Sci-Fi", "--request", "slow", "--trace") == 0
    shown = capsys.readouterr().out
    assert "Blade Runner" not in shown.partition("generate")[0]
    assert "in the person's words: slow" in shown
    assert run("--history", "Alien", "--where", "[]") == 2


@pytest.mark.parametrize("words", ["x" * 301, " "])
def test_the_request_has_a_length(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--history", "Alien", "--request", words) == 2
    assert "--request" in capsys.readouterr().err


def test_json_is_the_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--history", "Alien", "--history", "No such film", "--skip-unknown", "--json") == 0
    result = NextInterests.model_validate_json(capsys.readouterr().out)
    assert result.skipped == ("No such film",)
    assert [item.item_id for item in result.items] == ["b", None]
