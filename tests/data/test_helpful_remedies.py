"""What an error advises can be done where it is printed, and helps: each remedy here is followed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from nextinterest.data import from_events, load
from nextinterest.data.sources.columns import GivenColumns
from nextinterest.errors import NextInterestError

ROWS = "user_id,item_id,time\nu1,a,1700000000\nu1,b,1700000001\nu2,a,1700000002\n"
ACCESS = "".join(
    f'10.0.0.{n % 7} - - [10/Oct/2025:13:55:{10 + n} +0000] "GET /a{n % 5} HTTP/1.0" 200 23{n}\n'
    for n in range(20)
)


def _refused(path: Path, **options: object) -> NextInterestError:
    with pytest.raises(NextInterestError) as refused:
        load(path, **options)  # type: ignore[arg-type]
    return refused.value


def _shell(command: str) -> str:
    """Run what an error advises, as a person would."""
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True).stdout


def _write(folder: Path, text: str, name: str = "a.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("sign", ["^", "\x01", "~", "#"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("columns", [None, {"user": 0}])
def test_a_separator_that_is_not_read_names_those_that_are(
    sign: str, header: bool, columns: GivenColumns | None, tmp_path: Path
) -> None:
    text = ROWS if header else ROWS.split("\n", 1)[1]
    error = _refused(_write(tmp_path, text.replace(",", sign)), columns=columns)
    assert "nothing separates columns" in error.message
    assert "commas, semicolons, tabs or bars" in error.remedy
    for other in (",", ";", "\t", "|"):
        path = _write(tmp_path, text.replace(",", other))
        by = None if header else {"user": 0, "item": 1, "time": 2}
        assert load(path, columns=by).log.n_events == 3


def test_a_missing_number_is_asked_for_as_a_number(tmp_path: Path) -> None:
    path = _write(tmp_path, ROWS.split("\n", 1)[1])
    error = _refused(path, columns={"user": 0})
    assert "columns={'item': N}" in error.remedy
    assert "--column item=N" in error.command
    assert load(path, columns={"user": 0, "item": 1}).log.n_events == 3


def test_a_column_of_one_value_is_never_proposed_as_the_item(tmp_path: Path) -> None:
    path = _write(tmp_path, ACCESS, "access.log")
    error = _refused(path, format="csv")
    proposed = re.search(r"'item': (\d+)", error.remedy)
    assert proposed is not None
    assert ACCESS.split()[int(proposed[1])] != "-"
    one_user = _write(tmp_path, "".join(f"u1,i{n},{1700000000 + n}\n" for n in range(9)))
    assert "{'user': 0, 'item': 1, 'time': 2}" in _refused(one_user).remedy


def test_a_name_that_is_there_twice_is_to_be_renamed(tmp_path: Path) -> None:
    path = _write(tmp_path, "user_id,item_id,item_id,time\nu1,a,x,1700000000\n")
    error = _refused(path, columns={"user": 0, "item": 1})
    assert error.remedy.startswith("Rename one in the file, then give names")
    path = _write(tmp_path, path.read_text().replace("item_id,time", "other,time"))
    assert load(path, columns={"item": "item_id"}).catalog.ids == ("a",)


def test_rows_that_are_no_rows_of_the_header(tmp_path: Path) -> None:
    error = _refused(_write(tmp_path, "user;item\nu1,a\nu2,b\n"))
    assert "separator of the header" in error.remedy
    assert "map others" not in error.remedy
    assert load(_write(tmp_path, "user;item\nu1;a\nu2;b\n")).log.n_events == 2
    path = _write(tmp_path, "user,item\nu1,a\0\nu2,b\0\n")
    error = _refused(path)
    command = re.search(r"tr -d '\\000'", error.command)
    assert command is not None
    assert load(_write(tmp_path, _shell(f"{command[0]} < {path}"), "b.csv")).log.n_events == 2


@pytest.mark.parametrize("text", [" \n\n  \n", "\n\n", " ", "\t\n", "\r\n \r\n"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt"])
def test_a_file_of_blanks_is_empty(text: str, name: str, tmp_path: Path) -> None:
    assert f"{name} is empty" in _refused(_write(tmp_path, text, name)).message


def test_a_document_of_lists_is_read_as_the_error_says(tmp_path: Path) -> None:
    document = {"user_id": ["a", "b"], "item_id": ["x", "y"], "time": [1700000000, 1700000001]}
    path = _write(tmp_path, json.dumps(document), "a.json")
    error = _refused(path)
    assert "polars.DataFrame(json.load(open(FILE)))" in error.remedy
    assert from_events(pl.DataFrame(json.loads(path.read_text()))).log.n_events == 2
    command = re.search("`(jq .*)`", error.command)
    assert command is not None
    if shutil.which("jq") is not None:
        lines = _shell(command[1].replace("FILE", str(path)))
        assert load(_write(tmp_path, lines, "b.jsonl")).log.n_events == 2
    one = _write(tmp_path, json.dumps({"user": "u", "item": ["a", "b"]}), "c.jsonl")
    assert load(one).log.n_events == 2


def test_a_missing_file_names_only_what_resembles_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("62_notime.csv", "50_nouser.csv", "46_nul.csv", "clicks-may.csv"):
        _write(tmp_path, ROWS, name)
    assert "csv." not in _refused(Path("nofile.csv")).message.split("asset.")[1].replace("nofile.csv", "")
    assert "clicks-may.csv" in _refused(Path("click-may.csv")).message
    assert "clicks-may.csv" in _refused(Path("clicks-may.tsv")).message


@pytest.mark.parametrize("day", ["1. März 2024", "5 janvier 2024", "3 de febrero de 2024", "2 ottobre 2024"])
def test_months_of_other_languages_are_not_to_be_read_by_a_pattern(day: str, tmp_path: Path) -> None:
    path = _write(tmp_path, f"user,item,time\nu1,a,{day}\nu1,b,{day}\n")
    error = _refused(path)
    assert "time_format" not in error.remedy
    assert "months in English or as numbers, as in 2024-03-01" in error.remedy
    assert load(path, columns={"time": None}).log.n_events == 2
    assert load(_write(tmp_path, "user,item,time\nu1,a,2024-03-01\n")).log.times is not None
