"""Parquet as a table of strings: only the selected columns are read, whatever else a file holds."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from nextinterest.data.sources.archives import begins_as_parquet
from nextinterest.data.sources.cells import NAMED, NAMES
from nextinterest.data.sources.delimited import Selection, Table
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.panics import panics_unprinted
from nextinterest.errors import DataError

__all__ = ["is_readable", "parquet_columns", "read_parquet"]

_FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)
_ARROW = b"ARROW:schema"


def read_parquet(path: Path, select: Selection, needed: Collection[str] = ("user", "item")) -> Table:
    """Read Parquet as strings, to be judged as any other file; the line of a row is its position from 1.

    Parameters
    ----------
    path
        The file.
    select
        Given all column names, those to keep.
    needed
        Which of the selected columns must be read; another whose type cannot be text is left out, with a
        note.

    Raises
    ------
    DataError
        If it is not a readable Parquet file, or a needed column is of a type that cannot be text.
    """
    try:
        source, schema = _opened(path)
        columns, chosen, notes = _chosen(path, schema, select, needed)
        with panics_unprinted():
            frame = pl.read_parquet(source, columns=sorted(set(chosen.values())), memory_map=False)
        rows = frame.select(
            *(_text(path, name, frame.schema[name], out).alias(out) for out, name in chosen.items()),
            pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("line"),
            pl.lit(None, dtype=pl.String).alias("problem"),
        )
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.", remedy="Check the path.") from None
    except _FAILURES as error:
        _refuse_text(path)
        what = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        found = "cannot be read as Parquet" if _is_whole(path) else "is not a Parquet file"
        raise DataError(
            f"{path} {found}: {what.rstrip('.')}.", remedy="Check the download, or write the file again."
        ) from error
    return Table(path, columns, rows, notes)


def parquet_columns(path: Path) -> tuple[str, ...]:
    """Return the names of the columns; none where the file cannot be read, which `read_parquet` explains."""
    try:
        return tuple(_opened(path)[1])
    except _FAILURES:
        return ()


def _refuse_text(path: Path) -> None:
    """Raise where a file is text, packed or of another format, with what it is."""
    if begins_as_parquet(path):
        return
    begin = TextFile(path).begin()
    if not begin.strip():
        raise DataError(f"{path} is empty.", remedy="Check the download.")
    if "\0" not in begin and "\ufffd" not in begin:
        raise DataError(
            f"{path} is text, not Parquet: it begins {begin[:40]!r}.",
            remedy="Read it with format='csv', or with format='jsonl' where it holds JSON lines.",
            command="Read it with --format csv, or with --format jsonl where it holds JSON lines.",
        )


def _is_whole(path: Path) -> bool:
    """Return whether a file begins and ends as Parquet does."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return data[:4] == data[-4:] == b"PAR1"


def _opened(path: Path) -> tuple[Path | io.BytesIO, Mapping[str, pl.DataType]]:
    """Return what to read a file from, and the types of its columns.

    Arrow writes its own schema beside Parquet's, and polars panics over one with a zone that is no name of
    the time zone database, such as a fixed offset. Without it Parquet's own types count, which hold moments
    in UTC; readers look for it by its key.
    """
    try:
        with panics_unprinted():
            return path, pl.read_parquet_schema(path)
    except _FAILURES:
        data = path.read_bytes()
        footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        if footer < 0 or _ARROW not in data[footer:]:
            raise
        source = io.BytesIO(data[:footer] + data[footer:].replace(_ARROW, _ARROW.lower()))
        with panics_unprinted():
            return source, pl.read_parquet_schema(source)


def _chosen(
    path: Path, schema: Mapping[str, pl.DataType], select: Selection, needed: Collection[str]
) -> tuple[tuple[str, ...], Mapping[str, str], tuple[str, ...]]:
    """Return the columns there are to choose from, the chosen ones, and which cannot be read."""
    unread = {
        name: schema[name]
        for out, name in select(tuple(schema)).items()
        if out not in needed and not is_readable(schema[name], out)
    }
    columns = tuple(name for name in schema if name not in unread)
    notes = (
        f"{path.name}: the column {name!r} is of type {str(dtype)[:100]}, which cannot be read as text; it "
        "was left out"
        for name, dtype in unread.items()
    )
    chosen = select(columns)
    if unread and any(not is_readable(schema[name], out) for out, name in chosen.items()):
        columns, chosen, more = _chosen(path, {name: schema[name] for name in columns}, select, needed)
        return columns, chosen, (*notes, *more)
    return columns, chosen, tuple(notes)


def _text(path: Path, name: str, dtype: pl.DataType, out: str) -> pl.Expr:
    """Return a column as strings; lists as JSON, so that no value can be taken for a separator."""
    column = pl.col(name)
    if not is_readable(dtype, out):
        raise DataError(
            f"{path}: the column {name!r} is of type {dtype}, which cannot be read as text.",
            remedy="Map another column.",
        )
    if isinstance(dtype, pl.Array):
        column, dtype = column.arr.to_list(), pl.List(dtype.inner)
    if not isinstance(dtype, pl.List):
        return _as_text(column, dtype)
    while isinstance(dtype.inner, pl.List):
        column, dtype = column.list.eval(pl.element().explode()), dtype.inner
    text = _as_text(pl.element(), dtype.inner)
    escaped = text.str.replace_all("\\", r"\\", literal=True).str.replace_all('"', r"\"", literal=True)
    quoted = pl.lit('"') + escaped + '"'
    return pl.lit("[") + column.list.eval(pl.coalesce(quoted, pl.lit("null"))).list.join(",") + "]"


def _as_text(column: pl.Expr, dtype: object) -> pl.Expr:
    """Return values as text: times to the nanosecond, in UTC, and structs by their names."""
    if isinstance(dtype, pl.Struct) and (field := _name_of(dtype)) is not None:
        return _as_text(column.struct.field(field.name), field.dtype)
    if isinstance(dtype, pl.Datetime):
        utc = column if dtype.time_zone is None else column.dt.convert_time_zone("UTC")
        return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.9fZ")
    if dtype == pl.Time:
        return column.dt.strftime("%H:%M:%S%.9f")
    return column.dt.strftime("%Y-%m-%d") if dtype == pl.Date else column.cast(pl.String, strict=False)


def _name_of(dtype: pl.Struct) -> pl.Field | None:
    """Return the field of a struct that is its name."""
    fields = {field.name.lower(): field for field in dtype.fields if _is_plain(field.dtype)}
    return next((fields[name] for name in NAMES if name in fields), None)


def is_readable(dtype: object, out: str) -> bool:
    """Return whether values of a type can be text for what they are to be."""
    if isinstance(dtype, pl.Struct):
        return out in NAMED and _name_of(dtype) is not None
    if isinstance(dtype, pl.Array) and isinstance(dtype.inner, pl.DataType) and dtype.inner.is_float():
        return False  # an embedding, no list of ids or times
    if isinstance(dtype, pl.List | pl.Array):
        nested = isinstance(dtype.inner, pl.List) and out != "categories"
        return not nested and not isinstance(dtype.inner, pl.Array) and is_readable(dtype.inner, out)
    return _is_plain(dtype)


def _is_plain(dtype: object) -> bool:
    """Return whether values of a type are written as text in one way."""
    named = pl.Datetime | pl.Date | pl.Time | pl.String | pl.Boolean | pl.Categorical | pl.Enum
    return isinstance(dtype, named | pl.Null | pl.Decimal) or (
        isinstance(dtype, pl.DataType) and dtype.is_numeric()
    )
