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
    ],
)
def test_columns_are_proposed_by_the_kinds_of_their_values(text: str, expected: dict[str, int]) -> None:
    assert propose_columns([line.split(",") for line in text.split("\n")]) == expected


def test_without_two_columns_of_ids_nothing_is_proposed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("5,1700000000\n6,1700000100\n")
    with pytest.raises(DataError, match="no two of its columns look like ids") as caught:
        load(tmp_path / "a.csv")
    assert "column" not in caught.value.command.replace("columns", "")


def test_a_table_of_items_without_a_header_is_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user,item\nu1,7\n")
    (tmp_path / "items.csv").write_text("7,Lamp\n8,Chair\n")
    with pytest.raises(DataError, match=r"items\.csv:1: .*looks like data.*Write the names of its columns"):
        load(tmp_path / "a.csv")
    (tmp_path / "items.csv").write_text("item,title\n7,Lamp\n8,Chair\n")
    assert load(tmp_path / "a.csv").catalog.titles == ("Lamp", "Chair")
