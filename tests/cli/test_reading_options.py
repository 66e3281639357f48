"""How data is read is said by the same options on every command that reads data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from nextinterest.cli.main import app
from nextinterest.cli.reading import PANELS

READS = (
    "data describe",
    "recommend",
    "similar",
    "interests",
    "chat",
    "serve",
    "evaluate",
    "finetune",
    "fit-choice",
    "generate",
)
SAME = (
    *("format", "column", "time_format", "k_core", "user_core", "item_core", "repeats", "ties", "strict"),
)


def options(words: str) -> dict[str, list[str]]:
    command = get_command(app)
    for word in words.split():
        command = command.commands[word]  # type: ignore[attr-defined]
    return {name: parameter.opts for parameter in command.params if (name := parameter.name)}


def test_the_commands_listed_are_all_that_take_data() -> None:
    taking = {name for name in get_command(app).commands if "data" in options(name)}  # type: ignore[attr-defined]
    assert taking == set(READS) - {"data describe"}


@pytest.mark.parametrize("command", READS)
def test_every_command_that_reads_data_has_the_same_options(command: str) -> None:
    described, here = options("data describe"), options(command)
    assert {name: here.get(name) for name in SAME} == {name: described[name] for name in SAME}


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "--methods", "popularity", "--cost-sample", "0", "--resamples", "100", "--data"),
        ("data", "describe"),
    ],
)
def test_a_mapping_works_on_other_commands_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"u{u},i{(u + k) % 7},{100 * u + k}\n" for u in range(8) for k in range(4))
    Path("log.csv").write_text("who,what,when\n" + rows)
    mapping = [part for pair in ("user=who", "item=what", "time=when") for part in ("--column", pair)]
    result = CliRunner().invoke(app, [*words, "log.csv", *mapping], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    wrong = CliRunner().invoke(app, [*words, "log.csv", "--column", "user"])
    assert wrong.exit_code == 2
    assert "user=" not in wrong.output or "FIELD=COLUMN" in wrong.output


@pytest.mark.parametrize("command", ["recommend", "generate", "interests", "chat", "serve", "evaluate"])
def test_help_shows_a_commands_own_options_first(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "80"}).stdout
    titles = re.findall(r"╭─ (.+?) ─", shown)
    titles = [title for title in titles if title != "Arguments"]
    assert titles[0] == "Options"
    assert titles[1:] == [panel for panel in PANELS if panel in titles]
    assert "How data is read" in titles
    first = shown.partition("╭─ Options")[2].partition("╰")[0]
    assert "--k-core" not in first
    assert "--role" not in first
    assert "--help" in first
