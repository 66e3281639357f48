"""``nextinterest evaluate --lists`` and ``--write-split``: other libraries on the same events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.command_line import run

from nextinterest.eval import Run

QUICK = ("--resamples", "100", "--cost-sample", "0")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("NEXTINTEREST_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(2)
    rows = [f"u{user},i{item}" for user in range(20) for item in rng.choice(40, 9, replace=False)]
    (tmp_path / "events.csv").write_text("user,item\n" + "\n".join(rows) + "\n")
    return "events.csv"


def write_lists(split: Path, name: str, n: int, *, right: int) -> None:
    """Write lists of unseen items for the test, the target first for some users."""
    train, validation, test = (pl.read_csv(split / f"{part}.csv") for part in ("train", "validation", "test"))
    rows = []
    for number, (user, target) in enumerate(test.select("user", "item").iter_rows()):
        seen = pl.concat([train.select("user", "item"), validation.select("user", "item")]).filter(user=user)
        free = [f"i{i}" for i in range(40) if f"i{i}" not in {*seen["item"], target}]
        listed = ([target] if number < right else []) + free
        rows += [(user, item, rank) for rank, item in enumerate(listed[:n], 1)]
    pl.DataFrame(rows, schema=["user", "item", "rank"], orient="row").write_csv(name)


def test_lists_made_from_a_written_split_are_judged_beside_methods(
    data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", "--data", data, "--write-split", "split") == 0
    assert "140 events to learn from, 20 events for validation, 20 for the test" in capsys.readouterr().out
    write_lists(Path("split"), "half.csv", 10, right=10)
    write_lists(Path("split"), "all.csv", 12, right=20)
    given = ("--lists", "half.csv", "--lists", "all.csv", "--part", "test", "--out", "run", *QUICK)
    assert run("evaluate", "--data", data, "--methods", "popularity", *given) == 0
    shown = capsys.readouterr().out
    assert "half" in shown
    result = Run(Path("run"))
    assert result.manifest.protocol.list_length == 10
    assert set(result.records()) == {"popularity", "half", "all"}
    assert result.records()["half"].scored == "lists"
    assert (result.answers("half")["rank"] == 1).sum() == 10
    assert (result.answers("all")["rank"] == 1).all()
    assert run("evaluate", "--data", data, *given) == 0  # the same again: nothing is asked anew
    write_lists(Path("split"), "half.csv", 10, right=5)
    assert run("evaluate", "--data", data, *given) == 1
    assert "already has a method 'half'" in capsys.readouterr().err


def test_lists_alone_ask_no_other_method_and_short_ones_are_cut_short(
    data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", "--data", data, "--write-split", "split") == 0
    write_lists(Path("split"), "mine.csv", 5, right=20)
    table = pl.read_csv("mine.csv").filter(pl.col("user") != "u3")
    strange = pl.DataFrame({"user": ["stranger"], "item": ["ghost"], "rank": [1]})
    pl.concat([table, strange], how="vertical_relaxed").rename({"rank": "nth"}).write_csv("mine.csv")
    given = ("--lists", "mine.csv", "--lists-column", "rank=nth", "--part", "test", *QUICK)
    assert run("evaluate", "--data", data, *given, "--out", "run") == 0
    said = capsys.readouterr()
    assert "mine: 1 user asked for has no list, a miss each" in said.err
    assert "mine: 1 user is not in the data" in said.err
    assert "mine: 1 item is not in the catalogue" in said.err
    assert "1 flawed answer counted as a miss" in said.out
    result = Run(Path("run"))
    assert set(result.records()) == {"mine"}
    assert result.manifest.protocol.list_length == 5
    assert run("evaluate", "--data", data, *given, "--list-length", "9", "--out", "other") == 1
    assert "give --list-length 5" in capsys.readouterr().err
    assert run("evaluate", "--data", data, *given, "--list-length", "5", "--out", "other") == 0


def test_two_files_of_one_name_and_a_file_without_a_rank_are_refused(
    data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", "--data", data, "--write-split", "split") == 0
    Path("b").mkdir()
    for name in ("mine.csv", "b/mine.csv"):
        write_lists(Path("split"), name, 5, right=20)
    lists = ("--lists", "mine.csv", "--lists", "b/mine.csv", "--part", "test", *QUICK)
    assert run("evaluate", "--data", data, *lists) == 1
    assert "Two methods are called 'mine'" in capsys.readouterr().err
    pl.read_csv("mine.csv").drop("rank").write_csv("mine.csv")
    assert run("evaluate", "--data", data, "--lists", "mine.csv") == 1
    said = capsys.readouterr().err
    assert "mine.csv: no column is known as the rank or score" in said
    assert "--lists-column rank=NAME" in said
