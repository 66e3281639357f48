"""Tables without a header: what separates their cells, and the errors that say how to read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nextinterest.data.sources.archives import begins_as_parquet, suffix
from nextinterest.data.sources.columns import DATA, is_positions
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.opening import SEPARATORS, cells_of, find_opening
from nextinterest.data.sources.parts import shown
from nextinterest.data.sources.roles import propose_columns
from nextinterest.errors import DataError

__all__ = ["BY_ENDING", "no_column", "no_header", "separator_without_header"]

BY_ENDING = {
    ".csv": ",",
    ".tsv": "\t",
    ".txt": "\t",
    ".psv": "|",
    ".inter": "\t",
    ".item": "\t",
    ".user": "\t",
}
"""Which separator an ending stands for; others are as .csv."""

_LINES = 200
"""So many first lines show what the columns are."""


def separator_without_header(lines: Sequence[str], candidates: Sequence[str], last: int) -> str:
    """Return which of the candidates separates the cells of lines that have a cell of position `last`."""

    def score(separator: str) -> tuple[bool, bool, bool, int]:
        counts = [len(cells_of(line, separator)) for line in lines]
        return (
            counts[0] > last,
            len(set(counts)) == 1 and separator != " ",
            separator == "::" and counts[0] > 1,
            counts[0],
        )

    return max(candidates, key=score)


def no_header(path: Path) -> DataError:
    """Return the error for a first line that is data: it proposes what the columns are by their values."""
    opening = find_opening(path, TextFile(path).numbered(_LINES), {"user": 0, "item": 1})
    lines, usual = opening.lines, opening.separator or BY_ENDING.get(suffix(path), ",")
    candidates = list(dict.fromkeys((usual, *SEPARATORS, "::", " ")))
    separator = separator_without_header(lines, candidates, 1)
    rows = [cells_of(line, separator) for line in lines]
    found = propose_columns([row for row in rows if len(row) == len(rows[0])])
    message = f"{path}:1: the first line {shown(rows[0])} looks like data, not like a header"
    if not {"user", "item"} <= found.keys():
        return DataError(
            f"{message}, and no two of its columns look like ids of users and items.",
            remedy="Check that it is a table of events: a row needs a user and an item.",
        )
    options = " ".join(f"--column {field}={position}" for field, position in found.items())
    return DataError(
        f"{message}.",
        remedy=f"Give the columns by position, from 0; by their values columns={found}.",
        command=f"Give the columns by position, from 0; by their values {options}.",
    )


def _is_headless(path: Path, names: Sequence[str]) -> bool:
    """Return whether what was taken for a header has a number or a date among its names.

    Positions as pandas writes them are a header. If nothing was found to separate, it may be what does only
    where there is no header.
    """
    if is_positions(names) or begins_as_parquet(path) or TextFile(path).head(1)[0].lstrip().startswith("{"):
        return False
    cells = list(names) if len(names) > 1 else [c for s in ("::", " ") for c in cells_of(names[0], s)]
    return any(map(DATA.fullmatch, cells))


def no_column(path: Path, names: Sequence[str], field: str, *, beside: bool = False) -> DataError:
    """Return the error for a table in which no column is known to be the user or the item.

    Columns of the tables beside the events, of items or users, cannot be given by position.
    """
    if _is_headless(path, names):
        if not beside:
            return no_header(path)
        return DataError(
            f"{path}:1: the first line {shown(names)} looks like data, not like a header.",
            remedy=f"Write the names of its columns above it; one of them is {field}.",
        )
    return DataError(
        f"{path}:1: no column of {shown(names)} is the {field}.",
        remedy=f"Name it, as in columns={{'{field}': 'NAME'}}.",
        command=f"Name it, as in --column {field}=NAME.",
    )
