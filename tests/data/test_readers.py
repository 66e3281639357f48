"""Each format read from small files as they are published, clean and damaged."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from nextinterest.data import Dataset, load
from nextinterest.data.sources import detect
from nextinterest.errors import AssetError, DataError

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_bytes(text.encode())
    return folder


def read(path: Path, **more: object) -> Dataset:
    return load(path, now=NOW, **more)  # type: ignore[arg-type]


def events(dataset: Dataset) -> list[tuple[str, str]]:
    log = dataset.log
    return [(log.user_ids[u], dataset.catalog.ids[i]) for u, i in zip(log.users, log.items, strict=True)]


INTER = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\ta\t3\t20\n1\tb\t4.5\t10\n2\ta\t1\t5.7\n"
)
ITEM = (
    "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "a\tPostino, Il\t1994\tDrama Film-Noir\n"
    "b\tunkonwn\tunkonwn\tunknown\n"
)


def test_recbole(tmp_path: Path) -> None:
    user = "user_id:token\tage:token\n2\t30\n1\t20\n"
    dataset = read(write(tmp_path, d__inter=INTER, d__item=ITEM, d__user=user))
    assert dataset.name == "d"
    assert events(dataset) == [("2", "a"), ("1", "b"), ("1", "a")]
    assert dataset.log.times is not None
    assert dataset.log.times.tolist() == [5, 10, 20]
    film, unknown = dataset.catalog
    assert (film.title, film.year, film.categories) == ("Il Postino", 1994, ("Drama", "Film-Noir"))
    assert (unknown.title, unknown.year, unknown.categories) == ("b", None, ())
    assert dataset.users is not None
    assert dataset.users.rows() == [("2", "30"), ("1", "20")]
    assert events(read(tmp_path / "d.inter")) == events(read(tmp_path / "d.item")) == events(dataset)


def test_recbole_damaged_rows_are_counted_with_their_lines(tmp_path: Path) -> None:
    damaged = (
        INTER.replace("\n", "\r\n")
        + "1\tc\r\n1\tc\tx\t9\r\n\r\n1\tc\t3\tnever\r\n9\t9\t9\t9\t9\r\n1\t\0\t3\t7"
    )
    report = read(write(tmp_path, d__inter=damaged, d__item=ITEM + "c\n")).report
    assert {(d.what, d.reason): (d.count, d.first) for d in report.dropped} == {
        ("items", "wrong number of fields"): (1, "d.item:4"),
        ("events", "wrong number of fields"): (2, "d.inter:5"),
        ("events", "unreadable rating"): (1, "d.inter:6"),
        ("events", "unreadable time"): (1, "d.inter:8"),
        ("events", "NUL byte in the line"): (1, "d.inter:10"),
    }
    assert report.events_kept == 3
    with pytest.raises(DataError, match=r"d\.inter:5: wrong number of fields"):
        read(tmp_path, strict=True)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("user_id\titem_id", "has no types"),
        ("user_id:token\tproduct:token", "no column 'item_id'"),
        ("user_id:token\tuser_id:token", "appears twice"),
    ],
)
def test_recbole_with_another_header_is_an_error_with_its_place(
    tmp_path: Path, header: str, message: str
) -> None:
    with pytest.raises(DataError, match=rf"d\.inter:1: .*{message}"):
        read(write(tmp_path, d__inter=f"{header}\n1\t2\n"))


def test_two_inter_files_are_not_guessed_between(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"2 \.inter files"):
        read(write(tmp_path, a__inter=INTER, b__inter=INTER))


def test_movielens_100k_in_latin_1(tmp_path: Path) -> None:
    flags = ["0"] * 19
    flags[3], flags[8] = "1", "1"
    (tmp_path / "u.data").write_bytes(b"196\t242\t3\t881250949\n186\t242\t5\t891717742\n")
    item = (
        f"242|Misérables, Les (1995)|01-Jan-1996||http://x|{'|'.join(flags)}\n267|unknown||||1{'|0' * 18}\n"
    )
    (tmp_path / "u.item").write_bytes(item.encode("latin-1"))
    (tmp_path / "u.user").write_bytes(b"196|49|M|writer|55105\n186|39|F|executive|00000\n")
    dataset = read(tmp_path)
    film, unknown = dataset.catalog
    assert (film.title, film.year, film.categories) == ("Les Misérables", 1995, ("Animation", "Drama"))
    assert (unknown.title, unknown.categories) == ("267", ())
    assert dataset.users is not None
    assert dataset.users.row(0) == ("196", "49", "M", "writer", "55105")
    assert dataset.report.notes == ("u.item was read as Latin-1",)


def test_movielens_1m(tmp_path: Path) -> None:
    write(
        tmp_path,
        ratings__dat="1::10::5::978300760\n1::20::3::978302109\n2::10::4::978300000\n",
        movies__dat='10::Fear, The "X" (1995)::Drama|Sci-Fi\n20::Plain (2000)::(no genres listed)\n',
        users__dat="1::F::1::10::48067\n2::M::56::16::70072\n",
    )
    dataset = read(tmp_path)
    assert events(dataset) == [("1", "10"), ("1", "20"), ("2", "10")]
    assert [item.title for item in dataset.catalog] == ['Fear, The "X"', "Plain"]
    assert [item.categories for item in dataset.catalog] == [("Drama", "Sci-Fi"), ()]
    assert dataset.users is not None
    assert dataset.users.rows() == [
        ("1", "F", "under 18", "K-12 student", "48067"),
        ("2", "M", "56 and over", "self-employed", "70072"),
    ]


def test_movielens_csv_with_quotes_bom_and_gzip(tmp_path: Path) -> None:
    ratings = "\ufeffuserId,movieId,rating,timestamp\r\n1,11,4.0,964982703\r\n1,12,1.5,964982704\r\n"
    movies = 'movieId,title,genres\n11,"American President, The (1995)",Comedy|Drama\n'
    movies += '12,"11\'09""01 (2002)",Drama\n'
    (tmp_path / "ratings.csv.gz").write_bytes(gzip.compress(ratings.encode()))
    write(tmp_path, movies__csv=movies)
    dataset = read(tmp_path)
    assert [(i.title, i.year) for i in dataset.catalog] == [
        ("The American President", 1995),
        ("11'09\"01", 2002),
    ]
    assert events(dataset) == events(read(tmp_path / "ratings.csv.gz")) == [("1", "11"), ("1", "12")]


def test_movielens_csv_with_other_columns_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"ratings\.csv:1: no column of .*'thing'.* is the item"):
        read(write(tmp_path, ratings__csv="userId,thing\n1,2\n"))


REVIEWS_2018 = [
    {"reviewerID": "A1", "asin": "B1", "overall": 5.0, "unixReviewTime": 1400000000, "reviewText": "x}\n{"},
    {"reviewerID": "A1", "asin": "B2", "overall": 2, "unixReviewTime": 1300000000},
]
REVIEWS_2023 = [
    {"user_id": "A1", "asin": "child", "parent_asin": "B1", "rating": 5.0, "timestamp": 1588687728923},
    {"user_id": "A2", "asin": "B2", "rating": 1.0, "timestamp": 1588615855070, "images": [{"a": 1}]},
]


def json_lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_amazon_2018(tmp_path: Path) -> None:
    meta: list[dict[str, object]] = [
        {
            "asin": "B1",
            "title": "Zelda &amp; Link",
            "category": ["Video Games", "Nintendo", "<b>x"],
            "description": ["a", "b"],
        },
        {"asin": "B2", "title": ["odd"], "category": [["Video Games"]], "description": ""},
    ]
    (tmp_path / "Video_Games_5.json.gz").write_bytes(gzip.compress(json_lines(REVIEWS_2018).encode()))
    (tmp_path / "meta_Video_Games.json.gz").write_bytes(gzip.compress(json_lines(meta).encode()))
    write(tmp_path, meta_Books__json="{}\n")
    dataset = read(tmp_path / "Video_Games_5.json.gz")
    assert events(dataset) == [("A1", "B2"), ("A1", "B1")]
    first, second = dataset.catalog
    assert (first.title, first.categories, first.description) == ("Zelda & Link", ("Nintendo",), "a b")
    assert (second.title, second.categories, second.description) == ("B2", ("Video Games",), None)
    assert dataset.log.ratings is not None
    assert dataset.log.ratings.tolist() == [2.0, 5.0]


def test_amazon_2023_counts_milliseconds_and_joins_by_parent(tmp_path: Path) -> None:
    meta: list[dict[str, object]] = [
        {"parent_asin": "B1", "title": "T", "categories": ["Games", "PC"], "description": []}
    ]
    write(tmp_path, Games__jsonl=json_lines(REVIEWS_2023), meta_Games__jsonl=json_lines(meta))
    dataset = read(tmp_path)
    assert dataset.log.times is not None
    assert dataset.log.times.tolist() == [1588687728, 1588615855]
    assert dataset.catalog.titles == ("T", "B2")


def test_amazon_damaged_lines_are_counted_one_by_one(tmp_path: Path) -> None:
    good = [
        {"user_id": f"u{i}", "parent_asin": "B", "rating": 5, "timestamp": 1588687728000 + i}
        for i in range(500)
    ]
    lines = json_lines(good).splitlines()
    lines[100] = lines[100][:20]
    lines[200] = "{user_id: 'no quotes'}"
    lines[300] = lines[300] + lines[301]  # two objects in one line
    lines[301] = "[1, 2]"
    lines[400] = json.dumps({"user_id": ["odd"], "parent_asin": "B", "rating": 5, "timestamp": 1588687728000})
    lines[401] = json.dumps({"user_id": "u", "parent_asin": "B"})
    dataset = read(write(tmp_path, r__jsonl="\n".join(lines)))
    assert {d.reason: (d.count, d.first) for d in dataset.report.dropped} == {
        "line that is not a JSON object": (4, "r.jsonl:101"),
        "no user id": (1, "r.jsonl:401"),
        "no time": (1, "r.jsonl:402"),
    }
    assert dataset.log.n_events == 494


def test_json_lines_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x\.jsonl:1: no column of \['a'\] is the user"):
        read(write(tmp_path, x__jsonl='{"a": 1}\n'))


def test_csv_by_usual_names_and_by_mapping(tmp_path: Path) -> None:
    write(
        tmp_path,
        log__csv='who,item_id,"when, exactly"\nann,1,2020-01-02T00:00:00Z\nann,2,2020-01-01\n',
        items__csv="item_id,name,genre,year\n2,Two,War|Drama,1999\n1,One,,\n",
        users__csv="who,city\nann,Graz\n",
    )
    dataset = read(tmp_path / "log.csv", columns={"user": "who", "time": "when, exactly"})
    assert events(dataset) == [("ann", "2"), ("ann", "1")]
    assert [(i.title, i.categories, i.year) for i in dataset.catalog] == [
        ("Two", ("War", "Drama"), 1999),
        ("One", (), None),
    ]
    assert dataset.users is not None
    assert dataset.users.rows() == [("ann", "Graz")]
    assert dataset.log.ratings is None


def test_csv_with_titles_in_the_events_and_a_tab_or_a_bar_between(tmp_path: Path) -> None:
    for ending, separator in ((".tsv", "\t"), (".psv", "|")):
        path = tmp_path / f"log{ending}"
        path.write_text("user,item,title\nu,1,One (1990)\nv,1,Other\nu,2,Two\n".replace(",", separator))
        dataset = read(path)
        assert [(i.title, i.year) for i in dataset.catalog] == [("One", 1990), ("Two", None)]
        assert dataset.log.times is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user": "nobody"}, r"log\.csv:1: no column 'nobody', mapped to user"),
        ({"colour": "a"}, "There is no field 'colour' to map"),
        (None, r"log\.csv:1: no column of \['a', 'b'\] is the user"),
    ],
)
def test_csv_with_wrong_columns_is_an_error(
    tmp_path: Path, columns: dict[str, str] | None, message: str
) -> None:
    write(tmp_path, log__csv="a,b\n1,2\n")
    with pytest.raises(DataError, match=message):
        read(tmp_path / "log.csv", columns=columns)


def test_parquet_with_native_types(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "user_id": [1, 1, None],
            "item_id": [10, 20, 30],
            "time": [datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC), None],
            "rating": [5.0, None, 1.0],
            "categories": [["War", "Sci-Fi"], [], None],
        }
    )
    frame.write_parquet(tmp_path / "log.parquet")
    dataset = read(tmp_path / "log.parquet")
    assert events(dataset) == [("1", "20"), ("1", "10")]
    assert dataset.log.times is not None
    assert dataset.log.times.tolist() == [1577836800, 1577923200]
    assert dataset.catalog.categories == (("War", "Sci-Fi"), (), ())
    assert [(d.reason, d.first) for d in dataset.report.dropped] == [("no user id", "log.parquet:3")]
    frame.with_columns(time=pl.lit(date(2020, 1, 1))).write_parquet(tmp_path / "dated.parquet")
    dated = read(tmp_path / "dated.parquet")
    assert dated.log.times is not None
    assert set(dated.log.times.tolist()) == {1577836800}


def test_a_truncated_parquet_is_an_error(tmp_path: Path) -> None:
    pl.DataFrame({"user": ["a"], "item": ["b"]}).write_parquet(tmp_path / "log.parquet")
    data = (tmp_path / "log.parquet").read_bytes()
    (tmp_path / "log.parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match="is not a Parquet file"):
        read(tmp_path / "log.parquet")


SEQUENCE_HEADER = "user_id:token\titem_id_list:token_seq\titem_id:token\n"


def test_sequences_give_exactly_the_published_split(tmp_path: Path) -> None:
    from nextinterest.data import leave_one_out

    write(
        tmp_path,
        g__valid__inter=SEQUENCE_HEADER + "0\t5 3\t4\n1\t1 2 3\t5\n",
        g__test__inter=SEQUENCE_HEADER + "0\t5 3 4\t1\n1\t2 3 5\t4\n",  # the second is cut to the last three
        g__item="item_id:token\ttitle:token_seq\n" + "".join(f"{i}\tGame {i}\n" for i in range(6)),
    )
    dataset = read(tmp_path)
    split = leave_one_out(dataset.log)
    ids = dataset.catalog.ids
    assert ids == tuple("012345")
    assert [[ids[i] for i in h.items] for h in split.train.histories()] == [["5", "3"], ["1", "2", "3"]]
    assert [ids[i] for i in split.validation.targets] == ["4", "5"]
    assert [ids[i] for i in split.test.targets] == ["1", "4"]
    assert detect(tmp_path / "g.valid.inter") == "sequences"
    assert dataset.fingerprint == read(tmp_path / "g.valid.inter").fingerprint


def test_sequences_out_of_step_are_counted(tmp_path: Path) -> None:
    write(
        tmp_path,
        g__valid__inter=SEQUENCE_HEADER + "0\t5 3\t4\n",
        g__test__inter=SEQUENCE_HEADER + "0\t5 3 9\t1\n7\t1\t2\n",
    )
    report = read(tmp_path).report
    assert [(d.reason, d.count, d.first) for d in report.dropped] == [
        ("history that does not continue the validation file's", 2, "g.test.inter:2")
    ]


def test_one_sequence_file_alone(tmp_path: Path) -> None:
    write(tmp_path, g__inter=SEQUENCE_HEADER + "0\t5 3\t4\n")
    assert events(read(tmp_path)) == [("0", "5"), ("0", "3"), ("0", "4")]


def test_what_is_not_recognised_is_an_error_that_names_the_formats(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="looks like none of the formats"):
        read(write(tmp_path, x__bin="a\n"))
    with pytest.raises(DataError, match="looks like none of the formats"):
        read(tmp_path / "x.bin")
    with pytest.raises(DataError, match="There is no format 'xml'"):
        read(tmp_path, format="xml")
    with pytest.raises(DataError, match="MovieLens"):
        read(tmp_path, format="movielens")
    with pytest.raises(AssetError, match="neither an existing path nor an asset"):
        load("no-such-data")


def test_a_mapping_is_refused_where_columns_have_names_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, g__inter=SEQUENCE_HEADER + "0\t5 3\t4\n")
    with pytest.raises(DataError, match="is read as sequences"):
        read(tmp_path, columns={"user": "user_id"})


def test_an_empty_events_file_and_one_of_only_a_header_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"d\.inter is empty"):
        read(write(tmp_path, d__inter=""))
    with pytest.raises(DataError, match=r"d\.inter holds no rows"):
        read(write(tmp_path, d__inter=INTER.split("\n")[0] + "\n"))
