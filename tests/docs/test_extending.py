"""The page that says where to add what names files and names that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "extending.md").read_text("utf-8").splitlines()
    if line.startswith("| a")
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_files_and_names_of_a_row_exist(row: list[str]) -> None:
    assert len(row) == 4
    source = ROOT / "src" / "nextinterest"
    for cell, base in ((row[1], source), (row[2], source), (row[3], ROOT)):
        quoted = re.findall(r"`([^`]+)`", cell)
        paths = [base / one for one in quoted if "/" in one and "NAME" not in one]
        for path in paths:
            assert path.exists(), path
        text = "".join(path.read_text("utf-8") for path in paths if path.is_file())
        for name in (one for one in quoted if "/" not in one and one != "RawData"):
            assert re.search(rf"\b{name}\b", text), f"{name} in {paths}"
