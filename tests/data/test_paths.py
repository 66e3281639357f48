"""What a path, a folder and a file's name may be, and what the refusals say is there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest
from support.formats import zipped
from support.tables import CLICKED, CLICKS, INTER, history, items, write

from nextinterest.data import load
from nextinterest.errors import DataError, NextInterestError


def test_a_folder_that_cannot_be_read_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"it is empty.*Read are CSV"):
        load(tmp_path)
    (tmp_path / "inner").mkdir()
    write(tmp_path, x__bin="a\n")
    with pytest.raises(DataError, match=r"looks like none .*it holds \['inner/', 'x.bin'\].*Read are CSV"):
        load(tmp_path)
    write(tmp_path, a__csv=CLICKS, b__jsonl="{}\n")
    with pytest.raises(DataError, match=r"several kinds \(jsonl, csv\).*a\.csv.*format='jsonl'"):
        load(tmp_path)
    assert history(load(tmp_path, format="csv")) == CLICKED


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("clickz.csv", r"In .* there is clicks\.csv\."),
        ("nothing/like/it.csv", r"In .* there is no 'nothing'\."),
        ("clicks.csv/inner", "neither an existing path nor an asset"),
        ("x" * 5000, "neither an existing path nor an asset"),
        ("a\0b", "neither an existing path nor an asset"),
    ],
)
def test_a_wrong_path_says_what_is_there(tmp_path: Path, name: str, message: str) -> None:
    write(tmp_path, clicks__csv=CLICKS)
    with pytest.raises(NextInterestError, match=message) as raised:
        load(str(tmp_path / name))
    assert len(str(raised.value)) < 900


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    for format_ in ("auto", "csv", "recbole"):
        with pytest.raises(DataError, match=r"a\.csv is neither a file nor a folder"):
            load(tmp_path / "a.csv", format=format_)


def test_a_mapping_may_be_of_the_files_beside(tmp_path: Path) -> None:
    write(
        tmp_path, log__csv="user,item\nu,1\n", items__csv="what,label\n1,Kite\n", users__csv="who,age\nu,7\n"
    )
    with pytest.raises(
        DataError, match=r"items\.csv:1: no column .* is the item.*columns=\{'item': 'NAME'\}"
    ):
        load(tmp_path / "log.csv")
    dataset = load(tmp_path / "log.csv", columns={"item": "what", "title": "label", "user": "who"})
    assert dataset.catalog.titles == ("Kite",)
    assert dataset.users is not None
    assert dataset.users["age"].to_list() == ["7"]
    item = "sku:token\tlabel:token_seq\nt1\tKite\n"
    write(tmp_path, toys__inter=INTER + "u\tt1\t1700000000\n", toys__item=item)
    with pytest.raises(DataError, match=r"toys\.item:1: no column 'item_id'.*columns=\{'item': 'NAME'\}"):
        load(tmp_path / "toys.inter")
    assert load(tmp_path / "toys.inter", columns={"item": "sku", "title": "label"}).catalog.titles == (
        "Kite",
    )
    with pytest.raises(DataError, match="no column 'nothing', mapped to title"):
        load(tmp_path / "toys.inter", columns={"item": "sku", "title": "nothing"})


def test_a_name_as_long_as_names_may_be_has_no_neighbours(tmp_path: Path) -> None:
    for name in ("x" * 251 + ".csv", "y" * 249 + ".inter"):
        text = CLICKS if name.endswith(".csv") else INTER + "u1\tlamp\t1700000000\n"
        write(tmp_path, **{name: text})
        assert items(load(tmp_path / name))["u1"][0] == "lamp"
    (tmp_path / "a.zip").write_bytes(zipped(CLICKS.encode(), "z" * 300 + ".csv"))
    assert history(load(tmp_path / "a.zip")) == CLICKED


def test_a_file_name_that_is_no_text_is_reported_as_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"b\xff.csv")
    path.write_text(CLICKS.replace(",", ";"))
    dataset = load(path)
    assert (dataset.name, dataset.report.files) == ("b?", ("b?.csv",))
    assert json.loads(dataset.report.model_dump_json())["notes"] == ["b?.csv is separated by ;"]


def test_numbers_for_a_table_with_a_header_are_refused_and_the_names_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("user_id,item_id,timestamp\na,x,1700000000\nb,y,1700000001\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.csv:1: the first line .* is a header") as caught:
        load(path, columns={"user": 0, "item": 1})
    assert caught.value.command == "Give names: --column user=user_id --column item=item_id"
    assert items(load(path, columns={"user": "user_id", "item": "item_id"})) == {"a": ["x"], "b": ["y"]}


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_table_without_rows_is_said_to_have_none(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame(schema={"user_id": pl.String, "item_id": pl.String, "timestamp": pl.Int64})
    frame.write_csv(tmp_path / name) if name.endswith("csv") else frame.write_parquet(tmp_path / name)
    with pytest.raises(DataError, match=rf"{name} holds no rows"):
        load(tmp_path / name)
