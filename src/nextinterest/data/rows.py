"""Events that a program already has, as plain tuples or as a table of polars or pandas."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeGuard

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.cleaning import CleaningConfig
from nextinterest.data.dataset import Dataset
from nextinterest.data.faults import EXACT_DUPLICATE, LOW_RATING, REPEATED_PAIR, TOO_FEW
from nextinterest.data.loading import load
from nextinterest.data.sources.columns import GivenColumns
from nextinterest.errors import DataError

__all__ = ["from_events"]

When = datetime | date | str | int | float
_POLICY = (EXACT_DUPLICATE, REPEATED_PAIR, LOW_RATING, TOO_FEW)
"""Reasons for which events are dropped that are no fault of theirs."""


class PandasFrame(Protocol):
    """What is used of a DataFrame of pandas, which need not be installed."""

    def to_csv(self, path: str, *, index: bool) -> object:
        """Write the table."""


def from_events(
    events: Iterable[tuple[str | int, str | int, When | None]] | pl.DataFrame | PandasFrame,
    items: str | Path | None = None,
    *,
    columns: GivenColumns | None = None,
    cleaning: CleaningConfig | None = None,
    name: str = "events",
) -> Dataset:
    """Return a data set of (user, item, time) tuples or of a table, cleaned as the events of a file are.

    Events that cannot be read, such as those of a time that is none, are dropped with a `UserWarning` that
    says how many there are and what is wrong with the first.

    Parameters
    ----------
    events
        User, item and time of each, in any order. Times are dates, datetimes, text or numbers as in a file,
        or None in every event. An item is known by its id, which is its title too where `items` has no other.
        Or a DataFrame of polars or pandas, whose columns are known by the names that those of files are.
    items
        A table of the items, as of `load`.
    columns, cleaning
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
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.csv"
        if _is_pandas(events):
            events.to_csv(str(path), index=False)
            return _loaded(path, items, columns, cleaning, name)
        path = path.with_suffix(".parquet")
        if isinstance(events, pl.DataFrame):
            events.write_parquet(path)
            return _loaded(path, items, columns, cleaning, name)
        _table(events).write_parquet(path)  # type: ignore[arg-type]  # what is no tuple is refused there
        try:
            return _loaded(path, items, columns, cleaning, name)
        except DataError as error:
            of_file = any(option in error.remedy for option in ("time_format=", "columns=", path.name))
            raise type(error)(
                error.message,
                remedy="Give times as datetime objects, or None in every event." if of_file else error.remedy,
                command="Give the times of all events in one form, or of none.",
            ) from None


def _is_pandas(events: object) -> TypeGuard[PandasFrame]:
    return hasattr(events, "to_csv") and hasattr(events, "columns")


def _table(events: Iterable[Sequence[object]]) -> pl.DataFrame:
    """Return tuples as a table."""
    rows = list(events)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, tuple | list) or len(row) != 3:
            raise DataError(
                f"Event {number} is {row!r}, not (user, item, time).",
                remedy="Give a tuple of three for each event; the time may be None in all of them. Or give a "
                "DataFrame of polars or pandas.",
            )
    if not rows:
        raise DataError("There are no events.", remedy="Give a (user, item, time) for each.")
    columns = {"user": [str(row[0]) for row in rows], "item": [str(row[1]) for row in rows]}
    times = [row[2] for row in rows]
    if all(time is None for time in times):
        return pl.DataFrame(columns)
    try:
        return pl.DataFrame(columns | {"time": times})
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(
            "The events' times are of several types.",
            remedy="Give all of them as datetime, or all as text, or all as numbers.",
        ) from error


def _loaded(
    path: Path,
    items: str | Path | None,
    columns: GivenColumns | None,
    cleaning: CleaningConfig | None,
    name: str,
) -> Dataset:
    """Load the table that was written, of which messages name no file."""
    try:
        data = load(path, items, columns=columns, cleaning=cleaning, name=name)
    except DataError as error:
        message = error.message.replace(f"{path}:1:", "The events given:").replace(
            str(path), "The events given"
        )
        raise type(error)(
            message.replace(path.name, "the events given"), remedy=error.remedy, command=error.command
        ) from None
    bad = [one for one in data.report.dropped if one.what == "events" and one.reason not in _POLICY]
    if bad:
        n, row = sum(one.count for one in bad), int((bad[0].first or ":0").rpartition(":")[2])
        first = f"event {row - (path.suffix == '.csv')}" + (f", {bad[0].cell}" if bad[0].cell else "")
        warnings.warn(
            f"{n:,} of {counted(data.report.events_read, 'event')} cannot be read and "
            f"{'was' if n == 1 else 'were'} dropped: {bad[0].reason} ({first}). The report of the data set "
            "counts them.",
            stacklevel=3,
        )
    return data
