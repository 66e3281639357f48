"""A split as files, so that another library learns from the same events and predicts the same ones.

    train.csv                      user, item, and what is known of the events: time, rating, kind, weight
    validation.csv, test.csv       the same, and `after`: how many events of the user came before
    items.csv                      item, title, categories (with | between them), year
    split.json                     how events were held out, and fingerprints

Times are ISO 8601 in UTC. What precedes a held-out event is the first `after` events of its user in the order
of the data: those of train.csv, and held-out ones before it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nextinterest.data.dataset import Dataset
from nextinterest.data.log import EventLog
from nextinterest.data.splits import HeldOut, Split
from nextinterest.domain import Catalog
from nextinterest.files import check_output, write_atomic

__all__ = ["write_split"]

_SPLIT = "split.json"


def write_split(split: Split, dataset: Dataset, folder: Path) -> None:
    """Write a split of a data set into a folder.

    Raises
    ------
    StorageError
        If the folder holds other files, or cannot be written to.
    """
    check_output(folder, (_SPLIT,), "split")
    catalog = dataset.catalog
    train = np.arange(split.train.n_events)
    tables = {
        "train": _events(split.train, catalog, train),
        "validation": _held_out(split.validation, catalog),
        "test": _held_out(split.test, catalog),
        "items": pl.DataFrame(
            {
                "item": catalog.ids,
                "title": catalog.titles,
                "categories": ["|".join(names) for names in catalog.categories],
                "year": pl.Series(catalog.years, dtype=pl.Int32),
            }
        ),
    }
    for name, table in tables.items():
        write_atomic(folder / f"{name}.csv", table.write_csv().encode())
    about = {
        "data": dataset.name,
        "split": split.name,
        "rows": {name: len(table) for name, table in tables.items()},
        "log_fingerprint": split.test.histories.log.fingerprint,
        "train_fingerprint": split.train.fingerprint,
        "catalog_fingerprint": catalog.fingerprint,
    }
    write_atomic(folder / _SPLIT, json.dumps(about, indent=2).encode())


def _held_out(cases: HeldOut, catalog: Catalog) -> pl.DataFrame:
    log, ends = cases.histories.log, cases.histories.ends
    table = _events(log, catalog, log.offsets[cases.users] + ends)
    return table.with_columns(after=pl.Series(ends, dtype=pl.Int64))


def _events(log: EventLog, catalog: Catalog, events: NDArray[np.int64]) -> pl.DataFrame:
    """Return some events of a log, one a row."""
    columns: dict[str, pl.Series] = {
        "user": pl.Series(log.user_ids, dtype=pl.String).gather(log.users[events]),
        "item": pl.Series(catalog.ids, dtype=pl.String).gather(log.items[events]),
    }
    if log.times is not None:
        beyond = 0 if log.nanoseconds is None else log.nanoseconds[events].astype(np.int64)
        moments = pl.Series(log.times[events] * 10**9 + beyond).cast(pl.Datetime("ns"))
        exact = "%Y-%m-%dT%H:%M:%S" + ("" if log.nanoseconds is None else "%.9f") + "Z"
        columns["time"] = moments.dt.strftime(exact)
    if log.ratings is not None:
        columns["rating"] = pl.Series(log.ratings[events]).fill_nan(None)
    if log.kinds is not None:
        names = pl.Series([*log.kinds.names, None], dtype=pl.String)
        columns["kind"] = names.gather(log.kinds.codes[events] % len(names))
    if log.weights is not None:
        columns["weight"] = pl.Series(log.weights[events]).fill_nan(None)
    return pl.DataFrame(columns)
