"""``nextinterest chat``: piped messages, JSON, profiles that stay."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from nextinterest.cli import main

pytestmark = pytest.mark.model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "movies"
    home.mkdir()
    genres = ("Comedy", "Drama", "War|Drama")
    movies = [
        "movieId,title,genres",
        *(f"{i},Film {i} ({1980 + i % 20}),{genres[i % 3]}" for i in range(1, 61)),
    ]
    ratings = ["userId,movieId,rating,timestamp"]
    for user in range(1, 6):
        ratings += [f"{user},{(7 * i + user) % 60 + 1},4.0,{1_000_000_000 + 5000 * i}" for i in range(30)]
    (home / "movies.csv").write_text("\n".join(movies) + "\n", "utf-8")
    (home / "ratings.csv").write_text("\n".join(ratings) + "\n", "utf-8")
    return home


def run(monkeypatch: pytest.MonkeyPatch, piped: str, *arguments: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(piped))
    with pytest.raises(SystemExit) as ended:
        main(["chat", "--language-model", "none", *arguments])
    return int(ended.value.code or 0)


def test_piped_messages_are_one_conversation(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped = "three comedies before 1990\n\nolder\nwhat am i into?\n"
    assert run(monkeypatch, piped, "--data", str(folder), "--user", "2", "--json") == 0
    replies = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [reply["request"]["intent"] for reply in replies] == ["recommend", "recommend", "profile"]
    assert len(replies[0]["recommendations"]["items"]) == 3
    assert all("Comedy" in item["categories"] for item in replies[1]["recommendations"]["items"])
    assert replies[1]["request"]["where"]["year_to"] < 1989
    assert replies[2]["portrait"]["events"] == 30


def test_references_and_undoing_are_to_what_was_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped = "three comedies\nI loved the second one\nundo that\n"
    assert run(monkeypatch, piped, "--data", str(folder), "--user", "2", "--json") == 0
    listed, noted, undone = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    second = listed["recommendations"]["items"][1]["item_id"]
    assert [one["item_id"] for one in noted["confirmation"]["liked"]] == [second]
    assert [one["item_id"] for one in undone["confirmation"]["forgotten"]] == [second]
    assert undone["session"]["messages"] == 6


def test_text_and_a_profile_that_stays(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ("--data", str(folder), "--user", "somebody new", "--store", str(tmp_path / "kept.db"))
    assert run(monkeypatch, 'loved "Film 7"\n', *kept) == 0
    assert "Noted: you liked Film 7" in capsys.readouterr().out
    assert run(monkeypatch, "what am i into\n", *kept) == 0
    assert "1 event" in capsys.readouterr().out


def test_a_store_needs_a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert run(monkeypatch, "hi\n", "--store", str(tmp_path / "kept.db")) == 2


def test_events_of_the_data_are_imported_only_when_asked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ("--data", str(folder), "--user", "2", "--store", str(tmp_path / "kept.db"))
    assert run(monkeypatch, "hello\n", *kept) == 0
    assert "30 events of the data are not used; add --import" in capsys.readouterr().err
    assert run(monkeypatch, "what am i into\n", *kept, "--import") == 0
    said = capsys.readouterr()
    assert "30 events of '2' in the data were written" in said.err
    assert "30 events" in said.out
    assert run(monkeypatch, "hello\n", *kept) == 0
    assert "--import" not in capsys.readouterr().err


def test_an_import_needs_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "hi\n", "--import", "--user", "2") == 2


def test_a_trace_is_drawn_behind_the_reply(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "two comedies\n", "--data", str(folder), "--user", "2", "--trace") == 0
    shown = capsys.readouterr().out
    head, _, table = shown.partition("steps in")
    assert head.splitlines()[0].startswith("Here are 2 for you")
    assert head.splitlines()[2].startswith("2. ")
    assert all(name in table for name in ("understand", "retrieve", "search", "score", "evidence"))
