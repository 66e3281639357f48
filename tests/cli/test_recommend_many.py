"""``nextinterest recommend --out``: lists of many users as a table."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from support.command_line import opened, run
from support.four_users import agent, catalog, log, model

from nextinterest import RecommenderAgent

__all__ = ["agent", "catalog", "log", "model", "opened"]


@pytest.mark.usefixtures("opened")
def test_all_users_go_into_a_table_and_nothing_is_shown_but_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recs.parquet"
    assert run("recommend", "--all-users", "--out", str(path), "-k", "2") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"4 lists written to {path}.\n")
    table = pl.read_parquet(path)
    assert table["user"].unique(maintain_order=True).to_list() == ["ann", "bob", "cem", "dot"]
    assert table["rank"].to_list() == [1, 2] * 4


def test_users_of_a_file_constraints_and_reasons(opened: RecommenderAgent, tmp_path: Path) -> None:
    (tmp_path / "users").write_text("\ufeffdot\n\n ann \n")
    path = tmp_path / "recs.jsonl"
    asked = ("--category", "Crime", "-k", "3", "--evidence")
    assert run("recommend", "--users-file", str(tmp_path / "users"), "--out", str(path), *asked) == 0
    rows = pl.read_ndjson(path)
    assert rows["user"].unique(maintain_order=True).to_list() == ["dot", "ann"]
    single = opened.recommend(user="dot", k=3, where={"categories": ["Crime"]})
    assert rows.filter(user="dot")["item_id"].to_list() == [item.item_id for item in single.items]
    assert rows.filter(user="dot")["evidence"].to_list() == [
        [one.title for one in item.evidence] for item in single.items
    ]


@pytest.mark.usefixtures("opened")
def test_one_user_or_history_may_go_into_a_table_too(tmp_path: Path) -> None:
    path = tmp_path / "recs.csv"
    assert run("recommend", "--user", "ann", "--out", str(path), "-k", "1") == 0
    assert pl.read_csv(path)["user"].to_list() == ["ann"]
    assert run("recommend", "--history", "a", "--out", str(path), "-k", "1") == 0
    assert pl.read_csv(path)["user"].to_list() == [None]


@pytest.mark.usefixtures("opened")
def test_lists_that_constraints_leave_short_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recs.csv"
    asked = ("--category", "No such", "-k", "3")
    assert run("recommend", "--all-users", "--out", str(path), *asked) == 0
    assert "4 lists, 4 with fewer than 3 items written to" in capsys.readouterr().err
    assert pl.read_csv(path).height == 0


def test_unknown_users_are_named_and_the_others_are_written(
    opened: RecommenderAgent, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert opened.log is not None
    users, path = tmp_path / "users", tmp_path / "recs.csv"
    users.write_text("ann\nghost\n")
    assert run("recommend", "--users-file", str(users), "--out", str(path)) == 0
    assert "1 user of 2 got no list. The first: 'ghost'" in caplog.text
    assert pl.read_csv(path)["user"].unique().to_list() == ["ann"]
    users.write_text("ghost\n")
    path.unlink()
    assert run("recommend", "--users-file", str(users), "--out", str(path)) == 1
    assert not path.exists()


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--all-users",), "--all-users needs --out"),
        (("--users-file", "users"), "--users-file needs --out"),
        (("--all-users", "--users-file", "users", "--out", "x.csv"), "--all-users or --users-file, not both"),
        (("--all-users", "--user", "ann", "--out", "x.csv"), "--user or --all-users, not both"),
        (("--all-users", "--out", "x.csv", "--json"), "leave --json out"),
        (("--user", "ann", "--out", "x.csv", "--trace"), "leave --trace out"),
        (("--user", "ann", "--evidence"), "--evidence is for --out"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert run("recommend", *options) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("users", "out", "said"),
    [
        (b"ann\n", "x.xlsx", ".parquet, .csv, .jsonl"),
        (b"\n", "x.csv", "names no user"),
        (b"\xff\xfe\x00", "x.csv", "no text in UTF-8"),
        (None, "x.csv", "cannot be read"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], users: bytes | None, out: str, said: str
) -> None:
    if users is not None:
        (tmp_path / "users").write_bytes(users)
    given = ("--users-file", str(tmp_path / "users"), "--out", str(tmp_path / out))
    assert run("recommend", *given) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / out).exists()
