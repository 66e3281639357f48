"""What stands above a header, drawn tables, and the signs around cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextinterest.data import load
from nextinterest.errors import DataError

TABLE = "user_id,item_id,timestamp\nu1,a,1700000000\nu1,b,1700000100\nu2,a,1700000200\n"
READ = [("u1", "a", 1700000000), ("u1", "b", 1700000100), ("u2", "a", 1700000200)]
UNKNOWN = TABLE.replace("user_id", "who").replace("item_id", "what")


def read(path: Path, text: str, **more: object) -> tuple[list[tuple[str, str, int]], tuple[str, ...]]:
    path.write_text(text, encoding="utf-8")
    dataset = load(path, **more)  # type: ignore[arg-type]
    log = dataset.log
    assert log.times is not None
    assert dataset.report.dropped == ()
    rows = zip(log.users.tolist(), log.items.tolist(), log.times.tolist(), strict=True)
    return [(log.user_ids[u], dataset.catalog.ids[i], t) for u, i, t in rows], dataset.report.notes


@pytest.mark.parametrize("above", ["sep={}\n", "SEP={}\r\n", '"sep={}"\n', "sep={},,\n", "\nsep={}\n"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_a_line_that_names_the_separator_is_no_header(tmp_path: Path, above: str, sign: str) -> None:
    rows, notes = read(tmp_path / "a.csv", above.format(sign) + TABLE.replace(",", sign))
    assert rows == READ
    assert "above the header" in notes[0]
    assert not any("separated by" in note for note in notes)


def test_a_line_that_names_another_separator_does_not_count(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "sep=;\n" + TABLE)[0] == READ


@pytest.mark.parametrize(
    ("above", "n"),
    [
        ("# exported\n", 1),
        ("# exported, in full\n#\n\n# by 'x'\n", 3),
        ("Sales report 2023\n\n", 1),
        ("Sales report 2023,,\n,,\n", 2),
        ("Report,Store 5\nfrom 2023,to 2024\n,,\n", 3),
        ("\n\n", 0),
        ('"Report, in full"\n', 1),
        ('A 5" report\n', 1),
    ],
)
def test_comments_titles_and_blank_lines_above_a_known_header(tmp_path: Path, above: str, n: int) -> None:
    rows, notes = read(tmp_path / "a.csv", above + TABLE)
    assert rows == READ
    assert [note for note in notes if "above the header" in note] == list(notes)
    assert len(notes) == (n > 0)
    if n:
        assert notes[0].startswith(f"a.csv: {n} line{'s' if n > 1 else ''} above the header")
    mapped = {"user": "who", "item": "what"}
    assert read(tmp_path / "a.csv", above + UNKNOWN, columns=mapped)[0] == READ


def test_places_are_of_the_data_below_titles_and_comments(tmp_path: Path) -> None:
    rows = TABLE.split("\n", 1)[1]
    positions = {"user": 0, "item": 1, "time": 2}
    for above in ("", "# exported\n", "Report\n", "sep=,\n", "Report,,\n,,\n"):
        assert read(tmp_path / "a.csv", above + rows, columns=positions)[0] == READ


def test_a_header_in_a_comment_is_one(tmp_path: Path) -> None:
    for above in ("", "# exported\n"):
        rows, notes = read(tmp_path / "a.csv", f"{above}#{TABLE}")
        assert rows == READ
        assert notes[-1] == f"a.csv: the header is the comment in line {1 + (above != '')}"
    assert read(tmp_path / "a.csv", f"#{TABLE}{TABLE.split()[1]}"[: len(TABLE) + 1])[0] == READ
    rows, notes = read(tmp_path / "a.csv", TABLE.replace("u1", "#1"))
    assert (rows[0][0], notes) == ("#1", ())
    assert read(tmp_path / "a.csv", "#,user_id,item_id,timestamp\n1,u1,a,1700000000\n")[0] == READ[:1]


def test_an_uncertain_header_names_its_line_and_the_remedy_works(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\nReport 2023\n\n" + UNKNOWN)
    with pytest.raises(
        DataError, match=r"a\.csv:2: 'Report 2023' is a title.*'who', 'what'.*of line 4"
    ) as raised:
        load(path)
    assert "--column user=NAME --column item=NAME" in raised.value.command
    assert read(path, path.read_text(), columns={"user": "who", "item": "what"})[0] == READ
    path.write_text("Report 2023\n" + UNKNOWN.split("\n", 1)[1])
    with pytest.raises(DataError, match=r"columns=\{'user': 0, 'item': 1\}"):
        load(path)
    assert read(path, path.read_text(), columns={"user": 0, "item": 1, "time": 2})[0] == READ


def test_errors_below_a_title_name_the_line_of_the_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("# x\n\nitem_id,title\n1,Kite\n")
    with pytest.raises(DataError, match=r"a\.csv:3: no column of \['item_id', 'title'\] is the user"):
        load(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("# x\nuser_id,item_id\nu,i,x\n")
    with pytest.raises(DataError, match=r"a\.csv:3: wrong number of fields"):
        load(tmp_path / "a.csv", strict=True)


def test_item_files_may_have_titles_above_them(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("Products\n\nitem_id,title\na,Kite\nb,Top\n")
    (tmp_path / "a.csv").write_text(TABLE)
    assert load(tmp_path / "a.csv").catalog.titles == ("Kite", "Top")


@pytest.mark.parametrize(
    "text",
    [
        "+----+----+----+\n| user_id | item_id | timestamp |\n+----+----+----+\n{}+----+----+----+\n"
        "3 rows in set (0.00 sec)\n",
        "mysql> select * from x;\n+----+----+----+\n| user_id | item_id | timestamp |\n+----+----+----+\n{}"
        "+----+----+----+\n",
        "| user_id | item_id | timestamp |\n|:---|:---:|---|\n{}",
        "+====+====+====+\n| user_id | item_id | timestamp |\n+----+----+----+\n{}+----+----+----+\n",
    ],
)
def test_drawn_tables_are_read(tmp_path: Path, text: str) -> None:
    rows = "".join(f"| {u}  |  {i} | {t} |\n" for u, i, t in READ)
    found, notes = read(tmp_path / "a.csv", text.format(rows))
    assert found == READ
    assert notes[-1] == "a.csv was read as a drawn table"
    bare = " user_id | item_id | timestamp\n---------+---------+-------\n"
    bare += "".join(f" {u} | {i} | {t}\n" for u, i, t in READ) + "(3 rows)\n"
    assert read(tmp_path / "b.csv", bare)[0] == READ


@pytest.mark.parametrize("sign", [",", ";", "|"])
def test_a_blank_before_a_quote_is_no_part_of_a_cell(tmp_path: Path, sign: str) -> None:
    gap = f"{sign} "
    text = f'"user_id"{gap}"item_id"{gap}"timestamp"\n'
    for u, i, t in READ:
        text += f'"{u}"{gap}"{i}{gap}x"{gap}{t}\n'
    text += f'"u3"{gap}"a"{gap}"1700000300"\n'
    rows, _ = read(tmp_path / "a.csv", text)
    assert rows == [*((u, f"{i}{gap}x", t) for u, i, t in READ), ("u3", "a", 1700000300)]


def test_an_inch_after_a_blank_opens_no_field(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('user_id,item_id,title\nu,a,wide 5"\nu,b, "odd\nu,c,plain\n')
    assert load(path).log.n_events >= 2


@pytest.mark.parametrize("header", ["user_id,item_id,timestamp", "'user_id','item_id','timestamp'"])
def test_single_quotes_around_cells(tmp_path: Path, header: str) -> None:
    text = f"{header}\n'u1','a, b','1700000000'\n'u2','O''Neil', '1700000001'\n"
    rows, notes = read(tmp_path / "a.csv", text)
    assert rows == [("u1", "a, b", 1700000000), ("u2", "O'Neil", 1700000001)]
    assert notes == ("a.csv has single quotes around its cells",)


def test_apostrophes_are_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("user,item,title\nu,1,'Til Tuesday\nu,2,'Round Midnight'\nv,3,Rock 'n' Roll\n")
    assert load(path).catalog.titles == ("'Til Tuesday", "'Round Midnight'", "Rock 'n' Roll")


def test_cells_written_for_excel_are_bare_and_counted(tmp_path: Path) -> None:
    text = 'user_id,="item_id",timestamp\n="007",="9780",1700000000\n="008",="=""9781""",="1700000001"\n'
    rows, notes = read(tmp_path / "a.csv", text.replace('="=""9781"""', '"=""9781"""'))
    assert rows == [("007", "9780", 1700000000), ("008", "9781", 1700000001)]
    assert notes == ('a.csv: 5 cells written as ="..." for Excel were read as what is between',)
