"""What an error about data advises is done as it is printed, in Python and on the command line, and works."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from nextinterest.cli.main import app
from nextinterest.data import load
from nextinterest.errors import NextInterestError

ROWS = "u1,a,5,1700000000\nu1,b,4,1700000100\nu2,a,3,1700000200\n"
HEADLESS = ROWS.replace("u1", "101").replace("u2", "102")
HEADERLESS = {
    "the time first": (".csv", "1700000000,u1,a\n1700000100,u1,b\n1700000200,u2,a\n"),
    "the time in the middle": (".csv", "u1,2023-11-14 22:13:20,a,5\nu1,2023-11-15,b,4\nu2,2023-11-16,a,3\n"),
    "colons": (".dat", "1::11::5::1700000000\n1::12::4::1700000100\n2::11::3::1700000200\n"),
    "colons in a .csv": (".csv", "1700000000::1::11\n1700000100::1::12\n1700000200::2::11\n"),
    "blanks": (".txt", "1 11 5 1700000000\n1 12 4 1700000100\n2 11 3 1700000200\n"),
    "a count of rows": (".csv", "0,u1,a,1700000000\n1,u1,b,1700000100\n2,u2,a,1700000200\n"),
    "labels": (".tsv", "20231114\tview\tu1\ta1\n20231115\tview\tu1\tb2\n20231116\tview\tu2\ta1\n"),
}
TYPED = "user:token\tbook:token\ttimestamp:float\nu1\ta\t1700000000\nu1\tb\t1700000100\nu2\ta\t1700000200\n"


def _write(name: str, text: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return make


def _two_kinds(folder: Path) -> Path:
    (folder / "a.csv").write_text("user,item\nu1,a\n")
    (folder / "b.jsonl").write_text('{"user": "u1", "item": "a"}\n')
    return folder


def _parquet_as_csv(folder: Path) -> Path:
    pl.DataFrame({"user": ["u1"], "item": ["a"]}).write_parquet(folder / "a.parquet")
    return folder / "a.parquet"


CASES: dict[str, tuple[Callable[[Path], Path], dict[str, object], dict[str, str]]] = {
    # What is written; how it is read first; the names to put where the advice says NAME.
    "no header": (_write("a.csv", HEADLESS), {}, {}),
    **{
        f"no header, {name}": (_write(f"a{ending}", text), {}, {})
        for name, (ending, text) in HEADERLESS.items()
    },
    "a name that is data": (_write("a.csv", HEADLESS), {"columns": {"user": "101", "item": "a"}}, {}),
    "other names": (_write("a.csv", "who,item\nu1,a\n"), {}, {"user": "who"}),
    "two other names": (_write("a.csv", "who,what\nu1,a\n"), {}, {"user": "who", "item": "what"}),
    "other names in JSON": (_write("a.jsonl", json.dumps({"who": "u", "item": "a"})), {}, {"user": "who"}),
    "atomic, other names": (_write("a.inter", TYPED), {}, {"user": "user", "item": "book"}),
    "atomic, with types": (_write("a.inter", TYPED), {}, {"user": "user:token", "item": "book:token"}),
    "atomic, no types": (_write("a.inter", "user_id\titem_id\nu1\ta\n"), {}, {}),
    "unknown ending": (_write("a.log", "user,item\nu1,a\n"), {}, {}),
    "two kinds": (_two_kinds, {}, {}),
    "no MovieLens": (_write("a.csv", "user,item\nu1,a\n"), {"format": "movielens"}, {}),
    "ratings of another kind": (
        _write("ratings.csv", "userId,film\nu1,a\n"),
        {"format": "movielens"},
        {"item": "film"},
    ),
    "no Amazon": (_write("a.jsonl", '{"user": "u1", "item": "a"}\n'), {"format": "amazon"}, {}),
    "a mapping of sequences": (
        _write("a.inter", "user_id:token\titem_id_list:token_seq\titem_id:token\n0\t5 3\t4\n"),
        {"columns": {"user": "user_id"}},
        {},
    ),
    "a title above other names": (
        _write("a.csv", "Report\n\nwho,what,stars\nu1,a,1\n"),
        {},
        {"user": "who", "item": "what"},
    ),
    "JSON as CSV": (_write("a.csv", '{"user": "u1", "item": "a"}\n'), {"format": "csv"}, {}),
    "CSV as JSON": (_write("a.json", f"user,item,rating,time\n{ROWS}"), {"format": "jsonl"}, {}),
    "CSV as Parquet": (_write("a.parquet", f"user,item,rating,time\n{ROWS}"), {"format": "parquet"}, {}),
    "CSV of other names as Parquet": (_write("a.parquet", "who,item\nu1,a\n"), {}, {"user": "who"}),
    "Parquet as CSV": (_parquet_as_csv, {"format": "csv"}, {}),
}


def _fill(text: str, names: dict[str, str]) -> str:
    """Put real names where the advice says NAME."""
    text = re.sub(r"'(\w+)': 'NAME'", lambda m: f"'{m[1]}': '{names[m[1]]}'", text)
    return re.sub(r"(\w+)=NAME", lambda m: f"{m[1]}={names[m[1]]}", text)


def _arguments(advice: str) -> dict[str, object]:
    """Return the keyword arguments that an advice names, the first of each."""
    found: dict[str, object] = {}
    for name, value in re.findall(r"\b(format|columns)=('\w+'|\{[^}]*\})", advice):
        found.setdefault(name, ast.literal_eval(value))
    return found


def _options(advice: str) -> list[str]:
    """Return the options of an advice: the first ``--format``, and the first ``--column`` of a field."""
    found: dict[str, list[str]] = {}
    for option, value in re.findall(r"(--format|--column) ([\w:=]+)", advice):
        what = option if option == "--format" else value.partition("=")[0]
        found.setdefault(what, [option, value.rstrip(":")])
    return [part for pair in found.values() for part in pair]


def _as_options(arguments: dict[str, object]) -> list[str]:
    columns = arguments.get("columns") or {}
    assert isinstance(columns, dict)
    options = [part for field, column in columns.items() for part in ("--column", f"{field}={column}")]
    return options + (["--format", str(arguments["format"])] if "format" in arguments else [])


@pytest.mark.parametrize("case", CASES)
def test_python_follows_the_remedy(tmp_path: Path, case: str) -> None:
    make, arguments, names = CASES[case]
    path = make(tmp_path)
    followed = 0
    while followed < 4:
        try:
            dataset = load(path, **arguments)  # type: ignore[arg-type]
            break
        except NextInterestError as error:
            advised = _arguments(_fill(error.remedy, names))
            if "Leave the mapping out" in error.remedy:
                arguments, advised = {}, {}
            if "columns" in advised:
                before = arguments.get("columns") or {}
                by_place = any(isinstance(c, int) for c in advised["columns"].values())  # type: ignore[attr-defined]
                advised["columns"] = advised["columns"] if by_place else {**before, **advised["columns"]}  # type: ignore[dict-item]
            arguments = {**arguments, **advised}
            followed += 1
    assert dataset.log.n_events > 0
    assert 0 < followed <= 1 + len(names)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("command", ["data describe", "evaluate --methods popularity --data"])
def test_the_command_line_follows_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, command: str
) -> None:
    make, arguments, names = CASES[case]
    path, options = make(tmp_path), _as_options(arguments)
    monkeypatch.chdir(tmp_path)
    followed = 0
    while followed < 4:
        result = CliRunner().invoke(app, [*shlex.split(command), str(path), *options])
        error = result.exception
        if not isinstance(error, NextInterestError) or "held out" in error.message:
            break  # it was read; the data are too small to evaluate anything on
        assert "=" not in re.sub(r"--column [\w:]+=[\w:]+", "", error.command), error.command
        followed += 1
        advice = _fill(error.command, names)
        if "Leave the mapping out" in advice:
            options = []
            continue
        advised = _options(advice)
        if any(re.fullmatch(r"\w+=\d+", value) for value in advised):
            options = []
        options += advised
    assert result.exit_code == 0 or "held out" in str(result.exception), result.output
    assert 0 < followed <= 1 + len(names)
