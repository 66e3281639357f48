"""Remedies name what is there and what can be done about it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from nextinterest.data import load
from nextinterest.errors import DataError


@pytest.mark.parametrize(
    ("name", "text", "form", "said"),
    [
        ("a.csv", "user,item,time\nu,a,4830000000\n", "auto", "these times lie in the future"),
        ("a.csv", "user,item,time\nu,a,12:30\n", "%H:%M", "Give the date beside the time of day"),
        ("a.csv", "Date,Name,Rating\n2023-01-01,Alien,4\n", "auto", "add a column with the same id"),
        ("a.parquet", "PAR1" + "x" * 300 + "PAR1", "auto", r"\. Check the download"),
    ],
)
def test_remedies_fit(tmp_path: Path, name: str, text: str, form: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=f"(?i){said}"):
        load(tmp_path / name, time_format=form)


def test_an_ods_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(DataError, match=r"Office document \(\.ods\).*Export the table as CSV"):
        load(tmp_path / "a.ods")
