from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data.sources import lines as lines_module
from nextinterest.data.sources.delimited import FIELD_COUNT, MAX_QUOTED_LINES, OPEN_QUOTE, read_delimited
from nextinterest.errors import DataError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    return path


def test_header_and_rows_with_their_lines(tmp_path: Path) -> None:
    table = read_delimited(write(tmp_path, "user\titem\n1\t2\n\n3\t4\n"), "\t")
    assert table.columns == ("user", "item")
    assert table.frame.rows() == [("1", "2", 2, None), ("3", "4", 4, None)]


def test_rows_of_another_number_of_fields_have_a_problem(tmp_path: Path) -> None:
    table = read_delimited(write(tmp_path, "1::2::3\n1::2\n1::2::3::4\n"), "::", header=("a", "b", "c"))
    assert table.frame["problem"].to_list() == [None, FIELD_COUNT, FIELD_COUNT]
    assert table.frame.row(1)[:3] == ("1", "2", None)


def test_a_column_named_twice_is_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.csv:1: a column name appears twice"):
        read_delimited(write(tmp_path, "a,a\n1,2\n"), ",")


def test_quotes_are_literal_unless_asked_for(tmp_path: Path) -> None:
    table = read_delimited(write(tmp_path, 'a,b\n"x,y"\n'), ",")
    assert table.frame.row(0)[:2] == ('"x', 'y"')


def test_quoted_fields_hold_separators_quotes_and_line_breaks(tmp_path: Path) -> None:
    text = 'a,b\n1,"x, ""y"""\n2,"one\nand two"\n3,plain\n"4","five"\n'
    table = read_delimited(write(tmp_path, text), ",", quotes=True)
    assert table.frame.rows() == [
        ("1", 'x, "y"', 2, None),
        ("2", "one\nand two", 3, None),
        ("3", "plain", 5, None),
        ("4", "five", 6, None),
    ]


def test_a_quote_never_closed_spoils_one_line_and_not_the_rest(tmp_path: Path) -> None:
    rest = "".join(f"{i},x\n" for i in range(3 * MAX_QUOTED_LINES))
    table = read_delimited(write(tmp_path, 'a,b\n1,"open\n' + rest), ",", quotes=True)
    assert table.frame["problem"].to_list() == [OPEN_QUOTE] + [None] * 3 * MAX_QUOTED_LINES


def test_quotes_never_closed_do_not_swallow_the_next_line(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f'{i},"open {i}\n' for i in range(6)) + '7,"two\nlines"\n'
    table = read_delimited(write(tmp_path, text), ",", quotes=True)
    assert table.frame["problem"].to_list() == [OPEN_QUOTE] * 6 + [None]
    assert table.frame["b"].to_list()[-1] == "two\nlines"


def test_an_inch_mark_inside_a_field_is_text(tmp_path: Path) -> None:
    table = read_delimited(write(tmp_path, 'a,b\n1,a 15" screen\n2,x\n'), ",", quotes=True)
    assert table.frame["b"].to_list() == ['a 15" screen', "x"]


def test_only_selected_columns_are_kept(tmp_path: Path) -> None:
    table = read_delimited(write(tmp_path, "a,b,c\n1,2,3\n"), ",", select=lambda names: {"second": names[1]})
    assert table.columns == ("a", "b", "c")
    assert table.frame.columns == ["second", "line", "problem"]


FIELD = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\ufffd\ufeff", exclude_categories=["Cs"])
)


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=12), all_quoted=st.booleans())
def test_whatever_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], all_quoted: bool
) -> None:
    # Lines that are blank inside a quoted field are the one thing that is not kept.
    rows = [tuple("x" + f.replace("\n", " \n ") for f in row) for row in rows]  # type: ignore[misc]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if all_quoted:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("a", "b", "c"), *rows])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(out.getvalue().encode())
    for block in (1 << 25, 16):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lines_module, "BLOCK", block)
            patch.setattr(lines_module, "_READ", block // 2)
            frame = read_delimited(path, ",", quotes=True).frame
        assert frame["problem"].null_count() == len(rows)
        assert frame.select("a", "b", "c").rows() == rows
