"""How a delimited file is laid out, judged by its first lines: what separates, and where the header is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from nextinterest.data.sources.columns import (
    DATA,
    Columns,
    bare_names,
    is_positions,
    positions,
    sniff_columns,
)
from nextinterest.data.sources.delimited import PLAIN, Dialect
from nextinterest.data.sources.headless import BY_ENDING, no_header, separator_without_header
from nextinterest.data.sources.opening import SEPARATORS, Line, cells_of, find_opening
from nextinterest.data.sources.parts import shown
from nextinterest.errors import DataError

__all__ = ["Layout", "judge_layout", "separated_by"]

_COUNTED = 5
"""So many rows that count from 1 without quotes are numbered: fewer may be items with a comma too many."""
_NAMED = {"\t": "tabs", " ": "blanks"}


@dataclass(frozen=True)
class Layout:
    """How a delimited file is laid out."""

    separator: str
    header: tuple[str, ...] | None
    """Names for the columns of a file without a header: their positions."""

    quotes: bool
    notes: tuple[str, ...] = ()
    dialect: Dialect = PLAIN
    names: tuple[str, ...] = ()
    """Names of the columns, as the file or the caller gives them."""


def separated_by(path: Path, separator: str) -> str:
    """Describe the separator of the fields."""
    return f"{path.name} is separated by {_NAMED.get(separator, separator)}"


def judge_layout(path: Path, ending: str, first: Sequence[Line], columns: Columns | None) -> Layout:
    """Judge by its first lines how a table is laid out.

    Parameters
    ----------
    path, ending
        The file, and the ending that says which separator is expected.
    first
        Its first lines, with their numbers.
    columns
        The caller's mapping; positions mean that there is no header.

    Raises
    ------
    DataError
        If no header is found, or what is mapped by position is not there.
    """
    opening = find_opening(path, first, columns)
    lines = opening.lines
    layout = _judge(path, opening.separator or BY_ENDING.get(ending, ","), lines, columns)
    header = layout.header
    if opening.header is not None:
        header = tuple(cells_of(opening.header, layout.separator))
    quotes = layout.quotes and not opening.boxed
    dialect = replace(_quoting(lines, layout.separator) if quotes else PLAIN, skip=opening.skip)
    dialect = replace(dialect, boxed=opening.boxed, wrapped=opening.wrapped)
    notes = (*opening.notes, *(() if opening.separator == layout.separator else layout.notes))
    if dialect.quote == "'":
        notes = (*notes, f"{path.name} has single quotes around its cells")
    names = header or tuple(cells_of(lines[0], layout.separator))
    if header is None and (whole := _with_row_names(path, names, lines, layout.separator)) is not None:
        header, note = whole
        names, notes = header, (*notes, note)
        dialect = replace(dialect, skip=next(number for number, _ in first if number > opening.skip))
    return Layout(layout.separator, header, quotes, notes, dialect, names)


def _with_row_names(
    path: Path, names: Sequence[str], lines: Sequence[str], separator: str
) -> tuple[tuple[str, ...], str] | None:
    """Return the names of all columns where rows have one cell more than the header, and what to say of it.

    Such a cell is a name or number of the row, as R writes it before the others, or what an empty cell behind
    the last separator makes. None where rows differ otherwise: then they are malformed.
    """
    rows = [cells_of(line, separator) for line in lines[1:]]
    if not rows or len(names) < 2 or any(len(row) != len(names) + 1 for row in rows):
        return None
    if not any(row[-1] for row in rows):
        return (*names, ""), f"{path.name}: rows end with a separator, the header does not"
    cells = [row[0] for row in rows]
    quoted = [line.lstrip().startswith('"') for line in lines]
    numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdigit()]
    rising = len(numbers) == len(cells) and all(a < b for a, b in pairwise(numbers))
    if all(quoted[1:]):
        named = rising or (quoted[0] and len({*cells}) == len(cells))
    else:
        named = len(rows) >= _COUNTED and numbers == list(range(1, len(rows) + 1))
    if not named:
        return None
    return ("", *names), f"{path.name}: rows begin with a name of their own, which the header leaves out"


def _quoting(lines: Sequence[str], separator: str) -> Dialect:
    """Judge what stands around cells: every line must show single quotes, or one a blank before a quote."""
    if len(separator) > 1 or separator == " ":
        return PLAIN
    sign = re.escape(separator)
    single = re.compile(rf"(?:^|{sign})\s*'(?:[^']|'')*'\s*(?={sign}|$)")
    of_data = lines[1:] or lines
    if all(single.search(line) for line in of_data) and not any('"' in line for line in lines):
        return Dialect("'", spaced=True)
    spaced = re.compile(rf'{sign} +"(?:[^"]|"")*" *(?:{sign}|$)')
    return Dialect(spaced=any(spaced.search(line) for line in lines))


def _judge(path: Path, usual: str, lines: Sequence[str], columns: Columns | None) -> Layout:
    candidates = list(dict.fromkeys((usual, *SEPARATORS)))
    if positions(columns):
        return _without_header(path, usual, [*candidates, "::", " "], lines, columns)

    def score(separator: str) -> tuple[int, int, int]:
        names = cells_of(lines[0], separator)
        mapped = sum(column in names or column in bare_names(names) for column in (columns or {}).values())
        return mapped, len(sniff_columns(names)), len(names)

    separator = max(candidates, key=score)
    if score(separator)[2] == 1 and score(" ")[1] > 1:
        separator = " "
    names = cells_of(lines[0], separator)
    of_data = [name for name in (columns or {}).values() if name in names and DATA.fullmatch(str(name))]
    if of_data and not is_positions(names):
        raise no_header(path)
    other = separator != usual and len(names) > 1
    quotes = separator != " " or lines[0].lstrip().startswith('"')
    return Layout(separator, None, quotes, (separated_by(path, separator),) if other else ())


def _without_header(
    path: Path, usual: str, candidates: Sequence[str], lines: Sequence[str], columns: Columns | None
) -> Layout:
    last = max(positions(columns))
    separator = separator_without_header(lines, candidates, last)
    n = len(cells_of(lines[0], separator))
    if n <= last:
        raise DataError(
            f"{path}:1: there is no column {last} in {shown(cells_of(lines[0], separator))}: "
            "the first is column 0.",
            remedy=f"The positions are 0 to {n - 1}.",
        )
    names = cells_of(lines[0], separator)
    if {"user", "item"} <= sniff_columns(names).keys():
        named = {f: names[c] for f, c in (columns or {}).items() if isinstance(c, int)}
        if twice := [name for name in named.values() if names.count(name) > 1]:
            raise DataError(
                f"{path}:1: the first line {shown(names)} is a header; numbers are for tables without one, "
                f"and {twice[0]!r} is in it twice.",
                remedy="Rename one in the file, then give names, as in columns={'item': 'NAME'}.",
                command="Rename one in the file, then give names, as in --column item=NAME.",
            )
        raise DataError(
            f"{path}:1: the first line {shown(names)} is a header; numbers are for tables without one.",
            remedy=f"Give names: columns={named}.",
            command="Give names: " + " ".join(f"--column {f}={shlex.quote(c)}" for f, c in named.items()),
        )
    notes = [separated_by(path, separator)] if separator != usual else []
    if is_positions(cells_of(lines[0], separator)):  # as pandas writes a table whose columns have no names
        return Layout(separator, None, separator not in (" ", "::"), tuple(notes))
    return Layout(separator, tuple(map(str, range(n))), separator not in (" ", "::"), tuple(notes))
