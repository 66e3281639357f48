"""``nextinterest data`` and ``nextinterest assets``, run as a caller runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nextinterest.cli.assets import app as assets_app
from nextinterest.cli.data import app as data_app
from nextinterest.errors import AssetError, DataError

ROWS = "user,item,time,rating\nann,a,10,3\nann,b,10,4\nann,a,30,5\nbob,a,5,x\nbob,b,6,1\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(ROWS)
    (tmp_path / "items.csv").write_text("item,title,genre\na,A (1999),War|Drama\nb,B,\nc,C,War\n")
    return path


def describe(*arguments: str) -> str:
    result = CliRunner().invoke(
        data_app, ["describe", *arguments], catch_exceptions=False, env={"COLUMNS": "120"}
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def test_describe_as_json_holds_what_is_kept_and_dropped(log: Path) -> None:
    summary = json.loads(describe(str(log), "--json"))
    assert (summary["users"], summary["items"], summary["events"]) == (2, 3, 3)
    assert summary["density"] == pytest.approx(3 / 6)
    assert (summary["mean_length"], summary["median_length"], summary["longest"]) == (1.5, 1.5, 2)
    assert (summary["first_event"], summary["last_event"]) == ("1970-01-01T00:00:06Z", "1970-01-01T00:00:10Z")
    assert (summary["categories"], summary["uncategorised"]) == (2, 1)
    report = summary["report"]
    assert (report["tied_events"], report["users_tied_at_the_end"]) == (2, 1)
    assert (report["items_without_events"], report["items_without_title"]) == (1, 0)
    assert [(d["reason"], d["count"], d["first"]) for d in report["dropped"]] == [
        ("unreadable rating", 1, "log.csv:5"),
        ("repeated user and item", 1, "log.csv:4"),
    ]


def test_describe_as_tables_shows_the_same(log: Path) -> None:
    text = describe(str(log))
    for expected in (
        "3 (1 without events)",
        "3 of 5 events kept",
        "unreadable rating",
        "log.csv:5",
        "50.000%",
    ):
        assert expected in text
    assert "nothing was dropped" not in text


def test_options_reach_the_cleaning(log: Path) -> None:
    kept = json.loads(describe(str(log), "--repeats", "keep", "--json"))
    assert kept["events"] == 4
    mapped = json.loads(describe(str(log), "--column", "time=rating", "--json", "--item-core", "2"))
    assert mapped["report"]["dropped"][0]["reason"] == "unreadable time"
    with pytest.raises(DataError, match=r"log\.csv:5: unreadable rating"):
        describe(str(log), "--strict")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "xml"],
        ["--repeats", "some"],
        ["--ties", "x"],
        ["--column", "time"],
        ["--item-core", "-1"],
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_is_allowed(log: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(data_app, ["describe", str(log), *arguments])
    assert result.exit_code == 2
    assert "Invalid value" in result.output


def test_assets_list_fetch_and_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXTINTEREST_HOME", str(tmp_path))
    runner = CliRunner()

    def fetched() -> dict[str, bool]:
        rows = json.loads(runner.invoke(assets_app, ["list", "--json"]).stdout)
        return {row["name"]: row["fetched"] for row in rows}

    assert set(fetched().values()) == {False}
    with pytest.raises(AssetError, match=r"has not been fetched.*nextinterest assets fetch ml-100k"):
        runner.invoke(assets_app, ["path", "ml-100k"], catch_exceptions=False)
    result = runner.invoke(assets_app, ["fetch", "ml-100k"], catch_exceptions=False)
    folder = tmp_path / "assets" / "ml-100k-1.2.1"
    assert result.stdout == f"ml-100k\t{folder}\n"
    assert "GroupLens" in result.stderr
    assert runner.invoke(assets_app, ["path", "ml-100k"]).stdout == f"{folder}\n"
    assert fetched()["ml-100k"]
    table = runner.invoke(assets_app, ["list"], env={"COLUMNS": "160"}).stdout
    assert "smollm2-135m-instruct" in table


def test_a_wrong_name_is_judged_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXTINTEREST_HOME", str(tmp_path))
    with pytest.raises(AssetError, match="no asset 'nope'"):
        CliRunner().invoke(assets_app, ["fetch", "ml-100k", "nope"], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
