"""Files that are not what their name says: read as what they are, or refused with what they are."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard

from nextinterest.data import load
from nextinterest.errors import DataError

CSV = "user_id,item_id,timestamp\nu1,a,1700000000\nu2,b,1700000100\n"
JSON = (
    '{"user_id": "u1", "item_id": "a", "timestamp": 1700000000}\n'
    '{"user_id": "u2", "item_id": "b", "timestamp": 1700000100}\n'
)
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def parquet() -> bytes:
    out = io.BytesIO()
    pl.read_csv(io.StringIO(CSV)).write_parquet(out)
    return out.getvalue()


def workbook() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


@pytest.mark.parametrize(
    "name", ["a.csv", "a.jsonl", "a.parquet", "a.inter", "ratings.csv", "a.csv.gz", "a.txt"]
)
@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("<!DOCTYPE html>\n<html><body>Log in</body></html>\n", "a web page", "Download the file itself"),
        ("\n  <html lang='en'>", "a web page", "Download"),
        ("<!-- saved --><table><tr><td>user</td></tr></table>", "a web page", "save the table of the page"),
        ("<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>", "is XML", "download it again"),
        (LFS, "a pointer of Git LFS: the file of 12,345 bytes", "git lfs pull --include '*"),
        ("-- MySQL dump 10.13\n--\nINSERT INTO x VALUES (1);\n", "dump of a database", "export the table"),
        ("-- PostgreSQL database dump\n", "dump of a database", "export the table"),
        ("CREATE TABLE events (user_id int, item_id int);\n", "dump of a database", "export the table"),
        ("{\\rtf1\\ansi user,item}", "RTF", "plain text"),
    ],
)
def test_text_that_is_no_table_is_named_whatever_its_name(
    tmp_path: Path, name: str, text: str, what: str, remedy: str
) -> None:
    for encoding in ("utf-8", "utf-16"):
        data = text.encode(encoding)
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        for path in (tmp_path / name, tmp_path):
            with pytest.raises(DataError, match=what) as raised:
                load(path)
            assert remedy in raised.value.remedy


def test_a_table_that_speaks_of_pages_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user,item,title\nu,i,<html> for all\nv,j,create table manners\n")
    assert load(tmp_path / "a.csv").catalog.titles == ("<html> for all", "create table manners")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (workbook(), r"Office document \(\.xlsx\)\. Export the table as CSV"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\x93NUMPY\1\0", "a NumPy array"),
        (b"\x80\x04\x95", "a Python pickle"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.parquet", "a.inter"])
def test_documents_are_named_whatever_their_name(tmp_path: Path, data: bytes, what: str, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=what):
        load(tmp_path / name)


@pytest.mark.parametrize("named", ["", "a.csv", "a.csv.zip", "a.zip", "a.json", "a.unknown"])
@pytest.mark.parametrize(
    ("members", "name", "what"),
    [
        (("[Content_Types].xml", "xl/workbook.xml"), "a.xlsx", "an Office document (.xlsx)"),
        (("[Content_Types].xml", "xl/workbook.bin"), "a.xlsb", "an Office document (.xlsx)"),
        (("[Content_Types].xml", "word/document.xml"), "a.docx", "an Office document (.docx)"),
        (("[Content_Types].xml", "ppt/presentation.xml"), "a.pptx", "an Office document (.pptx)"),
        (("[Content_Types].xml", "other/thing.xml"), "a.vsdx", "an Office document."),
        (("mimetype", "content.xml", "styles.xml"), "a.ods", "an Office document (.ods)"),
        (("mimetype", "content.xml"), "a.odt", "an Office document (.od"),
        (("Index/Document.iwa", "preview.jpg"), "a.numbers", "an iWork document (.numbers"),
        (("Index/Document.iwa",), "a.pages", "an iWork document (."),
        (("Index.zip", "Metadata/Properties.plist"), "a.numbers", "an iWork document (."),
    ],
)
def test_zips_of_office_programs_are_named_with_what_to_do(
    tmp_path: Path, members: tuple[str, ...], name: str, what: str, named: str
) -> None:
    path = tmp_path / (named or name)
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    with pytest.raises(DataError) as raised:
        load(path)
    assert f"{path} is {what}" in raised.value.message
    assert raised.value.remedy == "Export the table as CSV."


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.json", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize(
    ("data", "kind"), [(CSV.encode(), "CSV"), (JSON.encode(), "JSON"), (parquet(), "Parquet")]
)
def test_a_table_named_as_another_kind_is_read_with_a_note(
    tmp_path: Path, name: str, data: bytes, kind: str
) -> None:
    (tmp_path / name).write_bytes(data)
    for path in (tmp_path / name, tmp_path):
        dataset = load(path)
        assert dataset.log.user_ids == ("u1", "u2")
        assert dataset.catalog.ids == ("a", "b")
        usual = {".json": "JSON", ".jsonl": "JSON", ".parquet": "Parquet"}.get(Path(name).suffix, "CSV")
        said = f"{name} holds {kind}, not {usual}, and was read as that"
        assert (said in dataset.report.notes) == (kind != usual)


@pytest.mark.parametrize("name", ["a.parquet.gz", "a.parquet.zst", "a.parquet", "a.csv.gz"])
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_packed_parquet_is_named_as_that(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / name).write_bytes(pack(parquet()))
    with pytest.raises(DataError, match=r"is a Parquet file within an archive\. Unpack it first"):
        load(tmp_path / name)


def test_a_list_of_objects_is_named_in_a_file_of_any_name(tmp_path: Path) -> None:
    for name in ("a.csv", "a.json", "a.parquet"):
        (tmp_path / name).write_text("[" + JSON.strip().replace("\n", ",\n") + "]")
        with pytest.raises(DataError, match=r"is one JSON document, not JSON lines.*jq"):
            load(tmp_path / name)
