"""Parquet as a table of strings: only the selected columns are read, whatever else a file holds."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from nextinterest.data.sources.delimited import Selection, Table
from nextinterest.data.sources.panics import panics_unprinted
from nextinterest.errors import DataError

__all__ = ["read_parquet"]


def read_parquet(path: Path, select: Selection) -> Table:
    """Read Parquet as strings, to be judged as any other file; the line of a row is its place from 1.

    Raises
    ------
    DataError
        If it is not a readable Parquet file, or a selected column is of a type that cannot be text.
    """
    try:
        with panics_unprinted():
            columns = tuple(pl.read_parquet_schema(path))
            chosen = dict(select(columns))
            frame = pl.read_parquet(path, columns=sorted(set(chosen.values())), memory_map=False)
        rows = frame.select(
            *(_text(path, name, frame.schema[name]).alias(out) for out, name in chosen.items()),
            pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("line"),
            pl.lit(None, dtype=pl.String).alias("problem"),
        )
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.", remedy="Check the path.") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        what = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DataError(f"{path} is not a Parquet file: {what}", remedy="Check the download.") from error
    return Table(path, columns, rows)


def _text(path: Path, name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as strings."""
    column = pl.col(name)
    if _is_plain(dtype):
        return _as_text(column, dtype)
    vector = isinstance(dtype, pl.Array) and dtype.inner.is_float()  # an embedding, no list of ids or times
    if isinstance(dtype, pl.List | pl.Array) and _is_plain(dtype.inner) and not vector:
        listed = column if isinstance(dtype, pl.List) else column.arr.to_list()
        text = _as_text(pl.element(), dtype.inner)
        # As JSON, so that no value can be taken for a separator.
        quoted = (
            pl.lit('"')
            + text.str.replace_all("\\", r"\\", literal=True).str.replace_all('"', r"\"", literal=True)
            + '"'
        )
        inner = listed.list.eval(pl.coalesce(quoted, pl.lit("null"))).list.join(",")
        return pl.lit("[") + inner + "]"
    raise DataError(
        f"{path}: the column {name!r} is of type {dtype}, which cannot be read as text.",
        remedy="Map another column.",
    )


def _as_text(column: pl.Expr, dtype: object) -> pl.Expr:
    """Return values as text; times to the nanosecond, in UTC."""
    if isinstance(dtype, pl.Datetime):
        utc = column if dtype.time_zone is None else column.dt.convert_time_zone("UTC")
        return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.9fZ")
    return column.dt.strftime("%Y-%m-%d") if dtype == pl.Date else column.cast(pl.String, strict=False)


def _is_plain(dtype: object) -> bool:
    """Tell whether values of a type are written as text in one way."""
    return isinstance(
        dtype,
        pl.Datetime | pl.Date | pl.String | pl.Boolean | pl.Categorical | pl.Enum | pl.Null | pl.Decimal,
    ) or (isinstance(dtype, pl.DataType) and dtype.is_numeric())
