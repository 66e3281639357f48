"""`load`: from a path or the name of an asset to a clean data set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from nextinterest.data.assets import locate
from nextinterest.data.cleaning import CleaningConfig, clean
from nextinterest.data.dataset import Dataset
from nextinterest.data.sources import Format, read
from nextinterest.errors import DataError

__all__ = ["load"]


def load(
    path_or_name: str | Path,
    *,
    format: Format = "auto",  # noqa: A002 - the word a caller looks for
    cleaning: CleaningConfig | None = None,
    columns: Mapping[str, str | int] | None = None,
    strict: bool = False,
    name: str | None = None,
    now: datetime | None = None,
) -> Dataset:
    """Read and clean a data set.

    Parameters
    ----------
    path_or_name
        A file, a folder, or the name of an asset such as ``ml-100k``.
    format
        How to read it; ``auto`` judges by names and first lines.
    cleaning
        What to drop and how to order; None for the defaults.
    columns
        For CSV and Parquet, from a field (user, item, time, rating, title, categories, year, description) to
        the name of its column.
    strict
        Raise at the first bad row, with its file and line, where the default drops and counts.
    name
        Name of the data set; None takes it from the files.
    now
        The moment after which times are in the future; None asks the clock.

    Raises
    ------
    DataError
        If there is no such data, it cannot be read, or no event is left.
    AssetError
        If it is an asset that cannot be fetched.

    Examples
    --------
    >>> dataset = load("ml-100k")  # doctest: +SKIP
    >>> dataset.log.n_users, len(dataset.catalog), dataset.log.n_events  # doctest: +SKIP
    (943, 1682, 100000)
    """
    path = locate(str(path_or_name), "data")
    if not isinstance(path, Path):
        raise DataError(f"There is no data set {path_or_name!r}.", remedy="Give a path or an asset's name.")
    raw = read(path, format, columns)
    catalog, log, users, report = clean(raw, cleaning, strict=strict, now=now)
    return Dataset(name or raw.name, catalog, log, users, report)
