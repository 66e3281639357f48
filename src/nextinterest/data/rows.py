"""Events and items that a program already has, as plain tuples or as tables of polars or pandas."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeGuard

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.advice import ELSE
from nextinterest.data.cleaning import CleaningConfig
from nextinterest.data.dataset import Dataset
from nextinterest.data.faults import EXACT_DUPLICATE, LOW_RATING, REPEATED_PAIR, TOO_FEW
from nextinterest.data.loading import load
from nextinterest.data.sources.columns import GivenColumns, sniff_columns
from nextinterest.data.sources.panics import panics_unprinted
from nextinterest.data.sources.parquet import is_readable
from nextinterest.errors import DataError

__all__ = ["from_events"]

When = datetime | date | str | int | float
_POLICY = (EXACT_DUPLICATE, REPEATED_PAIR, LOW_RATING, TOO_FEW)
"""Reasons for which events are dropped that are no fault of theirs."""
_FAILURES = (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


class PandasFrame(Protocol):
    """What is used of a DataFrame of pandas, which need not be installed."""

    def to_csv(self, path: str, *, index: bool) -> object:
        """Write the table."""


Frame = pl.DataFrame | pl.LazyFrame | PandasFrame


def from_events(
    events: Iterable[tuple[str | int, str | int, When | None]] | Frame,
    items: str | Path | Frame | Iterable[Mapping[str, object] | tuple[str | int, str]] | None = None,
    *,
    columns: GivenColumns | None = None,
    time_format: str | None = None,
    cleaning: CleaningConfig | None = None,
    name: str = "events",
) -> Dataset:
    """Return a data set of (user, item, time) tuples or of a table, cleaned as the events of a file are.

    Events that cannot be read, such as those of a time that is none, are dropped with a `UserWarning` that
    says how many there are and what is wrong with the first; so are columns of a type that is no text.

    Parameters
    ----------
    events
        User, item and time of each, in any order. Times are dates, datetimes, text or numbers as in a file,
        or None in every event. An item is known by its id, which is its title too where `items` has no other.
        Or a DataFrame of polars or pandas, whose columns are known by the names that those of files are; a
        LazyFrame is collected.
    items
        A table of the items: its path, a table as of `events`, or for each item a dictionary or a tuple of
        its id and title.
    columns, time_format, cleaning
        As of `load`.
    name
        Name of the data set.

    Raises
    ------
    DataError
        If an event is no such tuple, there are none, or times cannot be read.

    Examples
    --------
    >>> data = from_events([("ann", "tent", "2026-05-01"), ("ann", "lamp", "2026-05-03")])
    >>> data.catalog.titles, data.log.history(0).items.tolist()
    (('tent', 'lamp'), [0, 1])
    >>> from_events([("ann", "t1", None)], items=[("t1", "Tent"), ("l1", "Lamp")]).catalog.titles
    ('Tent', 'Lamp')
    """
    with TemporaryDirectory() as folder:
        given = {"events": events if _is_frame(events) else _events(events)}  # type: ignore[arg-type]
        if items is not None and not isinstance(items, str | Path):
            given["items"] = items if _is_frame(items) else _items(items)  # type: ignore[arg-type]
        paths = {what: _written(table, Path(folder), what, columns) for what, table in given.items()}
        try:
            data = load(
                paths["events"],
                paths.get("items", items),  # type: ignore[arg-type]  # no table: written above
                columns=columns,
                cleaning=cleaning,
                time_format=time_format,
                name=name,
            )
        except DataError as error:
            remedy, message = error.remedy, error.message
            if not _is_frame(events) and remedy == ELSE[0]:
                remedy = "Give each event a user and an item."
            for what, path in paths.items():
                for written, said in ((f"{path}:1:", f"The {what} given:"), (str(path), f"The {what} given")):
                    message = message.replace(written, said)
                message = message.replace(path.name, f"the {what} given")
            raise type(error)(message, remedy=remedy, command=error.command) from None
        _warn(data, paths["events"].suffix == ".csv")
    return data


def _is_frame(table: object) -> TypeGuard[Frame]:
    return isinstance(table, pl.DataFrame | pl.LazyFrame) or _is_pandas(table)


def _is_pandas(table: object) -> TypeGuard[PandasFrame]:
    return hasattr(table, "to_csv") and hasattr(table, "columns")


def _written(table: Frame, folder: Path, what: str, columns: GivenColumns | None) -> Path:
    """Write a table, and return where."""
    try:
        if not isinstance(table, pl.DataFrame | pl.LazyFrame):
            path = folder / f"{what}.csv"
            table.to_csv(str(path), index=False)
            return path
        path = folder / f"{what}.parquet"
        with panics_unprinted():
            frame = table.collect() if isinstance(table, pl.LazyFrame) else table
            _without_unreadable(frame, what, columns).write_parquet(path)
        return path
    except (*_FAILURES, OSError) as error:
        raise DataError(
            f"The {what} given cannot be taken as a table: {str(error).splitlines()[0][:200].rstrip('.')}.",
            remedy="Give a DataFrame whose columns are text, numbers, dates or lists of these.",
        ) from error


def _without_unreadable(frame: pl.DataFrame, what: str, columns: GivenColumns | None) -> pl.DataFrame:
    """Return a table without columns that cannot be text; with a warning where their names are known."""
    named = {field: column for field, column in (columns or {}).items() if isinstance(column, str)}
    known = {column: field for field, column in sniff_columns(frame.columns, named).items()}
    left_out = {
        column: str(dtype)
        for column, dtype in frame.schema.items()
        if not is_readable(dtype, known.get(column, "")) and known.get(column) not in ("user", "item")
    }
    for column, dtype in left_out.items():
        if column in known:
            warnings.warn(
                f"The column {column!r} of the {what} is of type {dtype}, which is no {known[column]}: it "
                "was left out.",
                stacklevel=4,
            )
    return frame.drop(column for column in left_out if column in known or left_out[column] == "Object")


def _events(events: Iterable[Sequence[object]]) -> pl.DataFrame:
    """Return tuples as a table."""
    rows: list[Sequence[object]] = []
    for number, row in enumerate(_listed(events, "events"), start=1):
        if not isinstance(row, tuple | list) or len(row) != 3:
            raise DataError(
                f"Event {number} is {row!r}, not (user, item, time).",
                remedy="Give a tuple of three for each event; the time may be None in all of them. Or give a "
                "DataFrame of polars or pandas.",
            )
        rows.append(row)
    if not rows:
        raise DataError("There are no events.", remedy="Give a (user, item, time) for each.")
    columns = {
        what: [_id(row[at], what, f"event {number}") for number, row in enumerate(rows, start=1)]
        for at, what in enumerate(("user", "item"))
    }
    times = [row[2] for row in rows]
    if all(time is None for time in times):
        return pl.DataFrame(columns)
    try:
        return pl.DataFrame(columns | {"time": times})
    except _FAILURES as error:
        raise DataError(
            "The events' times are of several types.",
            remedy="Give all of them as datetime, or all as text, or all as numbers.",
        ) from error


def _items(items: Iterable[object]) -> pl.DataFrame:
    """Return dictionaries, or tuples of an id and a title, as a table."""
    rows: list[Mapping[str, object]] = []
    for number, row in enumerate(_listed(items, "items"), start=1):
        if isinstance(row, tuple | list) and len(row) == 2:
            rows.append({"item": _id(row[0], "item", f"item {number}"), "title": str(row[1])})
        elif isinstance(row, Mapping):
            rows.append(row)
        else:
            raise DataError(
                f"Item {number} is {row!r}, neither a dictionary nor (id, title).",
                remedy="Give a dictionary for each, such as {'item': 't1', 'title': 'Tent', 'price': 80}, or "
                "a tuple of its id and title.",
            )
    try:
        return pl.DataFrame(rows, infer_schema_length=None)
    except _FAILURES as error:
        raise DataError(
            f"The items given have values of several types: {str(error).splitlines()[0][:200].rstrip('.')}.",
            remedy="Give the values of each name in one type, or all as text.",
        ) from error


def _listed(rows: Iterable[object], what: str) -> Iterable[object]:
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise DataError(
            f"The {what} given are a {type(rows).__name__}.",
            remedy="Give a list of tuples, or a DataFrame of polars or pandas.",
        )
    return rows


def _id(value: object, what: str, of: str) -> str:
    """Return an id as text."""
    if isinstance(value, bytes | bool | Mapping | list | tuple | set):
        raise DataError(
            f"The {what} of {of} is {value!r}, a {type(value).__name__}.",
            remedy="Give ids as text or whole numbers.",
        )
    return str(value)


def _warn(data: Dataset, of_csv: bool) -> None:
    """Warn of events that cannot be read; rows of a CSV file count from its header."""
    bad = [one for one in data.report.dropped if one.what == "events" and one.reason not in _POLICY]
    if bad:
        n, row = sum(one.count for one in bad), int((bad[0].first or ":0").rpartition(":")[2])
        first = f"event {row - of_csv}" + (f", {bad[0].cell}" if bad[0].cell else "")
        warnings.warn(
            f"{n:,} of {counted(data.report.events_read, 'event')} cannot be read and "
            f"{'was' if n == 1 else 'were'} dropped: {bad[0].reason} ({first}). The report of the data set "
            "counts them.",
            stacklevel=3,
        )
