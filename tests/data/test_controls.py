"""Control characters, halves of surrogate pairs and endless cells: counted, replaced, cut."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.table import Table
from typer.testing import CliRunner

from nextinterest.cli import console
from nextinterest.cli.main import app
from nextinterest.data import load

ESCAPES = "\x1b[31mRed\x1b]0;x\x07", "b\x9b2J", "c\x7f"


def test_control_characters_in_names_are_counted_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"u{e},i{e},{e},{e}|plain" for e in ESCAPES]
    path.write_text("\n".join(["user_id,item_id,title,category", *rows, "v,j,plain,plain"]), encoding="utf-8")
    dataset = load(path)
    assert dataset.log.user_ids[0] == f"u{ESCAPES[0]}"
    said = "stand in 3 user ids, 3 item ids, 3 titles, 3 categories; the first is 'u\\x1b[31m"
    assert any(said in note for note in dataset.report.notes)
    assert all(note.isprintable() for note in dataset.report.notes)
    path.write_text("user_id,item_id\nu,i\n")
    assert load(path).report.notes == ()


@pytest.mark.parametrize("stream", ["out", "err"])
def test_nothing_that_is_printed_holds_control_characters(
    capsys: pytest.CaptureFixture[str], stream: str
) -> None:
    where = getattr(console, stream)
    table = Table(title=ESCAPES[0])
    table.add_column(ESCAPES[1])
    table.add_row(ESCAPES[2])
    with where.status(ESCAPES[0]):
        where.print(f"[bold]{ESCAPES[0]}[/]", ESCAPES[1], table)
    printed = "".join(capsys.readouterr())
    assert "Red" in printed
    assert not set(printed) & {"\x1b", "\x07", "\x9b", "\x7f"}


def test_commands_show_names_without_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.csv"
    rows = [f"u{i},i{j}{ESCAPES[0]},{ESCAPES[0]}" for i in range(4) for j in range(3)]
    path.write_text("\n".join(["user_id,item_id,title", *rows]), encoding="utf-8")
    for command in (["data", "describe", str(path)], ["data", "describe", str(path), "--json"]):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        assert "\x1b" not in result.output


@pytest.mark.parametrize("listed", [False, True])
def test_halves_of_surrogate_pairs_are_replaced_and_counted(tmp_path: Path, listed: bool) -> None:
    lines = [
        r'{"user": "u\ud800", "item": "a", "title": "\udc00x"}',
        r'{"user": "u2", "item": "b", "title": "\ud83c\udfb8 \\ud800"}',
        r'{"user": "\uD83C", "item": "c", "title": "y"}',
    ]
    more = '{"user": "u3", "item": "d", "title": "z", "genres": ["a"]}' if listed else ""
    (tmp_path / "a.jsonl").write_text("\n".join([*lines, more]))
    dataset = load(tmp_path / "a.jsonl")
    assert dataset.log.user_ids[:3] == ("u?", "u2", "?")
    assert dataset.catalog.titles[:3] == ("?x", "\U0001f3b8 \\ud800", "y")
    said = "a.jsonl: 2 lines hold halves of surrogate pairs, which is no text, read as '?'"
    assert said in dataset.report.notes


def test_halves_of_pairs_in_reviews_and_their_items(tmp_path: Path) -> None:
    review = {"reviewerID": "u", "asin": "a", "overall": 5, "unixReviewTime": 1700000000}
    (tmp_path / "x.json").write_text(json.dumps(review | {"reviewerID": "u\ud800"}))
    (tmp_path / "meta_x.json").write_text(json.dumps({"asin": "a", "title": "t\udc00"}))
    dataset = load(tmp_path)
    assert (dataset.log.user_ids, dataset.catalog.titles) == (("u?",), ("t?",))
    assert sum("half a surrogate pair" in note for note in dataset.report.notes) == 2


@pytest.mark.parametrize(
    "text",
    [
        "user_id,item_id,year,title\nu,a,{long},x\nv,b,2000,y\n",
        "user_id,item_id\n{ones}.0,a\n{ones},b\nx,b\n",
        "user_id,item_id,{long}\nu,i,x\n",
        "user_id,item_id,title,{long}\nu,i,x y,z\n",
        "# {long}\n#{words}\nuser_id,item_id\nu,i\n",
    ],
)
def test_notes_that_show_cells_are_of_bounded_length(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text.format(long="9" * 50_000, ones="1" * 50_000, words="word " * 9000))
    notes = load(path).report.notes
    assert notes
    assert all(len(note) <= 1003 for note in notes)
