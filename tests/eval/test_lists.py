"""Ranked lists of other libraries: how they are read, and that they are judged as any method's are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nextinterest.data import EventLog, leave_last_out, leave_one_out
from nextinterest.domain import Catalog, Item
from nextinterest.errors import DataError
from nextinterest.eval import Method, Protocol, evaluate, read_lists
from nextinterest.eval.answers import Flaw
from nextinterest.eval.baselines.popularity import Popularity

CATALOG = Catalog.from_items([Item(f"i{i}", f"Item {i}") for i in range(8)])
# Each took items 0 to 4 but the one of their own number, last the item 5.
ORDERS = {"7": [1, 2, 3, 4, 5], "8": [0, 2, 3, 4, 5], "9": [0, 1, 3, 4, 5]}
LOG = EventLog.from_arrays(
    tuple(ORDERS),
    np.repeat(np.arange(3), 5),
    np.array([item for items in ORDERS.values() for item in items], dtype=np.int32),
)
LAST = leave_one_out(LOG)
ROWS = {
    "user": ["7", "7", "8", "8", "9", "9"],
    "item": ["i5", "i6", "i7", "i5", "i6", "i7"],
    "rank": [1, 2, 1, 2, 1, 2],
}


def written(folder: Path, table: pl.DataFrame, name: str = "other.parquet") -> Path:
    path = folder / name
    if path.suffix == ".parquet":
        table.write_parquet(path)
    elif path.suffix == ".csv":
        table.write_csv(path)
    else:
        table.write_ndjson(path)
    return path


def ranks(folder: Path, table: pl.DataFrame, name: str = "other.parquet", **asked: object) -> list[int]:
    """Return the rank of each target on the test, 0 for a miss."""
    frame = answers(folder, table, name, **asked)
    return [rank if rank < 1000 else 0 for rank in frame["rank"].to_list()]


def answers(folder: Path, table: pl.DataFrame, name: str = "other.parquet", **asked: object) -> pl.DataFrame:
    lists = read_lists(written(folder, table, name), CATALOG, LAST.test)
    protocol = Protocol(part="test", **{"list_length": 2, **asked})
    return evaluate([lists], LAST, protocol=protocol, out=folder / "run").answers(lists.name)


@pytest.mark.parametrize("name", ["other.parquet", "other.csv", "other.jsonl"])
def test_targets_are_found_where_the_lists_have_them(tmp_path: Path, name: str) -> None:
    assert ranks(tmp_path, pl.DataFrame(ROWS), name) == [1, 2, 0]


def test_rows_in_any_order_scores_lists_in_cells_and_numbers_as_ids(tmp_path: Path) -> None:
    table = pl.DataFrame(ROWS)
    scores = table.select("user", "item", score=-pl.col("rank")).sample(fraction=1.0, shuffle=True, seed=4)
    (tmp_path / "a").mkdir()
    assert ranks(tmp_path / "a", scores) == [1, 2, 0]
    (tmp_path / "b").mkdir()
    listed = table.group_by("user", maintain_order=True).agg(items="item")
    assert ranks(tmp_path / "b", listed) == [1, 2, 0]
    (tmp_path / "c").mkdir()
    gaps = table.rename({"user": "userId", "item": "movieId"}).with_columns(pl.col("userId").cast(pl.Float64))
    assert ranks(tmp_path / "c", gaps) == [1, 2, 0]


def test_a_user_without_a_list_is_a_miss_and_counted(tmp_path: Path) -> None:
    table = pl.DataFrame(ROWS).filter(pl.col("user") != "7")
    found = answers(tmp_path, table)
    assert found["rank"].to_list()[1] == 2
    assert found["flaws"].to_list() == [int(Flaw.SHORT), 0, 0]
    lists = read_lists(tmp_path / "other.parquet", CATALOG, LAST.test)
    assert lists.provenance["users_without_a_list"] == 1


@pytest.mark.parametrize(
    ("item", "flaw"), [("ghost", Flaw.INVALID), ("i6", Flaw.DUPLICATE), ("i1", Flaw.SEEN)]
)
def test_flaws_are_those_of_any_method(tmp_path: Path, item: str, flaw: Flaw) -> None:
    table = pl.DataFrame(ROWS | {"item": ["i5", item, "i7", "i5", "i6", "i6" if item == "i6" else "i7"]})
    if item == "i6":
        table = table.with_columns(item=pl.Series(["i6", "i6", "i7", "i5", "i6", "i7"]))
    (tmp_path / "strict").mkdir()
    found = answers(tmp_path / "strict", table)
    assert found["flaws"].to_list()[0] & int(flaw)
    assert found["rank"].to_list()[1:2] == [2]
    assert found["rank"].to_list()[0] > 1000
    (tmp_path / "lenient").mkdir()
    lenient = answers(tmp_path / "lenient", table, strict=False)
    assert (lenient["rank"].to_list()[0] == 1) == (item != "i6")


def test_the_numbers_are_those_of_the_method_that_made_the_lists(tmp_path: Path) -> None:
    method = Popularity.fit(LAST.train, CATALOG)
    histories = [LAST.test.histories[i] for i in range(3)]
    found = method.recommend(histories, 3)
    table = pl.DataFrame(
        {
            "user": [history.user for history in histories for _ in range(3)],
            "item": [CATALOG.ids[item] for item in found.items.ravel()],
            "rank": [1, 2, 3] * 3,
            "probability": found.probabilities.ravel(),
        }
    )
    lists = read_lists(written(tmp_path, table), CATALOG, LAST.test)
    protocol = Protocol(part="test", list_length=3, scoring="lists")
    run = evaluate([method, lists], LAST, protocol=protocol, out=tmp_path / "run")
    ours, theirs = (
        run.answers(key).select("rank", "log_prob", "items", "flaws") for key in ("popularity", "other")
    )
    assert ours.drop("log_prob").equals(theirs.drop("log_prob"))
    assert np.allclose(ours["log_prob"], theirs["log_prob"])


def test_without_probabilities_chances_are_even(tmp_path: Path) -> None:
    found = answers(tmp_path, pl.DataFrame(ROWS))
    assert np.allclose(np.exp(found["log_prob"]), 1 / 4)  # of eight items four are seen


def test_a_list_for_each_event_or_one_for_all_less_what_was_taken_since(tmp_path: Path) -> None:
    split = leave_last_out(LOG, 2, 1)
    one = pl.DataFrame({"user": ["7"] * 4, "item": ["i4", "i6", "i5", "i7"], "rank": [1, 2, 3, 4]})
    lists = read_lists(written(tmp_path, one), CATALOG, split.test)
    assert lists.length(split.test, exclude_seen=True) == 3
    found = lists.recommend([LOG.history(0, 3), LOG.history(0, 4)], 3)
    assert found.items.tolist() == [[4, 6, 5], [6, 5, 7]]
    each = pl.DataFrame(
        {"user": ["7"] * 4, "after": [3, 3, 4, 4], "item": ["i4", "i6", "i4", "i5"], "rank": [1, 2, 1, 2]}
    )
    lists = read_lists(written(tmp_path, each), CATALOG, split.test)
    assert lists.recommend([LOG.history(0, 3), LOG.history(0, 4)], 2).items.tolist() == [[4, 6], [4, 5]]


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ({"rank": None}, "no column is known as the rank or score; its columns are user, item", "rank=NAME"),
        ({"user": None}, "known as the user; its columns are item, rank", "user=NAME"),
        ({"rank": [1, 1, 1, 2, 1, 2]}, "two items of user '7' have the rank 1", "'after'"),
        (
            {"rank": ["1", "x", "1", "2", "1", "2"]},
            r"row 2: the rank, 'x', is no number \(1 such",
            "its rank",
        ),
        (
            {"item": ["i5", None, "", "i5", "i6", "i7"]},
            r"row 2: the item is missing \(2 such rows",
            "its item",
        ),
        ({"item": [str(i) for i in range(6)]}, "none of its 6 items is one of the data; .* '0'", "item ids"),
        ({"user": ["a"] * 3 + ["b"] * 3, "rank": [1, 2, 3] * 2}, "none of its 2 users is one", "user ids"),
    ],
)
def test_what_cannot_be_used_names_file_column_and_remedy(
    tmp_path: Path, change: dict[str, list[object] | None], message: str, remedy: str
) -> None:
    columns = {name: values for name, values in (ROWS | change).items() if values is not None}
    path = written(tmp_path, pl.DataFrame(columns))
    with pytest.raises(DataError, match=rf"other\.parquet.*{message}") as caught:
        read_lists(path, CATALOG, LAST.test)
    assert remedy in caught.value.command


def test_columns_are_mapped(tmp_path: Path) -> None:
    path = written(tmp_path, pl.DataFrame(ROWS).rename({"rank": "nth", "user": "who"}))
    lists = read_lists(path, CATALOG, LAST.test, {"rank": "nth", "user": "who"})
    assert lists.provenance["lists"] == 3
    for wrong in ({"rank": "absent"}, {"place": "nth"}):
        with pytest.raises(DataError, match="its columns are who, item, nth"):
            read_lists(path, CATALOG, LAST.test, wrong)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("other.xlsx", b"x", "have no ending of a table"),
        ("other.parquet", b"PAR1 no such thing", "cannot be read as parquet"),
        ("other.jsonl", b'{"user": ', "cannot be read as jsonl"),
        ("other.csv", b"user,item,rank\n", "have no row"),
        ("other.csv", b"", "cannot be read as csv"),
        ("other.csv", b"user,item,rank\n\xff\xfe\x00,1,1\n1,2,3,4,5\n", "other.csv"),
        ("other.csv", None, "cannot be read: No such file"),
    ],
)
def test_files_that_are_no_lists_are_named(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_lists(tmp_path / name, CATALOG, LAST.test)


def test_a_method_that_only_looks_up_is_not_timed(tmp_path: Path) -> None:
    lists = read_lists(written(tmp_path, pl.DataFrame(ROWS)), CATALOG, LAST.test)
    run = evaluate(
        [Method("other", lambda: lists, timed=False)],
        LAST,
        protocol=Protocol(part="test", list_length=2),
        out=tmp_path / "run",
        cost_sample=2,
    )
    assert run.records()["other"].cost is None
    assert run.records()["other"].provenance["lists"] == 3
