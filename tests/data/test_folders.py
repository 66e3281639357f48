"""Folders of several tables, of empty parts, and of parts without an ending."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from nextinterest.data import Dataset, load
from nextinterest.errors import DataError

CLICKS = "user_id,item_id,timestamp\nu1,a,1700000000\nu1,b,1700000100\nu2,a,1700000200\n"
PRODUCTS = "product_id,title,category\na,Kite,Outdoor\nb,Top,Indoor\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def titles(dataset: Dataset) -> dict[str, str]:
    return dict(zip(dataset.catalog.ids, dataset.catalog.titles, strict=True))


@pytest.mark.parametrize("names", [("events.csv", "products.csv"), ("z.csv", "a.csv")])
def test_the_table_with_a_user_and_an_item_is_that_of_the_events(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    dataset = load(write(tmp_path, dict(zip(names, (CLICKS, PRODUCTS), strict=True))))
    assert dataset.log.n_events == 3
    assert titles(dataset) == {"a": "Kite", "b": "Top"}
    assert dataset.report.files == names


def test_ratings_books_and_users(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "Books.csv": "ISBN;Book-Title;Year-Of-Publication\n01;Kite;1999\n02;Top;2000\n",
            "Ratings.csv": "User-ID;ISBN;Book-Rating\n1;01;3\n2;02;4\n",
            "Users.csv": "User-ID;Location;Age\n1;here;31\n2;there;64\n",
            "notes.csv": "what;why\n1;2\n",
        },
    )
    dataset = load(tmp_path)
    assert titles(dataset) == {"01": "Kite", "02": "Top"}
    assert dataset.users is not None
    assert dataset.users["Age"].to_list() == ["31", "64"]
    assert "not read of the folder: notes.csv" in dataset.report.notes
    (tmp_path / "Users.csv").rename(tmp_path / "Readers.csv")
    assert load(tmp_path).users is not None


def test_a_table_with_a_user_several_times_is_none_of_users(tmp_path: Path) -> None:
    write(tmp_path, {"clicks.csv": CLICKS, "orders.csv": "order_id,user_id\n1,u1\n2,u1\n"})
    dataset = load(tmp_path)
    assert dataset.users is None
    assert any("orders.csv has users several times" in note for note in dataset.report.notes)


def test_parts_lie_beside_their_items(tmp_path: Path) -> None:
    header, *rows = CLICKS.splitlines()
    write(tmp_path, {"train.csv": "\n".join([header, *rows[:2]]), "test.csv": f"{header}\n{rows[2]}\n"})
    dataset = load(write(tmp_path, {"products.csv": PRODUCTS}))
    assert dataset.report.files == ("train.csv", "test.csv", "products.csv")
    assert dataset.log.n_events == 3


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_tables_of_other_kinds_are_told_apart(tmp_path: Path, kind: str) -> None:
    for name, text in (("clicks", CLICKS), ("products", PRODUCTS)):
        frame = pl.read_csv(text.encode())
        if kind == "parquet":
            frame.write_parquet(tmp_path / f"{name}.parquet")
        else:
            frame.write_ndjson(tmp_path / f"{name}.jsonl")
    assert titles(load(tmp_path)) == {"a": "Kite", "b": "Top"}


def test_two_tables_of_events_are_asked_about(tmp_path: Path) -> None:
    write(tmp_path, {"clicks.csv": CLICKS, "buys.csv": "user_id,item_id,price\nu1,b,3\n"})
    with pytest.raises(DataError, match=r"not parts of one table\. Give one of the files") as raised:
        load(tmp_path)
    advised = raised.value.command.split("such as ")[1].split(",")[0]
    assert load(advised).log.n_events in (1, 3)


def test_no_table_of_events_is_said_and_the_remedy_works(tmp_path: Path) -> None:
    write(tmp_path, {"clicks.csv": CLICKS.replace("user_id", "who"), "products.csv": PRODUCTS})
    with pytest.raises(DataError, match=r"clicks\.csv has \['who'.*products\.csv has") as raised:
        load(tmp_path)
    assert "--column user=NAME --column item=NAME" in raised.value.command
    dataset = load(tmp_path, columns={"user": "who", "item": "item_id"})
    assert titles(dataset) == {"a": "Kite", "b": "Top"}


def test_two_tables_of_items_are_asked_about_and_the_remedy_works(tmp_path: Path) -> None:
    write(
        tmp_path, {"clicks.csv": CLICKS, "products.csv": PRODUCTS, "old.csv": PRODUCTS.replace("Kite", "X")}
    )
    with pytest.raises(DataError, match=r"several tables of items.*old\.csv.*products\.csv") as raised:
        load(tmp_path)
    assert raised.value.remedy == f"Name the one, as in items={str(tmp_path / 'old.csv')!r}."
    assert titles(load(tmp_path, items=tmp_path / "old.csv"))["a"] == "X"


# Empty parts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "json", "parquet", "csv.gz", ""])
@pytest.mark.parametrize("empty", [b"", b"\n\n"])
def test_an_empty_part_is_passed_over_with_a_note(tmp_path: Path, ending: str, empty: bytes) -> None:
    dot = f".{ending}" if ending else ""
    (tmp_path / f"part-00000{dot}").write_bytes(gzip.compress(empty) if ending.endswith("gz") else empty)
    path, frame = tmp_path / f"part-00001{dot}", pl.read_csv(CLICKS.encode())
    if ending == "parquet":
        frame.write_parquet(path)
    elif ending == "json":
        frame.write_ndjson(path)
    else:
        path.write_bytes(gzip.compress(CLICKS.encode()) if ending.endswith("gz") else CLICKS.encode())
    dataset = load(tmp_path)
    assert dataset.log.n_events == 3
    assert f"part-00000{dot} is empty and was passed over" in dataset.report.notes


def test_empty_files_that_are_no_mere_parts_are_refused(tmp_path: Path) -> None:
    for names in (("train.csv", "test.csv"), ("a.csv",)):
        for name in names:
            (tmp_path / name).write_text("" if name != "test.csv" else CLICKS)
        with pytest.raises(DataError, match=rf"{names[0]} is empty"):
            load(tmp_path)
        for name in names:
            (tmp_path / name).unlink()


# Parts without an ending --------------------------------------------------------------------------------


ENDINGLESS = ("part-0000{}", "part-r-0000{}", "part-0000{}-1f2e-c000", "00000{}_0", "part-{}.gz")
PARTS = [
    (name, kind)
    for name in ENDINGLESS
    for kind in ("csv", "json", "parquet", "tsv")
    if (name, kind) != ("part-{}.gz", "parquet")  # packed Parquet is refused
]


@pytest.mark.parametrize(("name", "kind"), PARTS)
def test_parts_without_an_ending_are_known_by_their_content(tmp_path: Path, name: str, kind: str) -> None:
    frame = pl.read_csv(CLICKS.encode())
    for i in range(2):
        path, rows = tmp_path / name.format(i), frame[2 * i : 2 * i + 2]
        if kind == "parquet":
            rows.write_parquet(path)
            continue
        text = (
            rows.write_ndjson()
            if kind == "json"
            else rows.write_csv(separator="\t" if kind == "tsv" else ",")
        )
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    write(tmp_path, {"_SUCCESS": "", ".part-00000.crc": "x", "_metadata": "x", "part-00000.crc": "x"})
    assert load(tmp_path).log.n_events == 3
    assert load(tmp_path / name.format(0)).log.n_events == 2


def test_parts_without_a_header_are_read_by_place(tmp_path: Path) -> None:
    rows = [json.dumps([f"u{i}", "a"])[1:-1] for i in range(4)]
    write(tmp_path, {"part-00000": "\n".join(rows[:2]), "part-00001": "\n".join(rows[2:])})
    assert load(tmp_path, columns={"user": 0, "item": 1}).log.n_events == 4


EVENTS = {"csv": "clicks.csv", "inter": "toys.inter", "movielens": "u.data", "jsonl": "clicks.jsonl"}
TEXTS = {
    "csv": CLICKS,
    "inter": "user_id:token\titem_id:token\nu1\ta\nu2\tb\n",
    "movielens": "1\t2\t3\t881250949\n2\t2\t4\t881250950\n",
    "jsonl": '{"user": "u1", "item": "a"}\n{"user": "u2", "item": "b"}\n',
}


@pytest.mark.parametrize("kind", EVENTS)
def test_whatever_else_a_folder_holds_is_named(tmp_path: Path, kind: str) -> None:
    others = {"README.md": "x", "model.pkl": "x", "notes.xml": "x", "_old.csv": CLICKS, "LICENSE": "x"}
    if kind != "csv":
        others["part.parquet.crc"] = "x"
    write(tmp_path, {EVENTS[kind]: TEXTS[kind], "_SUCCESS": "", ".hidden": "x", **others})
    (tmp_path / "more").mkdir()
    dataset = load(tmp_path)
    assert dataset.report.files == (EVENTS[kind],)
    named = [note for note in dataset.report.notes if note.startswith("not read of the folder: ")]
    assert [note.removeprefix("not read of the folder: ").split(", ") for note in named] == [
        sorted([*others, "more/"])
    ]
    assert not [note for note in load(tmp_path / EVENTS[kind]).report.notes if "not read" in note]


def test_of_many_files_some_are_named_and_the_others_counted(tmp_path: Path) -> None:
    write(tmp_path, {"clicks.csv": CLICKS, **{f"{i:03}.log": "x" for i in range(50)}})
    note = next(note for note in load(tmp_path).report.notes if "not read" in note)
    assert note.endswith(", 019.log, and 30 more")
