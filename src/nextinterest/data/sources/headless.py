"""Tables without a header: what separates their cells, and the errors that say how to read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nextinterest.data.sources.archives import begins_as_parquet, suffix
from nextinterest.data.sources.columns import DATA, is_positions
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.opening import SEPARATORS, cells_of, find_opening
from nextinterest.data.sources.parts import shown
from nextinterest.data.sources.roles import is_time, propose_columns
from nextinterest.errors import DataError

__all__ = ["BY_ENDING", "is_headless", "no_column", "no_header", "separator_without_header"]

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
_CELLS, _CELL = 10, 24
"""So many cells of a row are shown, and so many characters of a cell."""
_CHOOSE = "Choose the columns of the user and the item by these numbers, in place of N and M"
_ONE_EVENT = "A line that holds several items has to be written as one line for each of them first."


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
    alike = [row for row in rows if len(row) == len(rows[0])]
    found = propose_columns(alike) if 2 * len(alike) > len(rows) else {}
    message = f"{path}:1: the first line {shown(rows[0])} looks like data, not like a header"
    if not {"user", "item"} <= found.keys():
        return DataError(
            f"{message}, and no two of its columns look like ids of users and items. {_numbered(rows)}",
            remedy=f"{_CHOOSE}: columns={{'user': N, 'item': M}}. {_ONE_EVENT}",
            command=f"{_CHOOSE}: --column user=N --column item=M. {_ONE_EVENT}",
        )
    options = " ".join(f"--column {field}={position}" for field, position in found.items())
    return DataError(
        f"{message}.",
        remedy=f"Give the columns by position, from 0; by their values columns={found}.",
        command=f"Give the columns by position, from 0; by their values {options}.",
    )


def _one_column(path: Path, name: str) -> DataError:
    """Return the error for a table in which nothing was found that separates columns."""
    if not name or name == "0":  # a position: show what stands there
        name = TextFile(path).head(1)[0]
    return DataError(
        f"{path}:1: nothing separates columns in {shown([name])}: events need a user and an item.",
        remedy="Write the table with commas, semicolons, tabs or bars between its columns, as in "
        "frame.write_csv(path, separator=','); read without a header are also '::' and blanks.",
        command="Write the table with commas, semicolons, tabs or bars between its columns, as "
        "`tr '^' ',' < FILE` does where '^' separates; read without a header are also '::' and blanks.",
    )


def _numbered(rows: Sequence[Sequence[str]]) -> str:
    """Show the first rows with the numbers of their columns."""
    lines = [
        "  ".join(f"[{i}] {cell[:_CELL]}{'...' * (len(cell) > _CELL)}" for i, cell in enumerate(row[:_CELLS]))
        + "  ..." * (len(row) > _CELLS)
        for row in rows[:3]
    ]
    return "\n".join(("First rows with column numbers:", *lines))


def is_headless(path: Path, names: Sequence[str]) -> bool:
    """Return whether what was taken for a header has a number or a date among its names.

    Positions as pandas writes them are a header. If nothing was found to separate, it may be what does only
    where there is no header.
    """
    if is_positions(names) or not _is_delimited(path):
        return False
    cells = list(names) if len(names) > 1 else [c for s in ("::", " ") for c in cells_of(names[0], s)]
    return any(map(DATA.fullmatch, cells)) or _has_times_below(path, names)


def _is_delimited(path: Path) -> bool:
    return not begins_as_parquet(path) and not TextFile(path).head(1)[0].lstrip().startswith("{")


def _has_times_below(path: Path, names: Sequence[str]) -> bool:
    """Return whether a time stands among the names, and times in the same column of the lines below."""
    times = [i for i, name in enumerate(names) if is_time([name])]
    below = TextFile(path).head()[1:] if times else []
    for separator in SEPARATORS:
        rows = [cells for line in below if len(cells := cells_of(line, separator)) == len(names)]
        if rows and any(is_time([row[i] for row in rows]) for i in times):
            return True
    return False


def no_column(path: Path, names: Sequence[str], *fields: str, beside: bool = False) -> DataError:
    """Return the error for a table in which no column is known to be one or several needed fields.

    Columns of the tables beside the events, of items or users, cannot be given by position.
    """
    if is_headless(path, names):
        if not beside:
            return no_header(path)
        return DataError(
            f"{path}:1: the first line {shown(names)} looks like data, not like a header.",
            remedy=f"Write the names of its columns above it; one of them is {fields[0]}.",
        )
    if len(names) == 1 and not beside and _is_delimited(path):
        return _one_column(path, names[0])
    by_position = is_positions(names) and not beside
    if by_position:
        fields = tuple(field for field in fields if field != "time")
    further = " Where all events are of one user, add a column with the same id in each row." * (
        "user" in fields
    )
    what = f"the {fields[0]}" if len(fields) == 1 else f"the {', the '.join(fields[:-1])} or the {fields[-1]}"
    which = "it" if len(fields) == 1 else "them"
    undated = "; without times leave the time out" if "time" in fields else ""
    named = ", ".join(f"'{field}': {'N' if by_position else repr('NAME')}" for field in fields)
    options = " ".join(f"--column {field}={'N' if by_position else 'NAME'}" for field in fields)
    if by_position:
        which = "the number of its column" if len(fields) == 1 else "the numbers of their columns"
    return DataError(
        f"{path}:1: no column of {shown(names)} is {what}.",
        remedy=f"{'Give' if by_position else 'Name'} {which}, as in columns={{{named}}}{undated}.{further}",
        command=f"{'Give' if by_position else 'Name'} {which}, as in {options}{undated}.{further}",
    )
