"""Delimited files as columns of strings, each row with the number of its line and what is wrong with it.

Lines without quotes, by far most, are split as whole columns; only records that hold a quote are parsed one
by one, by the rules of RFC 4180. Nothing is cast. This module does not know what the columns mean.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.parts import shown
from nextinterest.errors import DataError

__all__ = [
    "FIELD_COUNT",
    "OPEN_QUOTE",
    "PLAIN",
    "Dialect",
    "Selection",
    "Table",
    "everything",
    "fields_of",
    "read_delimited",
    "unwrapped",
    "wrapping",
]

MAX_QUOTED_LINES = 64
"""A quoted field that is still open after so many lines is a stray quote, not a field."""

OPEN_QUOTE = "quote that is never closed"
FIELD_COUNT = "wrong number of fields"


_RULE = r"^[\s:+|]*[-=][-\s:=+|]*$"
_FOOTER = r"^\(?[\d,]+ rows?\b[^|]*$"
_WRAPPED = r"^\s*{0}((?:[^{0}]|{0}{0})*){0}[\s,;]*$"
_EXCEL = r'^="(.*)"$'

Selection = Callable[[tuple[str, ...]], Mapping[str, str]]
"""Given all names of a header, what to keep: from the name in the frame to the name in the header."""


@dataclass(frozen=True)
class Dialect:
    """How a file differs from most of its kind.

    Attributes
    ----------
    quote
        The sign around quoted fields.
    spaced
        Whether blanks stand between a separator and the quote behind it.
    skip
        Lines up to this number are no part of the table.
    boxed
        Whether the table is drawn: its rules, its edges and the blanks around cells are no part of it.
    wrapped
        The sign around whole lines, which is no part of them; empty where there is none.
    """

    quote: str = '"'
    spaced: bool = False
    skip: int = 0
    boxed: bool = False
    wrapped: str = ""


PLAIN = Dialect()


@dataclass(frozen=True, eq=False)
class Table:
    """A delimited file.

    Attributes
    ----------
    path
        Where it came from.
    columns
        All its column names, in order.
    frame
        The selected columns, all strings, null where a line is too short, and ``line`` and ``problem``.
    notes
        What was unusual about the file.
    separator
        What stands between its cells; empty where nothing does.
    """

    path: Path
    columns: tuple[str, ...]
    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    separator: str = ""


def everything(names: tuple[str, ...]) -> Mapping[str, str]:
    """Select all columns, under their own names."""
    return {name: name for name in names}


def read_delimited(
    path: Path,
    separator: str,
    *,
    header: Sequence[str] | None = None,
    quotes: bool = False,
    select: Selection = everything,
    dialect: Dialect = PLAIN,
) -> Table:
    """Read a delimited file, packed or not.

    Parameters
    ----------
    path
        The file.
    separator
        Between fields, one character or more; a blank stands for blanks and tabs, however many.
    header
        Names of the columns; None where the first line has them.
    quotes
        Whether a field may be quoted, and then hold separators and line breaks.
    select
        Given all column names, those to keep, so that a large file need not fit in memory.
    dialect
        In what the file differs from most.

    Raises
    ------
    DataError
        If the file cannot be read, or its header names a selected column twice.
    """
    source = TextFile(path)
    names = None if header is None else tuple(header)
    chosen: Mapping[str, str] | None = None
    parts: list[pl.DataFrame] = []
    at, excel = 1, 0
    quote = dialect.quote.encode()
    # A block may not end inside a quoted field. A stray quote leaves the count odd and the block grows.
    for lines in source.blocks((lambda data: data.count(quote) % 2 == 0) if quotes else (lambda _: True)):
        frame = lines.filter(pl.col("line") > dialect.skip) if dialect.skip else lines
        if dialect.boxed:
            frame = _unboxed(frame)
        if dialect.wrapped:
            frame = frame.with_columns(unwrapped(frame["text"], dialect.wrapped))
        if frame.is_empty():
            continue
        if separator == " ":
            frame = frame.with_columns(pl.col("text").str.strip_chars().str.replace_all(r"[ \t]+", " "))
        if names is None:
            if frame["problem"][0] is not None:
                raise DataError(
                    f"{path}:{frame['line'][0]}: {frame['problem'][0]}, where the header should be.",
                    remedy="Save the file as UTF-8 text.",
                )
            at = frame["line"][0]
            names = tuple(
                name.strip() for name in fields_of(frame["text"][0], separator, quotes, dialect.quote)
            )
            frame = frame.slice(1)
        if chosen is None:
            try:
                chosen = select(names)
                _refuse_repeated(path, names, chosen)
            except DataError as error:  # what selects knows names, not in which line they stand
                message = error.message.replace(f"{path}:1:", f"{path}:{at}:")
                raise DataError(message, remedy=error.remedy, command=error.command) from None
        fields = _split(frame, separator, len(names), dialect if quotes else None)
        position = {name: f"_{i}" for i, name in enumerate(names)}
        kept = [pl.col(position[name]).alias(out) for out, name in chosen.items()]
        part, n = _bare_cells(fields.select(*kept, "line", "problem"))
        parts.append(part)
        excel += n
    if not parts:
        raise DataError(f"{path} holds no rows.", remedy="Check the export.")
    notes = list(source.notes)
    if excel:
        notes.append(f'{path.name}: {excel:,} cells written as ="..." for Excel were read as what is between')
    return Table(path, names or (), pl.concat(parts, rechunk=True), tuple(notes), separator)


def wrapping(lines: Sequence[str]) -> str:
    """Return the sign that stands around whole lines, from the second on at least; empty where none does."""
    of_data = pl.Series(lines[1:], dtype=pl.String)
    for sign in ('"', "'"):
        inside = of_data.str.extract(_WRAPPED.format(sign))
        if len(inside) and inside.str.contains(r"[,;\t|]|::").fill_null(False).all():
            return sign
    return ""


def unwrapped(lines: pl.Series, sign: str) -> pl.Series:
    """Return lines without a sign that stands around the whole line, and those within it once.

    Examples
    --------
    >>> unwrapped(pl.Series(["'u1,i1,''Up'''", "u2,i2,Up"]), "'").to_list()
    ["u1,i1,'Up'", 'u2,i2,Up']
    """
    inside = lines.str.extract(_WRAPPED.format(sign)).str.replace_all(2 * sign, sign, literal=True)
    return pl.select(pl.coalesce(pl.lit(inside), pl.lit(lines)).alias(lines.name)).to_series()


def _unboxed(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a table that is drawn, cells and separators only."""
    text = pl.col("text").str.strip_chars()
    rows = lines.filter(~text.str.contains(_RULE) & ~text.str.contains(_FOOTER))
    edges = text.str.starts_with("|") & text.str.ends_with("|")
    bare = pl.when(edges).then(text.str.strip_prefix("|").str.strip_suffix("|")).otherwise(text)
    return rows.with_columns(bare.str.strip_chars().str.replace_all(r"[ \t]*\|[ \t]*", "|").alias("text"))


def _bare_cells(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return cells without the formula that keeps Excel from reading ids as numbers, and their number."""
    names = [name for name in frame.columns if name not in ("line", "problem")]
    marked = {name: frame[name].str.contains(_EXCEL) for name in names if _has_excel(frame[name])}
    if not marked:
        return frame, 0
    bare = (pl.col(name).str.replace(_EXCEL, "$1") for name in marked)
    return frame.with_columns(bare), sum(int(mask.sum()) for mask in marked.values())


def _has_excel(column: pl.Series) -> bool:
    return bool(column.str.starts_with('="').any())


def fields_of(text: str, separator: str, quotes: bool = True, quote: str = '"') -> list[str]:
    """Return the fields of one line; blanks between a separator and a quote are no part of one."""
    if separator == " ":
        text = " ".join(text.split())
        if not text.startswith('"'):
            return text.split()
    dialect = Dialect(quote, spaced=True)
    found = _parse(text, separator, dialect) if quotes and len(separator) == 1 else None
    cells = found or text.split(separator)
    return [re.sub(_EXCEL, r"\1", cell) for cell in cells] if '="' in text else cells


def _refuse_repeated(path: Path, names: tuple[str, ...], chosen: Mapping[str, str]) -> None:
    for name in chosen.values():
        if names.count(name) > 1:
            raise DataError(
                f"{path}:1: a column name appears twice in the header {shown(names)}: {name!r}, which is "
                "needed.",
                remedy="Rename one.",
            )


def _split_plain(frame: pl.DataFrame, separator: str, n: int) -> pl.DataFrame:
    """Split unquoted lines; a line of another number of fields gets a problem."""
    # One field more than there should be: it stays null unless the line has too many.
    names = [f"_{i}" for i in range(n + 1)]
    fields = pl.col("text").str.split_exact(separator, n).struct.rename_fields(names)
    frame = frame.select("line", "problem", fields.alias("fields")).unnest("fields")
    wrong = pl.col(names[n - 1]).is_null() | pl.col(names[n]).is_not_null()
    problem = pl.coalesce("problem", pl.when(wrong).then(pl.lit(FIELD_COUNT)))
    return frame.select("line", problem.alias("problem"), *names[:n])


def _split(frame: pl.DataFrame, separator: str, n: int, dialect: Dialect | None) -> pl.DataFrame:
    has_quote = frame["text"].str.contains('"' if dialect is None else dialect.quote, literal=True)
    if dialect is None or not has_quote.any():
        return _split_plain(frame, separator, n)
    quote, between = dialect.quote, re.escape(separator)
    if dialect.spaced:
        between = rf" *{between} *"
    # Lines whose every field is quoted and holds no quote are the other common dialect, and as cheap.
    field = f"{quote}[^{quote}]*{quote}"
    uniform = frame["text"].str.contains(rf"^{field}(?:{between}{field})*$")
    at = (has_quote & ~uniform).arg_true().to_numpy()
    parsed, inside = _split_quoted(frame, at, separator, n, dialect)
    outside = np.ones(len(frame), dtype=np.bool_)
    outside[inside] = False
    free = pl.Series(outside)
    whole = pl.col("text")
    if dialect.spaced:
        whole = whole.str.replace_all(f"{quote}{between}{quote}", f"{quote}{separator}{quote}")
    bare = whole.str.strip_prefix(quote).str.strip_suffix(quote)
    plain = _split_plain(frame.filter(~has_quote & free), separator, n)
    stripped = _split_plain(frame.filter(uniform & free).with_columns(bare), f"{quote}{separator}{quote}", n)
    return pl.concat([parsed, plain.select(parsed.columns), stripped.select(parsed.columns)]).sort("line")


def _split_quoted(
    frame: pl.DataFrame, at: NDArray[np.uint32], separator: str, n: int, dialect: Dialect
) -> tuple[pl.DataFrame, list[int]]:
    """Parse the records that begin at these positions one by one.

    Returns the parsed rows, and the positions of lines that belong to a quoted field begun above them.
    """
    texts = frame["text"]
    columns: list[list[str | None]] = [[] for _ in range(n)]
    numbers: list[int] = []
    problems: list[str | None] = []
    inside: list[int] = []
    end = -1
    for position in at.tolist():
        if position <= end:
            continue
        end, joined = position, str(texts[position])
        row = _parse(joined, separator, dialect)
        while row is None and end - position < MAX_QUOTED_LINES and end + 1 < len(texts):
            end += 1
            joined += f"\n{texts[end]}"
            if dialect.quote in texts[end]:  # nothing else can end the field
                try:
                    row = _parse(joined, separator, dialect, strict=True)
                except csv.Error:  # text behind the quote: that of another field, or a stray one
                    break
        problem: str | None = None
        if row is None:
            end, problem = position, OPEN_QUOTE
        else:
            inside.extend(range(position + 1, end + 1))
            problem = FIELD_COUNT if len(row) != n else None
        numbers.append(frame["line"][position])
        problems.append(frame["problem"][position] or problem)
        for i, column in enumerate(columns):
            column.append(row[i] if row is not None and i < len(row) else None)
    schema = {"line": pl.UInt32(), "problem": pl.String()} | {f"_{i}": pl.String() for i in range(n)}
    data = {"line": numbers, "problem": problems} | {f"_{i}": column for i, column in enumerate(columns)}
    return pl.DataFrame(data, schema=schema), inside


def _parse(text: str, separator: str, dialect: Dialect, *, strict: bool = False) -> list[str] | None:
    """Parse one record, or return None where a quoted field is still open at its end.

    With `strict`, text between the end of a quoted field and the next separator raises `csv.Error`.
    """
    # A record that ends inside a quoted field swallows the sentinel line behind it.
    lines = [*(part + "\n" for part in text.split("\n")), "end\n"]
    try:
        rows = list(
            csv.reader(
                lines,
                delimiter=separator,
                quotechar=dialect.quote,
                skipinitialspace=dialect.spaced,
                strict=strict,
            )
        )
    except csv.Error as error:  # at the end of the data, or at a field longer than the module takes
        if strict and "expected after" in str(error):
            raise
        return None
    return rows[0] if len(rows) == 2 and rows[1] == ["end"] else None
