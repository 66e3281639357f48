"""Several values in one cell: lists of events, and categories with one separator or another."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from nextinterest.data import Dataset, load
from nextinterest.data.sources.cells import list_of, split_words


def histories(dataset: Dataset) -> dict[str, list[tuple[str, int | None]]]:
    log, ids = dataset.log, dataset.catalog.ids
    times = [None] * log.n_events if log.times is None else log.times.tolist()
    result: dict[str, list[tuple[str, int | None]]] = {}
    for user, item, time in zip(log.users, log.items, times, strict=True):
        result.setdefault(log.user_ids[user], []).append((ids[item], time))
    return result


ITEMS: list[list[int]] = [[10, 11, 12], [11, 13]]
TIMES: list[list[int]] = [[1700000000, 1700000100, 1700000200], [1700000000, 1700000300]]


def write(frame: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".jsonl":
        frame.write_ndjson(path)
    else:
        lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
        text = [pl.Series(name, [json.dumps(cell) for cell in frame[name].to_list()]) for name in lists]
        frame.with_columns(text).write_csv(path)


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_a_row_a_user_with_lists_is_an_event_an_element(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"lists{ending}"
    frame = pl.DataFrame({"user_id": ["u1", "u2"], "item_id": ITEMS})
    write(frame, path)
    assert histories(load(path)) == {
        "u1": [("10", None), ("11", None), ("12", None)],
        "u2": [("11", None), ("13", None)],
    }
    write(frame.with_columns(timestamp=pl.Series(TIMES)), path)
    dataset = load(path)
    assert histories(dataset) == {
        user: [(str(item), time) for item, time in zip(items, times, strict=True)]
        for user, items, times in zip(("u1", "u2"), ITEMS, TIMES, strict=True)
    }
    assert "rows with lists: 2 rows are 5 events" in dataset.report.notes
    write(frame.with_columns(timestamp=pl.Series([TIMES[0], TIMES[1][:1]])), path)
    dropped = load(path).report.dropped
    line = 3 if ending == ".csv" else 2
    assert [(d.reason, d.count, d.first) for d in dropped] == [
        ("lists of different lengths", 1, f"lists{ending}:{line}")
    ]


def test_lists_of_moments_keep_their_fractions(tmp_path: Path) -> None:
    moments = pl.Series([[1700000000900, 1700000000100]]).cast(pl.List(pl.Datetime("ms")))
    pl.DataFrame({"user": ["u"], "item": [["b", 'a"|']], "time": moments}).write_parquet(
        tmp_path / "l.parquet"
    )
    dataset = load(tmp_path / "l.parquet")
    assert histories(dataset) == {"u": [('a"|', 1700000000), ("b", 1700000000)]}
    assert dataset.report.tied_events == 0


def test_an_empty_list_is_counted_and_an_item_in_brackets_is_an_item(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('user,item\nu,"[1, 2]"\nv,[]\n')
    report = load(tmp_path / "a.csv").report
    assert [(d.reason, d.first) for d in report.dropped] == [("empty list", "a.csv:3")]
    (tmp_path / "b.csv").write_text("user,item\nu,[REC]\nv,plain\n")
    assert histories(load(tmp_path / "b.csv")) == {"u": [("[REC]", None)], "v": [("plain", None)]}


@pytest.mark.parametrize(
    ("cells", "expected", "note"),
    [
        (["A|B", "C"], [["A", "B"], ["C"]], ""),
        (["A; B", "C"], [["A", "B"], ["C"]], "';'"),
        (["A &amp; B;C"], [["A & B", "C"]], "';'"),
        (["Home > Garden > Tools"], [["Home", "Garden", "Tools"]], "' > '"),
        (["A, B", "B"], [["A", "B"], ["B"]], "','"),
        (
            ["Home, Garden & Tools", "Books"],
            [["Home, Garden & Tools"], ["Books"]],
            "commas that separate nothing",
        ),
        (["['A', 'B']", '["C"]', "[]"], [["A", "B"], ["C"], []], "lists in cells"),
        (["['A' 'B']"], [["A", "B"]], "lists in cells"),  # as numpy writes an array
        (['[["A", "B"], ["C"]]'], [["A", "B", "C"]], "lists in cells"),
        (["[{'id': 28, 'name': 'A'}, {'id': 1, 'name': \"B's\"}]"], [["A", "B's"]], "lists in cells"),
        (["[REC]", "A", None], [["[REC]"], ["A"], None], ""),
        (["nan", "NA", "A"], [[], [], ["A"]], ""),
    ],
)
def test_categories_are_separated_as_the_column_shows(
    cells: list[str | None], expected: list[list[str] | None], note: str
) -> None:
    words, notes = split_words(pl.Series("genres", cells), "auto")
    assert words.to_list() == expected
    assert note in " ".join(notes)
    assert bool(notes) == bool(note)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["A > B, A > C", "D"], [["A", "B", "A", "C"], ["D"]]),
        (["A > B, Sale", "C > D, Sale"], [["A", "B", "Sale"], ["C", "D", "Sale"]]),
        (["A > B, D", "D > E"], [["A", "B", "D"], ["D", "E"]]),
        ([r"Tea\, Coffee > Tea, Sale", "Sale"], [["Tea, Coffee", "Tea", "Sale"], ["Sale"]]),
        ([r"Tea\, Coffee > Tea"], [["Tea, Coffee", "Tea"]]),
        (["A > B|A > C", "D"], [["A", "B", "A", "C"], ["D"]]),
        (["A > B; D"], [["A", "B", "D"]]),
        (['["A > B", "A > C"]', "D > E"], [["A", "B", "A", "C"], ["D", "E"]]),
        # A comma that is part of a name.
        (
            ["Food, Drinks > Tea", "Food, Drinks > Coffee"],
            [["Food, Drinks", "Tea"], ["Food, Drinks", "Coffee"]],
        ),
    ],
)
def test_several_paths_of_categories_in_a_cell(cells: list[str], expected: list[list[str]]) -> None:
    words, notes = split_words(pl.Series("genres", cells), "auto")
    assert words.to_list() == expected
    assert "' > '" in " ".join(notes)


def test_shop_exports_have_each_category_once(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item\nu,1\nu,2\n")
    (tmp_path / "items.csv").write_text('item,title,categories\n1,Tee,"A > B, A > C"\n2,Cap,A\n')
    dataset = load(tmp_path / "log.csv")
    assert dataset.catalog.categories == (("A", "B", "C"), ("A",))
    assert "categories with several paths in a cell, separated by ','" in dataset.report.notes


def test_a_token_seq_is_separated_by_blanks_or_quoted() -> None:
    cells = ["'Video Games', \"Children's\", 'Cases & Bags'", "Drama Film-Noir", "'Til Dawn"]
    words, _ = split_words(pl.Series("class", cells), " ")
    assert words.to_list() == [
        ["Video Games", "Children's", "Cases & Bags"],
        ["Drama", "Film-Noir"],
        ["'Til", "Dawn"],
    ]


@pytest.mark.parametrize("cell", ["[", "[]]", "[a, b]", "(Drama)", "[REC] 2", "x['a']", "['a', b]"])
def test_what_only_looks_like_a_list_is_text(cell: str) -> None:
    assert list_of(cell) is None


def test_years_as_floats_and_dates_are_read_and_others_noted(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,title,year\nu,a,A,1994.0\nu,b,B,1995-05-27\nu,c,C,MCM\n")
    dataset = load(tmp_path / "log.csv")
    assert dataset.catalog.years == (1994, 1995, None)
    assert dataset.report.notes == ("1 year of an item cannot be read (MCM)",)
