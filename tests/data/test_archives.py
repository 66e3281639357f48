"""Packed tables, archives of several files, and binary files that are no tables."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard
from support.formats import zipped
from support.tables import CLICKED, CLICKS, INTER, PEOPLE, TOYS, history, items

from nextinterest.data import load
from nextinterest.errors import DataError

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
    ids=lambda value: value if isinstance(value, str) else "data",  # archives hold the time of their making
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
