"""Tables written one after the other into one file, which is there when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from nextinterest.errors import DataError, StorageError
from nextinterest.files import storing

__all__ = ["ENDINGS", "check_ending", "write_tables"]

_BETWEEN = "|"  # what separates categories in the files that are read, too


def check_ending(path: Path) -> None:
    """Refuse a file of a kind that is not written.

    Raises
    ------
    DataError
        If its name has none of the endings.
    """
    if path.suffix.lower() not in ENDINGS:
        raise DataError(
            f"{path} has no ending of a table that is written.",
            remedy=f"Name a file that ends in {', '.join(ENDINGS)}.",
        )


def write_tables(path: Path, tables: Iterator[pl.DataFrame]) -> None:
    """Write tables of the same columns, at least one, as one.

    Nothing is left of what is broken off: the tables are written into a folder beside the file, which is
    removed, and the whole is moved into its place.

    Raises
    ------
    DataError
        If the name has none of the endings.
    StorageError
        If it cannot be written; what was there before stays.
    """
    check_ending(path)
    write = ENDINGS[path.suffix.lower()]
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        holder = TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.", ignore_cleanup_errors=True)
    with holder as folder:
        whole = Path(folder) / path.name
        try:
            write(whole, tables, path)
        except pl.exceptions.PolarsError as error:
            raise StorageError(
                f"{path} could not be written: {error}.", remedy="Choose a folder that can be written to."
            ) from error
        with storing(path):
            whole.chmod(0o644)
            with whole.open("rb") as file:
                os.fsync(file.fileno())
            whole.replace(path)


def _parquet(whole: Path, tables: Iterator[pl.DataFrame], path: Path) -> None:
    """Write the parts, and then the whole from them as a stream, since Parquet cannot be appended to."""
    parts = whole.parent / "parts"
    with storing(path):
        parts.mkdir()
    for number, table in enumerate(tables):
        with storing(path):
            table.write_parquet(parts / f"{number:010d}.parquet")
    with storing(path):
        pl.scan_parquet(parts / "*.parquet").sink_parquet(whole)


def _csv(whole: Path, tables: Iterator[pl.DataFrame], path: Path) -> None:
    joined = pl.selectors.list().list.join(_BETWEEN)
    for number, table in enumerate(tables):
        with storing(path), whole.open("ab") as file:
            table.with_columns(joined).write_csv(file, include_header=number == 0)


def _jsonl(whole: Path, tables: Iterator[pl.DataFrame], path: Path) -> None:
    for table in tables:
        with storing(path), whole.open("ab") as file:
            table.write_ndjson(file)


ENDINGS: dict[str, Callable[[Path, Iterator[pl.DataFrame], Path], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _jsonl,
}
"""How each kind of table is written, by the ending of its name."""
