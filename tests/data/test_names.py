"""Ids, titles and categories: one form for what looks alike, text that stays text, missing ones counted."""

from __future__ import annotations

import json
from pathlib import Path
from unicodedata import normalize

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.characters import DIRECTION_CONTROLS
from nextinterest.data import Dataset, load
from nextinterest.data.missing import MISSING
from nextinterest.data.names import normal_names
from nextinterest.domain import Event, normal_name


def events(path: Path) -> list[tuple[str, str]]:
    dataset = load(path)
    log = dataset.log
    return [(log.user_ids[u], dataset.catalog.ids[i]) for u, i in zip(log.users, log.items, strict=True)]


def kinds(dataset: Dataset, user: str) -> tuple[Event, ...]:
    position = dataset.log.user(user)
    assert position is not None
    return tuple(dataset.log.history(position).events(dataset.catalog))


def write(folder: Path, rows: str, items: str | None = None) -> Path:
    (folder / "log.csv").write_text("user_id,item_id,timestamp\n" + rows)
    if items is not None:
        (folder / "items.csv").write_text("item_id,title,genres\n" + items)
    return folder / "log.csv"


def test_missing_ids_are_counted_and_other_words_stay(tmp_path: Path) -> None:
    words = [word for word in MISSING if word]
    rows = "".join(f"{word},x,{1700000000 + i}\n" for i, word in enumerate(words))
    kept = ("none", "Na", "Nan", "unknown", "0", "-")
    rows += "".join(f"{word},x,1700000100\n" for word in kept) + "ada,NULL,1700000200\n"
    dataset = load(write(tmp_path, rows))
    assert dataset.log.user_ids == kept
    assert [(d.reason, d.count, d.first) for d in dataset.report.dropped] == [
        ("no user id", len(words), "log.csv:2"),
        ("no item id", 1, f"log.csv:{len(words) + len(kept) + 2}"),
    ]


def test_ids_written_as_floats_are_whole_numbers_on_both_sides(tmp_path: Path) -> None:
    path = write(tmp_path, "1.0,10.0,1700000000\n1.0,11.0,1700000100\n", "10,Ten,A\n11,Eleven,B\n")
    dataset = load(path)
    assert (dataset.log.user_ids, dataset.catalog.ids, dataset.catalog.titles) == (
        ("1",),
        ("10", "11"),
        ("Ten", "Eleven"),
    )
    assert "user_id of the events, item_id of the events" in " ".join(dataset.report.notes)
    other = write(tmp_path, "1,10,1700000000\n1,11,1700000100\n", "10.0,Ten,A\n11.0,Eleven,B\n")
    assert load(other).catalog.titles == ("Ten", "Eleven")


@pytest.mark.parametrize(
    "ids",
    [
        ["1.10", "1.0"],  # versions
        ["10.0", "x"],
        ["007", "7"],
        ["9007199254740993", "9007199254740992"],
        ["1e5", "abc"],
        ["10.5", "11.0"],
        ["a b", 'q"q'],
    ],
)
def test_other_ids_stay_as_they_are_written(tmp_path: Path, ids: list[str]) -> None:
    frame = pl.DataFrame({"user_id": ids, "item_id": ids, "timestamp": [1700000000, 1700000001]})
    frame.write_csv(tmp_path / "log.csv")
    frame.write_parquet(tmp_path / "log.parquet")
    for name in ("log.csv", "log.parquet"):
        assert events(tmp_path / name) == [(one, one) for one in ids]
        assert load(tmp_path / name).report.notes == ()


def test_ids_that_a_table_tool_rewrote_in_part_are_named(tmp_path: Path) -> None:
    notes = " ".join(
        load(write(tmp_path, "u,10.0,1700000000\nu,10,1700000001\nv,x,1700000002\n")).report.notes
    )
    assert "1 id of items written as whole numbers and as floats (10.0)" in notes
    notes = " ".join(load(write(tmp_path, "u,1.23E+12,1700000000\nu,10,1700000001\n")).report.notes)
    assert "1 id of items in scientific notation (1.23E+12)" in notes


def test_one_name_in_two_unicode_forms_is_one(tmp_path: Path) -> None:
    apart = normalize("NFD", "zoë"), normalize("NFD", "é1"), normalize("NFD", "Comédie")
    path = write(
        tmp_path,
        f"zoë,é1,1700000000\n{apart[0]},b,1700000100\nann,b,1700000300\nann\u200b,{apart[1]},1700000400\n",
        f"é1,Café,Comédie|Drame\nb,{normalize('NFD', 'Château')},{apart[2]}\n",
    )
    dataset = load(path)
    assert events(path) == [("zoë", "é1"), ("zoë", "b"), ("ann", "b"), ("ann", "é1")]
    assert dataset.catalog.titles == ("Café", "Château")
    assert dataset.catalog.categories == (("Comédie", "Drame"), ("Comédie",))
    assert "3 ids (2 of users and 1 of items)" in dataset.report.notes[0]


def test_what_is_asked_for_is_found_in_either_form(tmp_path: Path) -> None:
    dataset = load(write(tmp_path, "zoë,é1,1700000000\nann,b,1700000001\n"))
    for wanted in ("zoë", normalize("NFD", "zoë"), "zoë\u200b"):
        assert dataset.log.user(wanted) == 0
    assert dataset.log.user("zoe") is None
    apart = normalize("NFD", "é1")
    assert apart in dataset.catalog
    assert dataset.catalog.position(apart) == dataset.catalog.position("é1")
    assert "e1" not in dataset.catalog
    assert 7 not in dataset.catalog


MARKS = tuple(sorted(DIRECTION_CONTROLS))
CHARACTERS = st.characters(exclude_categories=["Cs", "Cn"]) | st.sampled_from(MARKS)


@pytest.mark.parametrize("mark", MARKS, ids=[f"{ord(mark):04X}" for mark in MARKS])
def test_direction_changing_characters_are_removed_and_counted(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "log.jsonl"
    rows = [
        {"user_id": f"a{mark}nn", "item_id": "i", "title": f"T{mark}op", "event_type": f"lik{mark}e"},
        {"user_id": "bob", "item_id": f"{mark}j{mark}", "title": f"&#{ord(mark)};Jam", "event_type": "like"},
        {"user_id": f"{mark}", "item_id": "i", "title": "Top", "event_type": "like"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    items = [
        {
            "item_id": "i",
            "title": f"T{mark}op",
            "category": [f"Sp{mark}read", "Tea"],
            "description": f"{mark}x",
        },
        {"item_id": "j", "title": f"&#{ord(mark)};Jam", "category": ["Tea"], "brand": f"A{mark}cme"},
    ]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, items)))
    dataset = load(path, items=tmp_path / "items.jsonl")
    assert dataset.log.user_ids == ("ann", "bob")
    assert dataset.catalog.ids == ("i", "j")
    assert dataset.catalog.titles == ("Top", "Jam")
    assert dataset.catalog.categories == (("Spread", "Tea"), ("Tea",))
    assert dataset.catalog.descriptions == ("x", None)
    assert dataset.catalog[1].attributes == {"brand": "Acme"}
    assert [event.kind for user in ("ann", "bob") for event in kinds(dataset, user)] == ["like", "like"]
    (note,) = [note for note in dataset.report.notes if "direction" in note]
    assert note == (
        "direction-changing characters (U+202E and the like) were removed from 2 user ids, 1 item id, "
        "1 kind of event, 2 titles, 1 category, 1 description, 1 attribute"
    )
    assert dataset.report.count("no user id") == 1
    assert dataset.log.user(f"an{mark}n") == 0
    assert note in load(path, items=tmp_path / "items.jsonl").report.notes


def test_marks_that_names_in_arabic_and_hebrew_need_stay(tmp_path: Path) -> None:
    dataset = load(write(tmp_path, "u,a\u200fb,1700000000\n", "a\u200fb,\u05d0\u200e1,X\n"))
    assert dataset.catalog.ids == ("a\u200fb",)
    assert dataset.catalog.titles == ("\u05d0\u200e1",)
    assert not any("direction" in note for note in dataset.report.notes)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cn"]) | st.sampled_from(MARKS), max_size=6),
        min_size=1,
        max_size=5,
    )
)
def test_columns_and_single_names_have_the_same_form(texts: list[str]) -> None:
    once = normal_names(pl.Series(texts, dtype=pl.String)).to_list()
    assert once == [normal_name(text) for text in texts]
    assert [normal_name(text) for text in once] == once
