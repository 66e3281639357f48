"""Lines that stand in quotes as a whole, and rows with a cell that the header does not name."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tables import items, write

from nextinterest.data import load
from nextinterest.errors import DataError

ROWS = [("u1", "a", 1700000000), ("u1", "b", 1700000100), ("u2", "b", 1700000200), ("u2", "c", 1700000300)]
ROWS += [("u3", "a", 1700000400), ("u3", "c", 1700000500)]
READ = {"u1": ["a", "b"], "u2": ["b", "c"], "u3": ["a", "c"]}


def lines(separator: str, header: bool = True) -> list[str]:
    rows = [separator.join(map(str, row)) for row in ROWS]
    return [separator.join(("user", "item", "time")), *rows] if header else rows


@pytest.mark.parametrize(
    ("name", "separator"),
    [("a.csv", ","), ("a.tsv", "\t"), ("a.txt", ";"), ("ratings.csv", ","), ("part-00000", "|")],
)
@pytest.mark.parametrize("form", ['"{}"', "'{}'", '"{}",,', ' "{}" ', '"{}";'])
@pytest.mark.parametrize("bare", [0, 1])
def test_lines_in_one_pair_of_quotes_are_read(
    tmp_path: Path, name: str, separator: str, form: str, bare: int
) -> None:
    texts = [line if i < bare else form.format(line) for i, line in enumerate(lines(separator))]
    (tmp_path / name).write_text("\n".join(texts) + "\n")
    dataset = load(tmp_path / name)
    assert items(dataset) == READ
    sign = "'" if "'" in form else '"'
    assert f"{name}: the {sign} around whole lines were taken off" in dataset.report.notes
    assert not dataset.report.dropped


def test_quotes_within_such_lines_are_quotes(tmp_path: Path) -> None:
    text = '"user,item,title"\n"u1,a,""Heat, the film"""\n"u2,b,Up"\n"u2,a,x"\n"u3,b,y"\n'
    dataset = load(write(tmp_path, a__csv=text) / "a.csv")
    assert dataset.catalog.titles == ("Heat, the film", "Up")
    assert dataset.log.n_events == 4


def test_such_lines_without_a_header_are_proposed_positions(tmp_path: Path) -> None:
    path = write(tmp_path, a__csv="\n".join(f'"{line}"' for line in lines(",", header=False))) / "a.csv"
    with pytest.raises(DataError, match=r"\{'user': 0, 'item': 1, 'time': 2\}"):
        load(path)
    assert items(load(path, columns={"user": 0, "item": 1, "time": 2})) == READ


@pytest.mark.parametrize("text", ['"user","item"\n"a,b","c"\n"d","e"\n', 'user,item\n"a,b",c\nd,"e,f"\n'])
def test_quoted_cells_are_cells(tmp_path: Path, text: str) -> None:
    dataset = load(write(tmp_path, a__csv=text) / "a.csv")
    assert dataset.log.user_ids == ("a,b", "d")


R = "{}: rows begin with a name of their own, which the header leaves out"


@pytest.mark.parametrize(
    ("name", "separator"),
    [("a.csv", ","), ("a.txt", " "), ("a.tsv", "\t"), ("a.csv", ";")],
)
@pytest.mark.parametrize(("sign", "names"), [('"', "{}"), ('"', "1{}"), ('"', "row {}"), ("", "{}")])
def test_row_names_of_r_are_passed_over(
    tmp_path: Path, name: str, separator: str, sign: str, names: str
) -> None:
    rows = [separator.join(f"{sign}{name}{sign}" for name in ("user", "item", "time"))]
    for i, (user, item, time) in enumerate(ROWS, start=1):
        cells = (names.format(i), user, item)
        rows.append(separator.join([*(f"{sign}{cell}{sign}" for cell in cells), str(time)]))
    (tmp_path / name).write_text("\n".join(rows) + "\n")
    dataset = load(tmp_path / name)
    assert items(dataset) == READ
    assert R.format(name) in dataset.report.notes
    assert not dataset.report.dropped


def test_rows_that_end_with_a_separator_are_whole(tmp_path: Path) -> None:
    text = "\n".join([lines(",")[0], *(f"{line}," for line in lines(",", header=False))])
    dataset = load(write(tmp_path, a__csv=text) / "a.csv")
    assert items(dataset) == READ
    assert "a.csv: rows end with a separator, the header does not" in dataset.report.notes


@pytest.mark.parametrize(
    "text",
    [
        # A title with a comma, a column whose name is missing, and rows of several lengths: no names of rows.
        "user,item,title\n1,a,Heat, the film\n2,b,Up, up\n",
        'user,item\n"u1","a","2020"\n"u2","b","2021"\n',
        '"user","item"\n"1","u1","a"\n"2","u2"\n',
    ],
)
def test_other_rows_with_a_cell_too_many_stay_malformed(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, a__csv=text) / "a.csv"
    with pytest.raises(DataError, match="wrong number of fields"):
        load(path, strict=True)
