"""What the columns of a table without a header are proposed to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextinterest.data import load
from nextinterest.data.sources.roles import propose_columns
from nextinterest.errors import DataError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,242,3,881250949\n1,302,3,891717742", {"user": 0, "item": 1, "rating": 2, "time": 3}),
        ("978300760,1,1193,5\n978302109,1,661,3", {"user": 1, "item": 2, "rating": 3, "time": 0}),
        ("1700000000123,u1,b1\n1700000000456,u2,b2", {"user": 1, "item": 2, "time": 0}),
        ("2023-12-25,u1,lamp\n2023-12-26,u2,chair", {"user": 1, "item": 2, "time": 0}),
        ("01/02/2023,u1,lamp\n03/04/2023,u2,chair", {"user": 1, "item": 2, "time": 0}),
        ("u1,20231225,lamp\nu2,20231226,chair", {"user": 0, "item": 2, "time": 1}),
        ("0,u1,lamp,5\n1,u1,chair,4\n2,u2,chair,4", {"user": 1, "item": 2, "rating": 3}),
        ("1,10,5\n2,11,4\n3,10,3", {"user": 0, "item": 1, "rating": 2}),
        ("view,u1,4460\ncart,u1,3907\nview,u2,1\nview,u2,2", {"user": 1, "item": 2}),
        ("4.5,u1,b7\n3.0,u1,b9", {"user": 1, "item": 2, "rating": 0}),
        (
            "u1,b1,The Red Lamp,Home|Light\nu1,b2,Blue Chair,Home",
            {"user": 0, "item": 1, "title": 2, "categories": 3},
        ),
        ("ann,The Red Lamp\nbo,Blue Chair", {"user": 0, "item": 1}),
        ("1,2\n1,3", {"user": 0, "item": 1}),
        ("35000,36000\n35001,36001", {"user": 0, "item": 1}),  # days of Excel, or ids
        ("5,1700000000\n6,1700000100", {"user": 0, "time": 1}),
        ("5,,1700000000\n6,NA,1700000100", {"user": 0, "time": 2}),
        (  # Gowalla
            "0,2010-10-19T23:55:27Z,30.2359091167,-97.7951395833,22847\n"
            "0,2010-10-18T22:17:43Z,30.2691029532,-97.7493953705,420315",
            {"user": 0, "item": 4, "time": 1},
        ),
        (  # Steam-200k
            "151603712,The Elder Scrolls V Skyrim,purchase,1.0,0\n"
            "151603712,The Elder Scrolls V Skyrim,play,273.0,0\n"
            "151603712,Fallout 4,purchase,1.0,0\n151603712,Fallout 4,play,87.0,0",
            {"user": 0, "item": 1},
        ),
        (  # Taobao
            "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,pv,1511561733\n"
            "1,2576651,149192,pv,1511572885\n1,3830808,4181361,pv,1511593493",
            {"user": 0, "item": 1, "time": 4},
        ),
        (  # YOOCHOOSE
            "1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:09.868Z,214536500,0\n"
            "2,2014-04-07T13:56:37.614Z,214662742,0",
            {"user": 0, "item": 2, "time": 1},
        ),
        ("u1,4.25\nu2,3.5", {"user": 0, "rating": 1}),
        (
            "Radiohead,OK Computer,Airbag,25 Dec 2023 18:30\nPortishead,Dummy,Roads,25 Dec 2023 18:35",
            {},
        ),
    ],
)
def test_columns_are_proposed_by_the_kinds_of_their_values(text: str, expected: dict[str, int]) -> None:
    assert propose_columns([line.split(",") for line in text.split("\n")]) == expected


def test_without_two_columns_of_ids_nothing_is_proposed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("5,1700000000\n6,1700000100\n")
    with pytest.raises(DataError, match="no two of its columns look like ids") as caught:
        load(tmp_path / "a.csv")
    assert "[0] 5  [1] 1700000000" in caught.value.message
    assert "--column user=N" in caught.value.command


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        (
            "behaviors.tsv",
            "1\tU13740\t11/11/2019 9:05:58 AM\tN55189 N42782\tN55689-1 N35729-0\n"
            "2\tU91836\t11/12/2019 6:11:30 PM\tN31739 N6072\tN20678-0 N39317-0\n",
            "[0] 1  [1] U13740  [2] 11/11/2019 9:05:58 AM  [3] N55189 N42782  [4] N55689-1 N35729-0",
        ),
        ("train.txt", "0 1 2 3\n1 4 5\n2 6 7 8 9\n", "[0] 0  [1] 1  [2] 2  [3] 3"),
        ("train.txt", "5 11 2 3\n6 4 5\n7 6 7 8 9\n", "[0] 5  [1] 11  [2] 2  [3] 3"),
        (
            "lastfm.csv",
            "Radiohead,OK Computer,Airbag,25 Dec 2023 18:30\nPortishead,Dummy,Roads,25 Dec 2023 18:35\n",
            "[0] Radiohead  [1] OK Computer  [2] Airbag  [3] 25 Dec 2023 18:30",
        ),
    ],
)
def test_where_no_proposal_is_safe_the_first_rows_are_shown(
    tmp_path: Path, name: str, text: str, row: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match="no two of its columns look like ids") as caught:
        load(tmp_path / name)
    error = caught.value
    assert row in error.message
    assert "NAME" not in f"{error.remedy} {error.command}"
    assert "one line for each" in error.command


def test_a_header_of_dates_above_other_cells_is_a_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("who,25 Dec 2023,26 Dec 2023\nann,3,4\nbo,1,2\n")
    with pytest.raises(DataError, match=r"no column of \['who'"):
        load(tmp_path / "a.csv")


def test_the_time_of_a_table_without_a_header_is_given_by_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u1,7,1700000000\nu2,8,1700000060\n")
    (warning,) = load(tmp_path / "a.csv", columns={"user": 0, "item": 1}).report.warnings
    assert "--column time=2" in warning
    assert "NAME" not in warning
    assert load(tmp_path / "a.csv", columns={"user": 0, "item": 1, "time": 2}).log.times is not None


def test_a_table_of_items_without_a_header_is_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user,item\nu1,7\n")
    (tmp_path / "items.csv").write_text("7,Lamp\n8,Chair\n")
    with pytest.raises(DataError, match=r"items\.csv:1: .*looks like data.*Write the names of its columns"):
        load(tmp_path / "a.csv")
    (tmp_path / "items.csv").write_text("item,title\n7,Lamp\n8,Chair\n")
    assert load(tmp_path / "a.csv").catalog.titles == ("Lamp", "Chair")
