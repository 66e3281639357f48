"""Files as people have them: separators, headers, parts, JSON lines and Parquet."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from support.tables import CLICKED, CLICKS, INTER, history, items, write

from nextinterest.data import load
from nextinterest.errors import DataError

# Separators ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("separator", "word"), [(" ", "blanks"), ("   ", "blanks"), (",", ","), (";", ";"), ("|", "|")]
)
def test_atomic_files_with_another_separator_are_read_with_a_note(
    tmp_path: Path, separator: str, word: str
) -> None:
    inter = (
        "user_id:token item_id:token rating:float timestamp:float\nu1 t1 5 1700000000\nu1 t2 3 1700000100\n"
        "u2 t1 4 1700000200\n"
    )
    item = "item_id:token title:token\nt1 Kite\nt2 Top\n"
    if word == "blanks":
        item += "t3 Two words\n"
    write(tmp_path, toys__inter=inter.replace(" ", separator), toys__item=item.replace(" ", separator))
    dataset = load(tmp_path / "toys.inter")
    assert history(dataset) == {
        "u1": [("t1", 1700000000, 5), ("t2", 1700000100, 3)],
        "u2": [("t1", 1700000200, 4)],
    }
    assert dataset.catalog.titles == ("Kite", "Top")
    assert f"toys.inter is separated by {word}" in dataset.report.notes
    assert dataset.report.count("wrong number of fields", "items") == (word == "blanks")


def test_a_tab_in_the_header_stays_the_separator(tmp_path: Path) -> None:
    write(tmp_path, a__inter="user_id:token\titem_id:token\tmy note:token\nu\ti\tx y z\n")
    assert items(load(tmp_path / "a.inter")) == {"u": ["i"]}


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".txt", ".psv", ".dat"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_header_says_what_separates(tmp_path: Path, ending: str, separator: str) -> None:
    path = tmp_path / f"clicks{ending}"
    path.write_text(CLICKS.replace(",", separator))
    dataset = load(path)
    assert history(dataset) == CLICKED
    usual = {".csv": ",", ".psv": "|", ".dat": ","}.get(ending, "\t")
    assert bool(dataset.report.notes) == (separator != usual)
    assert history(load(path, columns={"user": "user", "item": "item"})) == CLICKED


def test_a_title_with_commas_between_semicolons(tmp_path: Path) -> None:
    write(tmp_path, a__csv='user_id;item_id;"title, in full";rating\n276;1;"Lamp, red";5\n')
    dataset = load(tmp_path / "a.csv", columns={"title": "title, in full"})
    assert dataset.catalog.titles == ("Lamp, red",)
    assert "a.csv is separated by ;" in dataset.report.notes


# Headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "::", " "])
def test_columns_by_place_mean_that_there_is_no_header(tmp_path: Path, separator: str) -> None:
    rows = "101,lamp,5,1700000000\n101,chair,4,1700000100\n102,lamp,3,1700000200\n"
    write(tmp_path, clicks__csv=rows.replace(",", separator))
    columns = {"user": 0, "item": 1, "rating": 2, "time": 3}
    assert history(load(tmp_path / "clicks.csv", columns=columns)) == {
        "101": [("lamp", 1700000000, 5), ("chair", 1700000100, 4)],
        "102": [("lamp", 1700000200, 3)],
    }


def test_the_header_that_pandas_writes_for_columns_without_names_is_one(tmp_path: Path) -> None:
    write(tmp_path, a__csv="0,1\nu,i\n")
    assert items(load(tmp_path / "a.csv", columns={"user": 0, "item": 1})) == {"u": ["i"]}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            None,
            r"first line \['101', 'lamp'.* looks like data.*columns=\{'user': 0, 'item': 1, .*'time': 3",
        ),
        ({"user": "101", "item": "lamp"}, "looks like data"),
        ({"user": 0, "item": "lamp"}, "some by position"),
        ({"user": 0, "item": 4}, "no column 4 in .*positions are 0 to 3"),
        ({"user": 0, "item": -1}, "neither a name nor a position"),
        ({"user": 0, "item": True}, "neither a name nor a position"),
        ({"user": 0}, "no column .*item"),
    ],
)
def test_a_table_without_a_header_says_so(
    tmp_path: Path, columns: dict[str, str | int] | None, message: str
) -> None:
    write(tmp_path, clicks__csv="101,lamp,5,1700000000\n102,chair,4,1700000100\n")
    with pytest.raises(DataError, match=message):
        load(tmp_path / "clicks.csv", columns=columns)


def test_names_repeated_in_a_header_matter_only_where_they_are_needed(tmp_path: Path) -> None:
    write(tmp_path, a__csv="user_id,item_id,timestamp,note,note,\nu1,lamp,1700000000,x,y,\n")
    assert items(load(tmp_path / "a.csv")) == {"u1": ["lamp"]}
    write(tmp_path, b__csv="user_id,item_id,item_id\nu1,lamp,x\n")
    with pytest.raises(DataError, match=r"b\.csv:1: a column name appears twice .*: 'item_id'"):
        load(tmp_path / "b.csv")
    write(tmp_path, c__inter="user_id:token\titem_id:token\tx:token\tx:token\t\nu1\tlamp\t1\t2\t\n")
    assert items(load(tmp_path / "c.inter")) == {"u1": ["lamp"]}
    write(tmp_path, users__csv="user,age,age,,line,problem,user_id\nu1,31,x,,L,P,z\n")
    users = load(tmp_path / "a.csv").users
    assert users is not None
    assert users.to_dicts() == [{"user_id": "u1", "line": "L", "problem": "P"}]


def test_columns_called_like_the_reader_s_own_are_data(tmp_path: Path) -> None:
    write(tmp_path, trips__csv="user,line,problem\nann,U4,late\n")
    assert items(load(tmp_path / "trips.csv", columns={"item": "line"})) == {"ann": ["U4"]}


def test_types_in_a_header_belong_to_the_names_or_not(tmp_path: Path) -> None:
    header = "user:token\tbook:token\ttimestamp:float\n"
    write(tmp_path, books__inter=header + "u1\tb1\t1700000000\nu1\tb2\t1700000100\nu2\tb1\t1700000200\n")
    for format_ in ("csv", "auto", "recbole"):
        typed = {"user": "user:token", "item": "book:token", "time": "timestamp:float"}
        for columns in (typed, {"user": "user", "item": "book"}):
            dataset = load(tmp_path / "books.inter", format=format_, columns=columns)
            assert history(dataset) == {
                "u1": [("b1", 1700000000, None), ("b2", 1700000100, None)],
                "u2": [("b1", 1700000200, None)],
            }


# Parts --------------------------------------------------------------------------------------------------


def test_train_valid_and_test_files_are_one_log(tmp_path: Path) -> None:
    write(
        tmp_path,
        toys__train__inter=INTER + "u1\tt1\t1700000000\nu1\tt2\t1700000100\nu2\tt2\t1700000000\n",
        toys__valid__inter=INTER + "u1\tt3\t1700000200\nu2\tt1\t1700000300\n",
        toys__test__inter=INTER + "u1\tt4\t1700000400\nu2\tt3\t1700000500\n",
        toys__item="item_id:token\ttitle:token_seq\nt1\tKite\nt2\tTop\nt3\tDrum\nt4\tBall\n",
    )
    dataset = load(tmp_path)
    assert history(dataset) == {
        "u1": [(f"t{i}", 1700000000 + t, None) for i, t in ((1, 0), (2, 100), (3, 200), (4, 400))],
        "u2": [(f"t{i}", 1700000000 + t, None) for i, t in ((2, 0), (1, 300), (3, 500))],
    }
    assert dataset.catalog.titles == ("Kite", "Top", "Drum", "Ball")
    assert dataset.name == "toys"
    assert dataset.report.files == ("toys.train.inter", "toys.valid.inter", "toys.test.inter", "toys.item")
    assert "leave-one-out holds out the 2 events of toys.test.inter" in dataset.report.notes
    alone = load(tmp_path / "toys.train.inter")
    assert alone.log.n_events == 3
    assert alone.catalog.titles == ("Kite", "Top", "Drum", "Ball")
    assert any("give the folder" in note for note in alone.report.notes)


def test_a_test_file_that_leave_one_out_does_not_hold_out_is_counted(tmp_path: Path) -> None:
    write(
        tmp_path,
        train__csv="user,item,time\nu,a,1\nu,b,5\nu,c,6\n",
        test__csv="user,item,time\nu,d,3\n",
    )
    dataset = load(tmp_path)
    assert items(dataset) == {"u": ["a", "d", "b", "c"]}
    note = dataset.report.notes[-1]
    assert note == "leave-one-out holds out 0 of the 1 event of test.csv, and 1 other"


def test_parts_with_nothing_to_hold_out_are_read(tmp_path: Path) -> None:
    write(tmp_path, train__csv="user,item\nu,a\n", test__csv="user,item\nu,b\n")
    assert items(load(tmp_path)) == {"u": ["a", "b"]}


DAYS = (
    {"user_id": ["u1", "u1"], "item_id": ["a", "b"], "timestamp": [1700000000, 1700000100]},
    {"user_id": ["u2", "u1"], "item_id": ["a", "c"], "timestamp": [1700000200, 1700000300]},
)
WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "parquet": lambda frame, path: frame.write_parquet(path),
    "csv": lambda frame, path: frame.write_csv(path),
    "csv.gz": lambda frame, path: path.write_bytes(gzip.compress(frame.write_csv().encode())),
    "jsonl": lambda frame, path: frame.write_ndjson(path),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_a_folder_of_parts_is_one_table(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    for i, day in enumerate(DAYS):
        WRITERS[ending](pl.DataFrame(day), folder / f"part-{i:05}.{ending}")
    write(folder, _SUCCESS="", README__txt="about\n", items__csv="item_id,title\na,Kite\n")
    (folder / ".part-00000.crc").write_bytes(b"\0")
    kind = ending.split(".")[0]
    for format_ in ("auto", kind):
        dataset = load(folder, format=format_)  # type: ignore[arg-type]
        assert history(dataset) == {
            "u1": [("a", 1700000000, None), ("b", 1700000100, None), ("c", 1700000300, None)],
            "u2": [("a", 1700000200, None)],
        }
        assert dataset.name == "log"
        assert dataset.catalog.titles == ("Kite", "b", "c")
        assert dataset.report.files == (f"part-00000.{ending}", f"part-00001.{ending}", "items.csv")
    WRITERS[ending](pl.DataFrame(DAYS[0] | {"more": ["x", "y"]}), folder / f"part-00002.{ending}")
    with pytest.raises(DataError, match=r"part-00002.*'more'.*part-00000.*not parts of one table"):
        load(folder)


def test_more_parts_than_a_byte_counts(tmp_path: Path) -> None:
    for i in range(300):
        (tmp_path / f"part-{i}.csv").write_text(f"user,item\nu,{i}\n")
    dataset = load(tmp_path)
    assert items(dataset) == {"u": [str(i) for i in range(300)]}


# JSON lines ---------------------------------------------------------------------------------------------


def test_json_lines_are_a_table(tmp_path: Path) -> None:
    views = [
        {"user": "u1", "item": "i1", "time": 1700000000},
        {"user": "u1", "item": "i2", "time": 1700000100},
    ]
    plays = [
        {"listener": "u1", "track": "t1", "played_at": "2024-03-01T10:00:00Z", "genres": ["a", "b"]},
        {"listener": "u1", "track": "t2", "played_at": "2024-03-01T10:05:00Z"},
        {"listener": "u2", "track": "t1", "played_at": "2024-03-02T08:00:00Z", "title": "\ud800x"},
    ]
    write(tmp_path, views__jsonl="".join(json.dumps(view) + "\n" for view in views))
    write(tmp_path, plays__jsonl="".join(json.dumps(play) + "\n" for play in plays))
    assert history(load(tmp_path / "views.jsonl")) == {
        "u1": [("i1", 1700000000, None), ("i2", 1700000100, None)]
    }
    columns = {"user": "listener", "item": "track", "time": "played_at"}
    for format_ in ("auto", "jsonl"):
        dataset = load(tmp_path / "plays.jsonl", format=format_, columns=columns)
        assert history(dataset) == {
            "u1": [("t1", 1709287200, None), ("t2", 1709287500, None)],
            "u2": [("t1", 1709366400, None)],
        }
        assert dataset.catalog.categories[0] == ("a", "b")


def test_a_mapping_reads_reviews_as_any_other_table(tmp_path: Path) -> None:
    review = {"user_id": "u", "parent_asin": "p", "asin": "child", "rating": 5, "timestamp": 1700000000000}
    write(tmp_path, a__jsonl=json.dumps(review) + "\n")
    assert items(load(tmp_path / "a.jsonl")) == {"u": ["p"]}
    assert items(load(tmp_path / "a.jsonl", columns={"item": "asin"})) == {"u": ["child"]}


@pytest.mark.parametrize("text", ['[{"user": "u", "item": "i"}]', "[\n 1\n]\n", "nonsense\n"])
def test_what_is_not_json_lines_says_so(tmp_path: Path, text: str) -> None:
    write(tmp_path, a__json=text)
    with pytest.raises(DataError, match=r"a\.json is .*not JSON lines"):
        load(tmp_path / "a.json")


# Parquet ------------------------------------------------------------------------------------------------

BASE = {"user_id": ["u1", "u1"], "item_id": ["a", "b"], "timestamp": [1700000000, 1700000100]}


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([[0.1, 0.2], [0.3, 0.4]], dtype=pl.Array(pl.Float32, 2)),
        pl.Series([timedelta(seconds=3)] * 2),
        pl.Series([b"\xff\xd8"] * 2),
        pl.Series([[b"\xff"]] * 2),
        pl.Series([{"a": 1}] * 2),
        pl.Series([[[1]]] * 2),
    ],
    ids=str,
)
def test_columns_that_cannot_be_text_are_read_only_if_asked_for(tmp_path: Path, column: pl.Series) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame(BASE | {"more": column}).write_parquet(path)
    assert items(load(path)) == {"u1": ["a", "b"]}
    with pytest.raises(DataError, match=r"a\.parquet: the column 'more' is of type .*cannot be read as text"):
        load(path, columns={"item": "more"})
