"""Kinds and weights of events, and what a table of items says beside titles and categories."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from nextinterest.data import CleaningConfig, Dataset, load
from nextinterest.data.summary import summarise
from nextinterest.domain import Availability, Conditions, Event, Where
from nextinterest.errors import DataError

EVENTS = """visitor_id,sku,event_type,quantity,ts
ann,mill,view,,1700000000
ann,mill,addToCart,1,1700000060
ann,mill,Purchase,2,1700000060
bob,beans,purchase,"1,5",1700000000
bob,mill,,,1700000100
"""
GOODS = """sku,name,category,brand,price,in_stock,colours,grams,organic,released,blurb
mill,Mill,Kitchen,Graef,"€ 89,90",1,"['red', 'blue']",1200.5,false,2023-05-01,{long}
beans,Beans,Food,,"12,50 EUR",0,black|brown,250,true,,{long}
kettle,Kettle,Kitchen,Kuchl,on request,NA,,900,,2024,{long}
""".format(long="words " * 60)
KEEP = CleaningConfig(repeats="keep")


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def events(dataset: Dataset) -> dict[str, list[Event]]:
    return {h.user or "": h.events(dataset.catalog) for h in dataset.log.histories()}


def test_kinds_are_read_whatever_they_are_called(tmp_path: Path) -> None:
    dataset = load(write(tmp_path, clicks__csv=EVENTS) / "clicks.csv", cleaning=KEEP)
    found = {u: [(e.item, e.kind, e.weight) for e in of] for u, of in events(dataset).items()}
    assert found == {
        "ann": [("mill", "view", None), ("mill", "cart", 1.0), ("mill", "buy", 2.0)],
        "bob": [("beans", "buy", 1.5), ("mill", None, None)],
    }
    assert summarise(dataset).kinds == {"buy": 2, "view": 1, "cart": 1}
    assert dataset.report.repeated_events == 2
    assert dataset.report.dropped == ()


def test_events_of_one_moment_and_other_kinds_are_no_duplicates(tmp_path: Path) -> None:
    text = EVENTS + "ann,mill,Purchase,2,1700000060\n"
    dataset = load(write(tmp_path, clicks__csv=text) / "clicks.csv", cleaning=KEEP)
    assert dataset.report.count("exact duplicate") == 1
    assert dataset.log.n_events == 5


def test_repeats_are_counted_when_dropped_too(tmp_path: Path) -> None:
    dataset = load(write(tmp_path, clicks__csv=EVENTS) / "clicks.csv")
    assert dataset.report.repeated_events == dataset.report.count("repeated user and item") == 2
    assert [(e.item, e.kind) for e in events(dataset)["ann"]] == [("mill", "buy")]


@pytest.mark.parametrize("beside", [True, False])
def test_a_table_of_items_gives_details(tmp_path: Path, beside: bool) -> None:
    folder = write(tmp_path, clicks__csv=EVENTS, **{"items__csv" if beside else "goods__csv": GOODS})
    dataset = load(folder / "clicks.csv", None if beside else folder / "goods.csv")
    mill, beans, kettle = dataset.catalog
    assert (mill.title, mill.categories, mill.price) == ("Mill", ("Kitchen",), 89.9)
    assert mill.available == Availability(stock=1)
    assert mill.published == datetime(2023, 5, 1, tzinfo=UTC)
    assert mill.attributes == {
        "brand": "Graef",
        "colours": ("red", "blue"),
        "grams": 1200.5,
        "organic": False,
    }
    assert (beans.price, beans.available) == (12.5, Availability(stock=0))
    assert beans.attributes == {"colours": ("black", "brown"), "grams": 250.0, "organic": True}
    assert (kettle.price, kettle.available) == (None, None)
    assert kettle.published == datetime(2024, 1, 1, tzinfo=UTC)
    notes = " ".join(dataset.report.notes)
    assert "1 value of price of items cannot be read (on request)" in notes
    assert "blurb of the items was not read" in notes
    mask = Conditions(dataset.catalog).mask(Where(attributes={"brand": "graef"}, price_to=90, available=True))
    assert mask.tolist() == [True, False, False]


def test_a_second_table_for_every_format(tmp_path: Path) -> None:
    goods = tmp_path / "goods.csv"
    goods.write_text("item,title,brand\n1,One,Graef\n2,Two,\n")
    made = {
        "a.inter": "user_id:token\titem_id:token\tbehavior:token\nu\t1\tpv\nu\t2\tbuy\n",
        "u.data": "u\t1\t5\t1700000000\nu\t2\t4\t1700000001\n",
        "r.jsonl": "\n".join(
            json.dumps({"user_id": "u", "parent_asin": i, "rating": 5, "timestamp": 1700000000000 + n})
            for n, i in enumerate("12")
        ),
        "e.csv": "user,item,action\nu,1,view\nu,2,buy\n",
    }
    for name, text in made.items():
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        (folder / name).write_text(text)
        dataset = load(folder / name, goods)
        assert [item.title for item in dataset.catalog] == ["One", "Two"], name
        assert [dict(item.attributes) for item in dataset.catalog] == [{"brand": "Graef"}, {}], name
        assert "goods.csv" in dataset.report.files
    pl.read_csv(goods).write_parquet(tmp_path / "goods.parquet")
    dataset = load(tmp_path / "a_inter" / "a.inter", str(tmp_path / "goods.parquet"))
    assert [event.kind for event in events(dataset)["u"]] == ["view", "buy"]
    assert dataset.catalog[0].attributes == {"brand": "Graef"}


def test_atomic_files_keep_what_is_known_of_items(tmp_path: Path) -> None:
    write(
        tmp_path,
        a__inter="user_id:token\titem_id:token\nu\t1\n",
        a__item="item_id:token\ttitle:token_seq\tprice:float\tbrand:token\ttags:token_seq\tcolour:token_seq\n"
        "1\tKite\t9.5\tWing\tOutdoor Toy\tred blue\n",
    )
    item = load(tmp_path / "a.inter").catalog[0]
    assert (item.price, item.categories) == (9.5, ("Outdoor", "Toy"))
    assert item.attributes == {"brand": "Wing", "colour": ("red", "blue")}


def test_a_parquet_table_of_items_may_hold_what_is_no_attribute(tmp_path: Path) -> None:
    write(tmp_path, e__csv="user,item\nu,1\n")
    frame = pl.DataFrame(
        {"item": [1], "colours": [["red", "blue"]], "vector": [[0.1, 0.2]], "more": [{"a": 1}], "bpm": [120]},
        schema_overrides={"vector": pl.Array(pl.Float32, 2)},
    )
    frame.write_parquet(tmp_path / "items.parquet")
    assert load(tmp_path / "e.csv").catalog[0].attributes == {"colours": ("red", "blue"), "bpm": 120}


def test_json_lines_of_items_may_hold_lists(tmp_path: Path) -> None:
    rows = [{"item": "1", "title": "One", "colours": ["red", "blue"]}, {"item": "2", "title": "Two"}]
    write(tmp_path, e__csv="user,item\nu,1\nu,2\n", items__jsonl="\n".join(map(json.dumps, rows)))
    catalog = load(tmp_path / "e.csv").catalog
    assert [dict(item.attributes) for item in catalog] == [{"colours": ("red", "blue")}, {}]


def test_ids_among_attributes_stay_text(tmp_path: Path) -> None:
    write(
        tmp_path, e__csv="user,item\nu,1\n", items__csv="item,title,ean,code\n1,One,0042,12345678901234567\n"
    )
    assert load(tmp_path / "e.csv").catalog[0].attributes == {"ean": "0042", "code": "12345678901234567"}


def test_a_column_of_too_many_values_is_no_kind(tmp_path: Path) -> None:
    rows = "".join(f"u,{i},what{i}\n" for i in range(200))
    dataset = load(write(tmp_path, e__csv="user,item,event\n" + rows) / "e.csv")
    assert dataset.log.kinds is None
    assert "event has 200 different values and was not read as the kind of event" in dataset.report.notes


def test_dates_of_publication_that_can_be_read_in_two_ways_are_noted(tmp_path: Path) -> None:
    write(tmp_path, e__csv="user,item\nu,1\nu,2\n", items__csv="item,released\n1,01/02/2023\n2,03/04/2023\n")
    dataset = load(tmp_path / "e.csv")
    assert dataset.catalog.details.published is None
    assert any(note.startswith("published of items was not read: ") for note in dataset.report.notes)


def test_an_unreadable_weight_is_dropped_and_counted(tmp_path: Path) -> None:
    dataset = load(write(tmp_path, e__csv="user,item,qty\nu,1,2\nu,2,many\n") / "e.csv")
    assert dataset.report.count("unreadable weight") == 1


def test_a_table_of_items_that_is_none(tmp_path: Path) -> None:
    write(tmp_path, e__csv="user,item\nu,1\n", other__csv="colour,size\nred,3\n")
    with pytest.raises(DataError, match=r"no column of .* is the item"):
        load(tmp_path / "e.csv", tmp_path / "other.csv")
    with pytest.raises(DataError, match="no table of items"):
        load(tmp_path / "e.csv", tmp_path / "absent.csv")
    with pytest.raises(DataError, match="is a folder"):
        load(tmp_path / "e.csv", tmp_path)
    with pytest.raises(DataError, match="not a list"):
        load(tmp_path / "e.csv", [])  # type: ignore[arg-type]
