"""Options that contradict each other are refused by name: none wins without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import run

from nextinterest.data import load
from nextinterest.errors import DataError

ROWS = "A,B,item\n" + "".join(f"a{u},b{u},i{(u + k) % 5}\n" for u in range(6) for k in range(4))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    (tmp_path / "log.csv").write_text(ROWS)
    return "log.csv"


@pytest.mark.parametrize("command", [("data", "describe"), ("evaluate", "--data")])
def test_a_field_that_is_mapped_twice_is_refused(
    data: str, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert run(*command, data, "--column", "user=A", "--column", "user=B") == 2
    said = capsys.readouterr().err
    assert "'user=A'" in said
    assert "'user=B'" in said


def test_the_same_mapping_twice_is_one(data: str) -> None:
    assert run("data", "describe", data, "--column", "user=A", "--column", "user=A") == 0


@pytest.mark.parametrize("column", ["A", 0])
def test_one_column_is_not_both_user_and_item(data: str, column: str | int) -> None:
    with pytest.raises(DataError, match="user and item are both mapped to the column"):
        load(data, columns={"user": column, "item": column})


def test_a_user_and_a_history_are_refused(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("recommend", "--data", data, "--column", "user=A", "--user", "a1", "--history", "i1") == 2
    said = capsys.readouterr().err
    assert "--user" in said
    assert "--history" in said


@pytest.mark.parametrize(("option", "value"), [("--part", "tset"), ("--protocol", "leave-one")])
def test_an_unknown_value_names_its_option_and_the_values(
    data: str, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert run("evaluate", "--data", data, option, value) == 2
    said = capsys.readouterr().err
    assert option in said
    assert repr(value) in said
    assert {"--part": "validation, test", "--protocol": "leave-last-out"}[option] in said


def test_a_folder_without_a_run_says_how_one_is_made(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (
        "evaluate",
        "--data",
        data,
        "--column",
        "user=A",
        "--methods",
        "popularity",
        "--cost-sample",
        "0",
    )
    for folder in (".", "new"):  # the first holds other files
        assert run(*asked, "--report", folder) == 1
        made = capsys.readouterr().err.partition("--out ")[2].split()[0]
        assert run(*asked, "--resamples", "100", "--out", made) == 0
        assert run("evaluate", "--report", made, "--resamples", "100") == 0
        capsys.readouterr()
    assert run("evaluate", "--report", ".") == 1
    assert "NEW_FOLDER, new" in capsys.readouterr().err
