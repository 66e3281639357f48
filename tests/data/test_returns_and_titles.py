"""Negative weights, ids that are not set and items with several titles are counted in the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextinterest.data import load
from nextinterest.data.faults import NEGATIVE_WEIGHT, NO_ITEM, NO_USER
from nextinterest.errors import DataError


def test_an_event_of_negative_weight_is_dropped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("user,item,quantity\nu1,a,2\nu1,b,-1\nu2,a,0\n")
    dataset = load(path)
    assert dataset.report.count(NEGATIVE_WEIGHT) == 1
    assert (dataset.report.dropped[0].first, dataset.report.dropped[0].cell) == ("sales.csv:3", "'-1'")
    assert dataset.log.n_events == 2
    assert load(path, columns={"weight": None}).log.n_events == 3  # the remedy
    path.write_text("user,item,quantity\nu1,b,-1\n")
    with pytest.raises(DataError, match="negative weight") as caught:
        load(path)
    assert "--column weight=" in caught.value.command


def test_a_return_may_have_a_negative_weight(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("user,item,quantity,action\nu1,a,2,buy\nu1,b,-1,return\nu2,a,1,buy\n")
    assert load(tmp_path / "sales.csv").log.n_events == 3


def test_an_id_that_is_not_set_is_missing(tmp_path: Path) -> None:
    (tmp_path / "ga4.csv").write_text("user,item\n(not set),a\nu1,(not set)\nu1,a\n")
    report = load(tmp_path / "ga4.csv").report
    assert (report.count(NO_USER), report.count(NO_ITEM), report.events_kept) == (1, 1, 1)


def test_items_with_several_titles_are_counted_with_an_example(tmp_path: Path) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text("user,item,title\nu1,a,Lamp\nu2,a,Red Lamp\nu1,b,Chair\nu2,b, Chair\nu3,b,\n")
    dataset = load(path)
    assert dataset.catalog.titles == ("Lamp", "Chair")
    assert dataset.report.notes == (
        "1 item has several titles, of which the first counts: a is 'Lamp', not 'Red Lamp'",
    )
