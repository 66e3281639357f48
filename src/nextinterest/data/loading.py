"""`load`: from a path or the name of an asset to a clean data set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.assets import locate
from nextinterest.data.cleaning import CleaningConfig, clean
from nextinterest.data.controls import control_note
from nextinterest.data.dataset import Dataset
from nextinterest.data.log import EventLog
from nextinterest.data.names import read_names
from nextinterest.data.sources import Format, RawData, read
from nextinterest.data.sources.columns import GivenColumns
from nextinterest.data.splits import leave_one_out
from nextinterest.data.times import check_time_format
from nextinterest.domain import Catalog
from nextinterest.errors import DataError

__all__ = ["load"]


def load(
    path_or_name: str | Path,
    items: str | Path | None = None,
    *,
    format: Format = "auto",  # noqa: A002 - the word a caller looks for
    cleaning: CleaningConfig | None = None,
    columns: GivenColumns | None = None,
    time_format: str | None = None,
    strict: bool = False,
    name: str | None = None,
    now: datetime | None = None,
) -> Dataset:
    """Read and clean a data set.

    Parameters
    ----------
    path_or_name
        A file, a folder, or the name of an asset such as ``ml-100k``. A folder may hold one data set in
        parts: ``part-00000.parquet`` and so on, or ``NAME.train.inter``, ``NAME.valid.inter`` and
        ``NAME.test.inter``, which are put together. Files may be packed: gzip, bzip2, xz, zstd, or a zip of
        one file.
    items
        A table of the items: its path. None takes what lies beside the events. Its columns that are no field
        become attributes of the items.
    format
        How to read it; ``auto`` judges by names and first lines.
    cleaning
        What to drop and how to order; None for the defaults.
    columns
        From a field to the name of its column in the events or the items, or to its number from 0 where the
        table of events has no header. Fields are user, item, time, rating, kind and weight of events, and
        title, categories, year, description, price, currency, published, available_since, available_until and
        stock of items. What is not mapped is recognised by its usual names; None leaves a field out.
    time_format
        How times are written, where the column does not show it: ``day-first``, ``month-first``, a unit of
        numbers (``s``, ``ms``, ``us``, ``ns``), ``excel``, or a pattern of strptime (``%d/%m/%Y %H:%M``).
        None takes it from `cleaning`, which judges by the column.
    strict
        Raise at the first bad row, with its file and line, where the default drops and counts.
    name
        Name of the data set; None takes it from the files.
    now
        The moment after which times are in the future; None asks the clock.

    Raises
    ------
    DataError
        If there is no such data, it cannot be read, its times can be read in two ways, or no event is left.
    AssetError
        If it is an asset that cannot be fetched.

    Examples
    --------
    >>> dataset = load("ml-100k")  # doctest: +SKIP
    >>> dataset.log.n_users, len(dataset.catalog), dataset.log.n_events  # doctest: +SKIP
    (943, 1682, 100000)
    """
    _check_arguments(path_or_name, items, columns)
    path = locate(str(path_or_name), "data")
    if not isinstance(path, Path):
        raise DataError(f"There is no data set {path_or_name!r}.", remedy="Give a path or an asset's name.")
    if time_format is not None:
        update = {"time_format": check_time_format(time_format)}
        cleaning = (cleaning or CleaningConfig()).model_copy(update=update)
    separator = None if cleaning is None else cleaning.item_separator
    raw = read(path, format, columns, None if items is None else _items_file(items), separator)
    catalog, log, users, report = clean(raw, cleaning, strict=strict, now=now)
    further = (control_note(catalog, log), _held_out_note(raw, catalog, log))
    notes = (*report.notes, *(note for note in further if note is not None))
    report = report.model_copy(update={"notes": notes})
    return Dataset(name or raw.name, catalog, log, users, report)


def _items_file(path: str | Path) -> Path:
    if not Path(path).exists():
        raise DataError(f"There is no table of items {path}.", remedy="Check the path.")
    return Path(path)


def _check_arguments(path: object, items: object, columns: object) -> None:
    """Refuse what is no path and no mapping."""
    if not isinstance(path, str | Path):
        raise DataError(
            f"load takes a path or a name, not a {type(path).__name__}.",
            remedy="Pass a table or tuples to nextinterest.data.from_events.",
            command="Give the path of a file.",
        )
    if items is not None and not isinstance(items, str | Path):
        raise DataError(
            f"load takes the path of a table of items, not a {type(items).__name__}.",
            remedy="Write it to a file first, or pass events and items to nextinterest.data.from_events.",
            command="Give the path of a file.",
        )
    if columns is not None and not isinstance(columns, Mapping):
        raise DataError(
            f"columns is a {type(columns).__name__}; it maps fields to columns.",
            remedy="Pass a dictionary, such as {'user': 'customer', 'item': 'sku'}.",
            command="Map columns as in --column user=customer.",
        )


def _held_out_note(raw: RawData, catalog: Catalog, log: EventLog) -> str | None:
    """Report whether leave-one-out holds out what the test files hold; None where nothing is held out."""
    if not raw.test_files or not (log.lengths >= 3).any():
        return None
    events = read_names(raw).events
    published = events.filter(pl.col("file").is_in(raw.test_files)).select("user", "item").unique()
    test = leave_one_out(log).test
    held = pl.DataFrame(
        {
            "user": [log.user_ids[user] for user in test.users],
            "item": [catalog.ids[item] for item in test.targets],
        },
        schema={"user": pl.String(), "item": pl.String()},
    )
    same = len(published.join(held, on=["user", "item"]))
    names = ", ".join(raw.files[file] for file in raw.test_files)
    if same == len(published) == len(held):
        return f"leave-one-out holds out the {counted(same, 'event')} of {names}"
    return (
        f"leave-one-out holds out {same:,} of the {counted(len(published), 'event')} of {names}, "
        f"and {counted(len(held) - same, 'other')}"
    )
