"""Files as people have them: separators, headers, parts, archives, and what lies beside."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import zstandard

from nextinterest.data import Dataset, load
from nextinterest.errors import DataError, NextInterestError

Log = dict[str, list[tuple[str, int | None, float | None]]]

CLICKS = "user,item,time\nu1,lamp,1700000000\nu1,chair,1700000100\nu2,lamp,1700000200\n"
CLICKED: Log = {
    "u1": [("lamp", 1700000000, None), ("chair", 1700000100, None)],
    "u2": [("lamp", 1700000200, None)],
}
INTER = "user_id:token\titem_id:token\ttimestamp:float\n"
TOYS = "item_id:token\ttitle:token_seq\tclass:token_seq\nt1\tKite\tOutdoor\nt2\tTop\tIndoor Wood\n"
PEOPLE = "user_id:token\tage:token\nu1\t31\nu2\t64\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_bytes(text.encode())
    return folder


def history(dataset: Dataset) -> Log:
    found: Log = {}
    log = dataset.log
    for event in range(log.n_events):
        rating = None if log.ratings is None else float(log.ratings[event])
        time = None if log.times is None else int(log.times[event])
        found.setdefault(log.user_ids[log.users[event]], []).append(
            (dataset.catalog.ids[log.items[event]], time, rating)
        )
    return found


def items(dataset: Dataset) -> dict[str, list[str]]:
    return {user: [item for item, *_ in events] for user, events in history(dataset).items()}


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
        ({"user": 0, "item": "lamp"}, "some by place"),
        ({"user": 0, "item": 4}, "no column 4 in .*places are 0 to 3"),
        ({"user": 0, "item": -1}, "neither a name nor a place"),
        ({"user": 0, "item": True}, "neither a name nor a place"),
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


# Archives -----------------------------------------------------------------------------------------------


def zipped(data: bytes, name: str = "clicks.csv") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
    ".zip": zipped,
}


@pytest.mark.parametrize("ending", PACK)
def test_packed_tables_are_read_as_plain_ones(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"clicks.csv{ending}"
    path.write_bytes(PACK[ending](CLICKS.encode()))
    dataset = load(path)
    assert history(dataset) == CLICKED
    assert (dataset.name, dataset.report.files) == ("clicks", (path.name,))
    assert history(load(tmp_path)) == CLICKED


def test_a_zip_says_by_the_name_in_it_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "clicks.zip").write_bytes(zipped(CLICKS.encode()))
    assert history(load(tmp_path / "clicks.zip")) == CLICKED
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", CLICKS)
        archive.writestr("b.csv", CLICKS)
    for format_ in ("auto", "csv", "recbole"):
        with pytest.raises(DataError, match=r"two\.zip is a zip archive of 2 files.*a\.csv, b\.csv"):
            load(tmp_path / "two.zip", format=format_)


@pytest.mark.parametrize("ending", PACK)
def test_packed_atomic_files_keep_their_neighbours(tmp_path: Path, ending: str) -> None:
    inter = INTER + "u1\tt1\t1700000000\nu1\tt2\t1700000100\nu2\tt2\t1700000200\n"
    for name, text in (("toys.inter", inter), ("toys.item", TOYS), ("toys.user", PEOPLE)):
        (tmp_path / f"{name}{ending}").write_bytes(PACK[ending](text.encode()))
    for path in (tmp_path / f"toys.inter{ending}", tmp_path, tmp_path / f"toys.item{ending}"):
        dataset = load(path)
        assert items(dataset) == {"u1": ["t1", "t2"], "u2": ["t2"]}
        assert dataset.catalog.titles == ("Kite", "Top")
        assert dataset.catalog.categories == (("Outdoor",), ("Indoor", "Wood"))
        assert dataset.users is not None
        assert dataset.users["age"].to_list() == ["31", "64"]
        assert dataset.name == "toys"
        assert dataset.report.files == tuple(f"toys.{what}{ending}" for what in ("inter", "item", "user"))


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_a_truncated_archive_gives_its_whole_lines_and_trailing_bytes_lose_none(
    tmp_path: Path, ending: str
) -> None:
    n = 80_000
    rows = "user,item\n" + "".join(f"user{i * 7919 % 1000003:020},item{i % 5000}\n" for i in range(n))
    packed = PACK[ending](rows.encode())
    path = tmp_path / f"a.csv{ending}"
    path.write_bytes(packed + b"trailing")
    dataset = load(path)
    assert dataset.log.n_events == n
    assert "damaged" in dataset.report.notes[0]
    path.write_bytes(packed[: len(packed) * 3 // 4])
    dataset = load(path)
    assert 0 < dataset.log.n_events < n
    assert any("truncated" in note for note in dataset.report.notes)


def tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo("clicks.csv")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.csv", b"7z\xbc\xaf\x27\x1c" + bytes(30), "is a 7z archive"),
        ("a.csv", b"Rar!\x1a\x07\x01\x00" + bytes(30), "is a RAR archive"),
        ("a.csv.gz", tarred(b"x"), "holds a tar archive"),
        ("a.csv.gz", gzip.compress(zipped(b"x")), "holds a zip archive"),
        ("a.csv", b"SQLite format 3\0" + bytes(90), "is an SQLite database"),
        ("a.csv", b"ARROW1\0\0" + bytes(90), "is an Arrow file"),
        ("a.csv", zipped(b"PAR1xx", "a.parquet"), "is a Parquet file within an archive"),
        ("a.csv", bytes(range(256)), r"a\.csv:1: NUL byte in the line"),
        ("a.csv.bz2", b"user,item\n", "is named .bz2 and is not a bzip2 archive"),
        ("a.zip", b"user,item\n", "not a zip archive"),
    ],
)
@pytest.mark.parametrize("format_", ["auto", "csv"])
def test_binary_files_are_named_and_never_printed(
    tmp_path: Path, name: str, data: bytes, what: str, format_: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=what) as raised:
        load(tmp_path / name, format=format_)  # type: ignore[arg-type]
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 600


def test_parquet_is_known_whatever_it_is_called(tmp_path: Path) -> None:
    pl.DataFrame({"user": ["u"], "item": ["i"]}).write_parquet(tmp_path / "a.csv")
    assert items(load(tmp_path / "a.csv")) == {"u": ["i"]}
    with pytest.raises(DataError, match=r"Parquet file.*format='parquet'"):
        load(tmp_path / "a.csv", format="csv")


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


# What is there ------------------------------------------------------------------------------------------


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
