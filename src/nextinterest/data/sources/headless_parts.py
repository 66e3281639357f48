"""Parts of a table in a folder that lack the header which another part has, as many exports write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from nextinterest.data.sources.archives import begins_as_parquet, suffix
from nextinterest.data.sources.columns import Columns, sniff_columns
from nextinterest.data.sources.headless import is_headless
from nextinterest.data.sources.item_table import mapped_here
from nextinterest.data.sources.layout import Layout, judge_layout
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.opening import cells_of
from nextinterest.data.sources.parts import base, is_part, shown
from nextinterest.data.sources.roles import is_time
from nextinterest.errors import DataError

__all__ = ["find_headless", "layout_without_header"]

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
Rows = list[tuple[str, ...]]


def find_headless(
    events: Sequence[Path],
    others: Sequence[Path],
    headers: Mapping[Path, tuple[str, ...]],
    columns: Columns | None,
) -> dict[Path, tuple[str, ...]]:
    """Return which files are parts of the events without a header, each with the names of its columns.

    A part has as many columns as the first file of the events, its first line looks like data, and its times
    and numbers stand in the same columns. A file that is not named as a part has a value in common, too.

    Parameters
    ----------
    events
        Files that have a user and an item by their headers.
    others
        Files of which nothing is known.
    headers
        The first line of each, as names.
    columns
        The caller's mapping.

    Raises
    ------
    DataError
        If a file is named as a part of the events, and is none that can be read.
    """
    found: dict[Path, tuple[str, ...]] = {}
    delimited = [p for p in events if not begins_as_parquet(p)]
    if not delimited:
        return found
    first = delimited[0]
    header, names = headers[first], {_without_number(p) for p in events}
    has = _rows(first, header, columns)[1:] if others else []
    for path in others:
        named = _without_number(path) in names
        if len(headers[path]) == len(header) and _fits(path, header, has, columns, named=named):
            found[path] = header
        elif named:
            raise DataError(
                f"{path} is named as a part of the events, but its first line {shown(headers[path])} is "
                f"neither the header of {first.name}, {shown(header)}, nor a row of such a table.",
                remedy="Write that header above its rows, or move the file out of the folder.",
            )
    return found


def layout_without_header(path: Path, header: Sequence[str]) -> Layout:
    """Judge the layout of a part whose columns are those of a header that stands elsewhere."""
    return judge_layout(
        path, suffix(path), TextFile(path).numbered(), {"user": 0, "item": max(1, len(header) - 1)}
    )


def _without_number(path: Path) -> str:
    """Return what names of parts have in common: that of the data, or all but the digits."""
    return f"part of {base(path)}" if is_part(path) else re.sub(r"\d+", "0", path.name)


def _rows(path: Path, header: Sequence[str], columns: Columns | None) -> Rows:
    """Return the first rows of a file, its header among them, that have as many cells as the header."""
    separator = judge_layout(path, suffix(path), TextFile(path).numbered(), columns).separator
    rows = (tuple(cells_of(line, separator)) for _, line in TextFile(path).numbered(200))
    return [row for row in rows if len(row) == len(header)]


def _fits(path: Path, header: Sequence[str], has: Rows, columns: Columns | None, *, named: bool) -> bool:
    """Return whether the rows of a file look like those of the table that has the header."""
    rows = _rows(path, header, columns)
    if not rows:
        return False
    known = sniff_columns(header, mapped_here(tuple(header), columns))
    numeric = [header.index(known[f]) for f in ("time", "rating", "weight", "price") if f in known]
    if any(_kind(rows, i) != _kind(has, i) for i in numeric if _kind(rows, i) and _kind(has, i)):
        return False
    shared = any(
        {row[i] for row in rows} & {row[i] for row in has}
        for i in (header.index(known["user"]), header.index(known["item"]))
    )
    repeated = any(first == later for row in rows[1:] for first, later in zip(rows[0], row, strict=True))
    if not named:
        return shared and (repeated or is_headless(path, rows[0]))
    return shared or repeated or is_headless(path, rows[0])


def _kind(rows: Rows, column: int) -> str:
    """Return what a column holds: times, numbers or text; nothing where no cell is filled."""
    cells = [row[column] for row in rows if row[column]]
    if not cells:
        return ""
    if is_time(cells):
        return "times"
    return "numbers" if all(map(_NUMBER.fullmatch, cells)) else "text"
