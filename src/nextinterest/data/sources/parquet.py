"""Parquet as a table of strings: only the selected columns are read, whatever else a file holds."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from nextinterest.data.sources.delimited import Selection, Table
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
    if isinstance(dtype, pl.Datetime):
        return column.dt.epoch("s").cast(pl.String)
    if dtype == pl.Date:
        return column.cast(pl.Datetime("us")).dt.epoch("s").cast(pl.String)
    if isinstance(dtype, pl.List | pl.Array) and _is_plain(dtype.inner):
        listed = column if isinstance(dtype, pl.List) else column.arr.to_list()
        return listed.cast(pl.List(pl.String)).list.join("|")
    if _is_plain(dtype):
        return column.cast(pl.String, strict=False)
    raise DataError(
        f"{path}: the column {name!r} is of type {dtype}, which cannot be read as text.",
        remedy="Map another column.",
    )


def _is_plain(dtype: object) -> bool:
    """Tell whether values of a type are written as text in one way."""
    return isinstance(dtype, pl.String | pl.Boolean | pl.Categorical | pl.Enum | pl.Null | pl.Decimal) or (
        isinstance(dtype, pl.DataType) and dtype.is_numeric()
    )
