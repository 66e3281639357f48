"""Events in a CSV, TSV or Parquet file, with columns named by the caller or recognised by their usual names.

An item file and a user file may lie beside it, found by name: ``NAME.items.csv`` or ``items.csv`` beside
``NAME.csv``, and the same with ``users`` and with the other endings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl

from nextinterest.data.sources.delimited import Table, read_delimited
from nextinterest.data.sources.raw import RawData, as_events, as_items, as_users, known, known_words
from nextinterest.errors import DataError

__all__ = ["FIELDS", "read_tabular", "sniff_columns"]

FIELDS: Mapping[str, tuple[str, ...]] = {
    "user": ("user", "user_id", "userid", "reviewerid", "customer_id", "session_id", "uid"),
    "item": ("item", "item_id", "itemid", "movieid", "movie_id", "product_id", "asin", "parent_asin", "iid"),
    "time": ("time", "timestamp", "datetime", "date", "unixreviewtime", "ts"),
    "rating": ("rating", "overall", "stars", "score"),
    "title": ("title", "name", "item_title", "movie_title", "product_title"),
    "categories": ("categories", "category", "genres", "genre", "class", "tags"),
    "year": ("year", "release_year"),
    "description": ("description", "summary"),
}
"""What a column may be, and the names (in lower case) by which each is recognised without a mapping."""

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t", ".psv": "|"}
_ENDINGS = (*_SEPARATORS, ".parquet")


def _ending(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def _stem(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).stem


def _read(path: Path, select: Callable[[tuple[str, ...]], Sequence[str]] | None = None) -> Table:
    """Read a file of any of the endings, a delimited one with the selected columns only."""
    ending = _ending(path)
    if ending == ".parquet":
        return _read_parquet(path)
    return read_delimited(path, _SEPARATORS.get(ending, ","), quotes=True, select=select)


def _read_parquet(path: Path) -> Table:
    """Read Parquet as strings, to be judged as any other file; the line of a row is its place from 1."""
    try:
        frame = pl.read_parquet(path, memory_map=False)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.", remedy="Check the path.") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path} is not a Parquet file: {error}", remedy="Check the download.") from error
    columns = tuple(frame.columns)
    text: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Datetime):
            text.append(column.dt.epoch("s").cast(pl.String).alias(name))
        elif dtype == pl.Date:
            text.append((column.cast(pl.Datetime("us")).dt.epoch("s")).cast(pl.String).alias(name))
        elif isinstance(dtype, pl.List):
            text.append(column.cast(pl.List(pl.String)).list.join("|").alias(name))
        else:
            text.append(column.cast(pl.String, strict=False).alias(name))
    rows = frame.select(
        *text,
        pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("line"),
        pl.lit(None, dtype=pl.String).alias("problem"),
    )
    return Table(path, columns, rows)


def sniff_columns(header: Sequence[str], columns: Mapping[str, str | int] | None = None) -> dict[str, str]:
    """Return what each column is: the caller's mapping first, then the names that are known.

    Parameters
    ----------
    header
        Names of the columns.
    columns
        From a field of `FIELDS` to the name of the column.

    Raises
    ------
    DataError
        If the mapping names an unknown field or a column that is not there.

    Examples
    --------
    >>> sniff_columns(["userId", "movieId", "when"], {"time": "when"})
    {'time': 'when', 'user': 'userId', 'item': 'movieId'}
    """
    found: dict[str, str] = {}
    for field, column in (columns or {}).items():
        if field not in FIELDS:
            raise DataError(
                f"There is no field {field!r} to map.", remedy=f"The fields are {', '.join(FIELDS)}."
            )
        if column in header:
            found[field] = column
    lower = {name.lower(): name for name in header}
    for field, names in FIELDS.items():
        if field not in (columns or {}) and field not in found:
            match = next((lower[name] for name in names if name in lower), None)
            if match is not None and match not in found.values():
                found[field] = match
    return found


def _beside(path: Path, what: str) -> Path | None:
    """Return the item or user file that belongs to an event file."""
    names = [
        f"{stem}{ending}{gz}"
        for stem in (f"{_stem(path)}.{what}", what)
        for ending in _ENDINGS
        for gz in ("", ".gz")
    ]
    return next((path.with_name(name) for name in names if path.with_name(name).is_file()), None)


def read_tabular(path: Path, columns: Mapping[str, str | int] | None = None) -> RawData:
    """Read a CSV, TSV or Parquet file of events, and the items and users beside it.

    Parameters
    ----------
    path
        The file of events.
    columns
        From a field of `FIELDS` to the name of its column, in the file of events or of items; fields that are
        left out are recognised by their usual names.

    Raises
    ------
    DataError
        If a mapped column is in none of the files, or no column is the user or the item.
    """

    def fields(header: tuple[str, ...]) -> Sequence[str]:
        return list(dict.fromkeys(sniff_columns(header, columns).values()))

    table = _read(path, fields)
    item_path, user_path = _beside(path, "items"), _beside(path, "users")
    item_table = None if item_path is None else _read(item_path, fields)
    headers = [table.columns, *([] if item_table is None else [item_table.columns])]
    for field, column in (columns or {}).items():
        if not any(column in header for header in headers):
            raise DataError(
                f"{path}:1: no column {column!r}, mapped to {field}, among {list(table.columns)}.",
                remedy="Name a column of the file.",
            )
    names = sniff_columns(table.columns, columns)
    for field in ("user", "item"):
        if field not in names:
            raise DataError(
                f"{path}:1: no column of {list(table.columns)} is the {field}.",
                remedy=f"Name it, as in columns={{'{field}': 'NAME'}}.",
            )
    files, notes = [path.name], list(table.notes)
    used = {column: field for field, column in names.items() if field in ("user", "item", "time", "rating")}
    events = as_events(table.frame.select(*used, "line", "problem").rename(used))
    items: pl.DataFrame | None = None
    if item_table is not None:
        items = _items(item_table, columns, len(files))
        files.append(item_table.path.name)
        notes.extend(item_table.notes)
    elif any(field in names for field in ("title", "categories", "year", "description")):
        # Titles may stand in the events themselves; the first of each item counts.
        first = table.frame.filter(pl.col("problem").is_null()).unique(
            names["item"], keep="first", maintain_order=True
        )
        items = _items(Table(path, table.columns, first), columns, 0)
    users: pl.DataFrame | None = None
    if user_path is not None:
        user_table = _read(user_path)
        user_column = sniff_columns(user_table.columns, columns).get("user")
        if user_column is None:
            raise DataError(f"{user_path}:1: no column of {list(user_table.columns)} is the user.")
        users = as_users(user_table.frame.rename({user_column: "user"}))
        files.append(user_path.name)
        notes.extend(user_table.notes)
    return RawData(
        _stem(path),
        tuple(files),
        events,
        items,
        users,
        has_times="time" in names,
        has_ratings="rating" in names,
        notes=tuple(notes),
    )


def _items(table: Table, columns: Mapping[str, str | int] | None, file: int) -> pl.DataFrame:
    names = sniff_columns(table.columns, columns)
    if "item" not in names:
        raise DataError(f"{table.path}:1: no column of {list(table.columns)} is the item.")
    chosen = [pl.col(names["item"]).alias("item")]
    chosen += [
        known(names[field]).alias(field) for field in ("title", "year", "description") if field in names
    ]
    if "categories" in names:
        chosen.append(known_words(names["categories"], "|").alias("categories"))
    return as_items(table.frame.select(*chosen, "line", "problem"), file)
