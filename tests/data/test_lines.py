from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from nextinterest.data import load
from nextinterest.data.sources import encodings
from nextinterest.data.sources import lines as lines_module
from nextinterest.data.sources.lines import BAD_ENCODING, NUL_BYTE, TextFile
from nextinterest.errors import DataError

Pack = Callable[[bytes], bytes]


def read(path: Path) -> tuple[list[tuple[int, str, str | None]], list[str]]:
    source = TextFile(path)
    frame = pl.concat(source.blocks())
    return frame.select("line", "text", "problem").rows(), source.notes


def texts(path: Path) -> list[str]:
    return [text for _, text, _ in read(path)[0]]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_with_and_without_a_last_one(tmp_path: Path, ending: str) -> None:
    for tail in ("", ending):
        (tmp_path / "a").write_bytes((ending.join(["1 é", "2"]) + tail).encode())
        assert read(tmp_path / "a") == ([(1, "1 é", None), (2, "2", None)], [])


def test_blank_lines_are_left_out_and_counted_in_the_numbers(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x\n\n\ny\n")
    assert [(line, text) for line, text, _ in read(tmp_path / "a")[0]] == [(1, "x"), (4, "y")]


def test_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfuser\n1\n")
    assert texts(tmp_path / "a") == ["user", "1"]


def test_latin_1_is_recognised_and_noted(tmp_path: Path) -> None:
    (tmp_path / "u.item").write_bytes("1|Misérables, Les (1995)\n2|Plain\n".encode("latin-1"))
    rows, notes = read(tmp_path / "u.item")
    assert rows[0] == (1, "1|Misérables, Les (1995)", None)
    assert notes == ["u.item was read as Latin-1"]


def test_a_broken_character_among_good_utf_8_spoils_only_its_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("é日本\n".encode() + b"bad \xff here\n" + "ü\n".encode())
    rows, notes = read(tmp_path / "a")
    assert [problem for _, _, problem in rows] == [None, BAD_ENCODING, None]
    assert rows[0][1] == "é日本"
    assert notes == ["a holds bytes that are not UTF-8"]


def test_nul_byte_is_a_problem_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1\t2\n3\0\t4\n")
    assert [problem for _, _, problem in read(tmp_path / "a")[0]] == [None, NUL_BYTE]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=r"a is empty"):
        read(tmp_path / "a")


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no file"):
        read(tmp_path / "none")
    with pytest.raises(DataError, match=r"cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_utf_16_and_utf_32_are_read_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, order: str, mark: str, pack: Pack
) -> None:
    rows = ["user,item", "Жанна,本", "zoë,\U0001f3b8", "u,"]
    (tmp_path / "a").write_bytes(pack((mark + "\r\n".join(rows)).encode(f"{encoding}-{order}")))
    for size in (1 << 20, 64):
        monkeypatch.setattr(lines_module, "_READ", size)
        assert texts(tmp_path / "a") == rows
        assert read(tmp_path / "a")[1] == [f"a was read as {encoding.upper()}"]


def test_what_no_longer_decodes_as_utf_16_spoils_only_its_line(tmp_path: Path) -> None:
    data = "user,item\n".encode("utf-16") + b"a\0\x00\xd8b\0" + "\nc,d\n".encode("utf-16-le") + b"x"
    (tmp_path / "a").write_bytes(data)
    assert [problem for _, _, problem in read(tmp_path / "a")[0]] == [None, BAD_ENCODING, None, BAD_ENCODING]


@pytest.mark.parametrize("data", [b"a\nb\0c\n\0d\n", b"ab\0\n\n\0", b"\0\n", b"\0" * 8])
def test_nul_bytes_alone_do_not_make_a_file_utf_16(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    assert not any("UTF-16" in note or "UTF-32" in note for note in read(tmp_path / "a")[1])


def test_gzip_with_several_members(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"1\n2") + gzip.compress(b"3\n4\n"))
    assert texts(tmp_path / "a.gz") == ["1", "23", "4"]


def test_truncated_gzip_gives_its_whole_lines_and_a_note(tmp_path: Path) -> None:
    rows = [f"user{i}\titem{i * 7919 % 10007}" for i in range(5000)]
    packed = gzip.compress("\n".join(rows).encode())
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    found, notes = read(tmp_path / "a.gz")
    assert 100 < len(found) < 5000
    assert [text for _, text, _ in found] == rows[: len(found)]
    assert notes == ["a.gz is a truncated archive; its whole lines were read"]


def test_damaged_gzip_is_read_up_to_the_damage(tmp_path: Path) -> None:
    rows = [f"user{i}\titem{i * 7919 % 10007}" for i in range(200_000)]
    packed = bytearray(gzip.compress("\n".join(rows).encode(), compresslevel=1))
    packed[-1000:-900] = bytes(100)
    (tmp_path / "a.gz").write_bytes(packed)
    found, notes = read(tmp_path / "a.gz")
    assert [text for _, text, _ in found] == rows[: len(found)]
    assert "damaged" in notes[0]


def test_a_file_named_gz_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"plain\n")
    with pytest.raises(DataError, match="not a gzip archive"):
        read(tmp_path / "a.gz")


def test_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{i}\té{i}" for i in range(1000)]
    (tmp_path / "a").write_text("\n".join(rows), encoding="utf-8")
    whole = read(tmp_path / "a")
    monkeypatch.setattr(lines_module, "BLOCK", 64)
    monkeypatch.setattr(encodings, "_SAMPLE", 64)
    monkeypatch.setattr(lines_module, "_READ", 37)
    assert len(list(TextFile(tmp_path / "a").blocks())) > 50
    assert read(tmp_path / "a") == whole


def test_windows_1252_is_told_from_latin_1(tmp_path: Path) -> None:
    rows = "user_id,item_id,title\nM…,a…,„Größe“ 5 €\nM,a,Š\n"
    (tmp_path / "e.csv").write_bytes(rows.encode("cp1252"))
    dataset = load(tmp_path / "e.csv")
    assert dataset.log.user_ids == ("M…", "M")
    assert dataset.catalog.titles == ("„Größe“ 5 €", "Š")
    assert "e.csv was read as Windows-1252" in dataset.report.notes


def test_lines_of_two_encodings_are_each_read_as_what_they_are(tmp_path: Path) -> None:
    line = "{user},{item},Größe\n"
    data = b"user_id,item_id,title\n" + line.format(user="a", item="x").encode()
    (tmp_path / "e.csv").write_bytes(data + line.format(user="b", item="y").encode("latin-1") * 3)
    assert load(tmp_path / "e.csv").catalog.titles == ("Größe", "Größe")
