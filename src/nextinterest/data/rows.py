"""Events that a program already has, as plain tuples."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from nextinterest.data.dataset import Dataset
from nextinterest.data.loading import load
from nextinterest.errors import DataError

__all__ = ["from_events"]

When = datetime | date | str | int | float


def from_events(
    events: Iterable[tuple[str | int, str | int, When | None]],
    items: str | Path | None = None,
    *,
    name: str = "events",
) -> Dataset:
    """Return a data set of (user, item, time) tuples, cleaned as the events of a file are.

    Parameters
    ----------
    events
        User, item and time of each, in any order. Times are dates, datetimes, text or numbers as in a file,
        or None in every event. An item is known by its id, which is its title too where `items` has no other.
    items
        A table of the items, as of `load`.
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
    rows = list(events)
    for index, row in enumerate(rows):
        if not isinstance(row, tuple | list) or len(row) != 3:
            raise DataError(
                f"Event {index} is {row!r}, not (user, item, time).",
                remedy="Give a tuple of three for each event; the time may be None in all of them.",
            )
    if not rows:
        raise DataError("There are no events.", remedy="Give a (user, item, time) for each.")
    columns = {"user": [str(row[0]) for row in rows], "item": [str(row[1]) for row in rows]}
    times = [row[2] for row in rows]
    if any(time is not None for time in times):
        try:
            table = pl.DataFrame(columns | {"time": times})
        except (TypeError, pl.exceptions.PolarsError) as error:
            raise DataError(
                "The events' times are of several types.",
                remedy="Give all of them as datetime, or all as text, or all as numbers.",
            ) from error
    else:
        table = pl.DataFrame(columns)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        table.write_parquet(path)
        try:
            return load(path, items, name=name)
        except DataError as error:
            of_file = any(option in error.remedy for option in ("time_format=", "columns=", path.name))
            raise type(error)(
                error.message.replace(path.name, "the events given"),
                remedy="Give times as datetime objects, or None in every event." if of_file else error.remedy,
                command="Give the times of all events in one form, or of none.",
            ) from None
