"""Columns are known by more than one spelling, and a table in which none is the time says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextinterest.data import load
from nextinterest.errors import DataError


@pytest.mark.parametrize(
    "header",
    [
        "user_id,product_id,purchased_at",
        "Customer ID,StockCode,InvoiceDate",
        "visitorid,itemid,eventTime",
        "userName,track-id,Played At",
    ],
)
def test_usual_names_in_any_spelling(tmp_path: Path, header: str) -> None:
    (tmp_path / "log.csv").write_text(f"{header}\nu,b,2023-01-02T00:00:00\nu,a,2023-01-01T00:00:00\n")
    dataset = load(tmp_path / "log.csv")
    assert [dataset.catalog.ids[i] for i in dataset.log.items] == ["a", "b"]
    assert dataset.report.warnings == ()


def test_no_time_among_other_columns_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,moment\nu,b,1700000001\nu,a,1700000000\n")
    report = load(tmp_path / "log.csv").report
    assert len(report.warnings) == 1
    assert "no column of ['moment'] is the time" in report.warnings[0]
    assert report.warnings[0] in report.notes
    named = load(tmp_path / "log.csv", columns={"time": "moment"})
    assert named.report.warnings == ()
    assert named.log.times is not None


def test_of_two_columns_the_first_counts_or_neither(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("session_id,user_id,item\ns,u,a\n")
    dataset = load(path)
    assert dataset.log.user_ids == ("u",)
    assert "the user is user_id, not session_id" in dataset.report.notes
    path.write_text("user_id,userId,item\na,b,c\n")
    with pytest.raises(DataError, match="may each be the user"):
        load(path)
    assert load(path, columns={"user": "userId"}).log.user_ids == ("b",)
