"""Parts of a folder without a header are read as parts where they fit, and never left out in silence."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from support.command_line import run

from nextinterest.data import load
from nextinterest.errors import DataError

HEADER = "user_id,item_id,timestamp\n"
FIRST = "".join(f"u{n % 3},i{n},{1700000000 + n}\n" for n in range(12))
SECOND = "".join(f"u{n % 3},i{n},{1700000000 + n}\n" for n in range(12, 24))
TEXT = "ann,tent\nbob,lamp\nann,rope\n", "bob,tent\nann,lamp oil\nbob,rope\n"


def _write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        content = text.encode()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


@pytest.mark.parametrize(
    "files",
    [
        {"part-0.csv": HEADER + FIRST, "part-1.csv": SECOND},
        {"part-0.csv": SECOND, "part-1.csv": HEADER + FIRST},
        {"part-0.tsv": (HEADER + FIRST).replace(",", "\t"), "part-1.tsv": SECOND.replace(",", "\t")},
        {"part-0.csv": HEADER + FIRST, "part-1.csv": SECOND.replace(",", ";")},
        {"part-0.csv.gz": HEADER + FIRST, "part-1.csv.gz": SECOND},
        {"part-00000": HEADER + FIRST, "part-00001": SECOND},
        {"train.csv": HEADER + FIRST, "test.csv": SECOND},
        {"events-2024-01.csv": HEADER + FIRST, "events-2024-02.csv": SECOND},
        {"january.csv": HEADER + FIRST, "february.csv": SECOND},
        {"part-0.csv": HEADER + FIRST[:100], "part-1.csv": FIRST[100:], "part-2.csv": SECOND},
        {"part-0.csv": '"user_id","item_id","timestamp"\n' + FIRST, "part-1.csv": SECOND},
    ],
)
@pytest.mark.parametrize("options", [{}, {"strict": True}, {"format": "csv"}])
def test_a_part_without_a_header_has_that_of_the_others(
    tmp_path: Path, files: dict[str, str], options: dict[str, object]
) -> None:
    if "part-00000" in files and "format" in options:
        options = {}
    cut = {name: text for name, text in files.items() if text}
    if len(cut) == 3:  # cut between lines
        at = FIRST.index("\n", 90) + 1
        cut |= {"part-0.csv": HEADER + FIRST[:at], "part-1.csv": FIRST[at:]}
    dataset = load(_write(tmp_path, cut), **options)  # type: ignore[arg-type]
    assert dataset.log.n_events == 24
    assert sorted(dataset.catalog.ids) == sorted(f"i{n}" for n in range(24))
    assert dataset.report.events_read == 24
    assert any("has no header and was read with that of" in note for note in dataset.report.notes)
    assert dataset.report.files_not_read == ()


def test_parts_of_names_alone(tmp_path: Path) -> None:
    first, second = TEXT
    dataset = load(_write(tmp_path, {"part-0.csv": "user,item\n" + first, "part-1.csv": second}))
    assert dataset.log.n_events == 6


@pytest.mark.parametrize(
    "second",
    [
        "12,Berlin\n13,Paris\n",  # another number of columns
        "1700000000,u1,i1\n1700000001,u2,i2\n",  # another order
        "shop,city,country\nwest,Berlin,Germany\n",  # another header
        "jim,anvil,north\nsue,chisel,south\n",  # neither ids nor times in common
    ],
)
def test_what_is_named_as_a_part_and_is_none_is_refused_and_the_remedy_works(
    tmp_path: Path, second: str
) -> None:
    _write(tmp_path, {"part-0.csv": HEADER + FIRST, "part-1.csv": second})
    with pytest.raises(DataError, match=r"part-1\.csv is named as a part of the events") as refused:
        load(tmp_path)
    assert "move the file out of the folder" in refused.value.remedy
    (tmp_path / "part-1.csv").unlink()
    assert load(tmp_path).log.n_events == 12
    (tmp_path / "part-1.csv").write_text(HEADER + SECOND)  # the other remedy
    assert load(tmp_path).log.n_events == 24


def test_another_table_of_the_folder_is_no_part(tmp_path: Path) -> None:
    shops = "12,Berlin,Germany\n13,Paris,France\n"
    dataset = load(_write(tmp_path, {"events.csv": HEADER + FIRST, "shops.csv": shops}))
    assert dataset.log.n_events == 12
    assert dataset.report.files_not_read == ("shops.csv",)


def test_a_folder_of_parts_without_any_header_proposes_numbers_that_work(tmp_path: Path) -> None:
    _write(tmp_path, {"part-0.csv": FIRST, "part-1.csv": SECOND})
    with pytest.raises(DataError, match="looks like data") as refused:
        load(tmp_path)
    assert "columns={'user': 0, 'item': 1, 'time': 2}" in refused.value.remedy
    assert load(tmp_path, columns={"user": 0, "item": 1, "time": 2}).log.n_events == 24


def test_every_command_says_what_was_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = FIRST.replace("1700000003", "never")
    _write(tmp_path, {"events.csv": HEADER + bad, "shops.csv": "city,country\nBerlin,Germany\n"})
    assert run("data", "users", str(tmp_path), "--repeats", "keep") == 0
    said = capsys.readouterr().err
    assert "1 of 12 events was dropped" in said
    assert "1 file of the folder was not read" in said
    command = said.split("nextinterest ")[1].split(" shows")[0]
    assert run(*command.split()) == 0
    shown = capsys.readouterr().out
    assert "unreadable time" in shown
    assert "shops.csv" in shown


def test_nothing_is_said_where_all_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(tmp_path, {"events.csv": HEADER + FIRST, "README.txt": "About this."})
    assert run("data", "users", str(tmp_path)) == 0
    assert "read" not in capsys.readouterr().err
