"""The command line: answers, exit codes, one line for an error."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.command_line import run

from nextinterest import RecommenderAgent
from nextinterest.cli.main import main
from nextinterest.errors import DataError
from nextinterest.version import __version__


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.strip() == __version__
    assert run("--help") == 0
    shown = capsys.readouterr().out
    for command in ("demo", "recommend", "generate", "interests", "evaluate", "serve", "data", "assets"):
        assert command in shown


def test_module_and_console_command_are_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nextinterest", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == __version__


def test_wrong_usage_exits_2() -> None:
    assert run("recommend") == 2
    assert run("generate") == 2
    assert run("generate", "--user", "1", "--history", "Alien") == 2
    assert run("recommend", "--user", "1", "-k", "0") == 2
    assert run("no-such-command") == 2


def test_an_error_is_one_line_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("recommend", "--data", "no/such/path", "--user", "1") == 1
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert shown.startswith("Error: ")
    assert "no/such/path" in shown
    assert "Traceback" not in shown


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(Exception, match="no/such/path") as raised:
        main(["recommend", "--data", "no/such/path", "--user", "1", "--debug"])
    assert type(raised.value).__module__ == DataError.__module__


def test_unsafe_serving_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--host", "0.0.0.0") == 1  # noqa: S104 - refused before anything is bound
    assert "loopback only" in capsys.readouterr().err


@pytest.mark.model
def test_recommend_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("recommend", "--history", "Alien", "--history", "Nosferatu II", "--skip-unknown", "--json") == 0
    )
    result = json.loads(capsys.readouterr().out)
    assert len(result["items"]) == 10
    assert result["skipped"] == ["Nosferatu II"]


@pytest.mark.model
def test_demo_shows_history_list_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "--user", "42", "-k", "5") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "The last 8 of 182 events of user 42" in shown
    assert "What the user really watched next: Halloween: The Curse of Michael Myers" in shown
    assert "tokens read" in shown
    assert run("demo", "--user", "nobody") == 1


@pytest.mark.model
def test_recommend_ranks_with_the_recommender_that_ships(capsys: pytest.CaptureFixture[str]) -> None:
    expected = [item.item_id for item in RecommenderAgent.from_pretrained().recommend(user="42", k=5).items]
    assert run("recommend", "--user", "42", "-k", "5", "--json") == 0
    found = [item["item_id"] for item in json.loads(capsys.readouterr().out)["items"]]
    assert found == expected
