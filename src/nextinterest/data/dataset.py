"""A data set: a catalogue, a clean log, what is known of the users, and what cleaning dropped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog
from nextinterest.errors import DataError

if TYPE_CHECKING:
    from nextinterest.data.report import CleaningReport

__all__ = ["Dataset", "as_data_set"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """What `nextinterest.data.load` returns.

    Attributes
    ----------
    name
        Short name, used in tables and paths.
    catalog
        The items, in order of first appearance in the item file (or the log, where there is none).
    log
        The cleaned events.
    users
        One row per user of the log, in its order, with a column ``user_id`` and whatever the source knows
        (in MovieLens-100K: ``age``, ``gender``, ``occupation``, ``zip_code``); None where it knows nothing.
    report
        What was read, dropped and why.
    """

    name: str
    catalog: Catalog
    log: EventLog
    users: pl.DataFrame | None
    report: CleaningReport

    def __repr__(self) -> str:
        """Return the name and the counts, not the data."""
        return f"Dataset({self.name!r}, {self.catalog!r}, {self.log!r})"

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over catalogue and log."""
        return hashlib.sha256((self.catalog.fingerprint + self.log.fingerprint).encode()).hexdigest()


def as_data_set(value: object, where: str) -> Dataset:
    """Return what `nextinterest.data.load` returned.

    Raises
    ------
    DataError
        If it is something else, such as a path.
    """
    if not isinstance(value, Dataset):
        raise DataError(
            f"{where} takes a data set, not a {type(value).__name__}.",
            remedy="Pass what nextinterest.data.load('events.csv') returns, or of a table or tuples what "
            "nextinterest.data.from_events(events) does.",
            command="Give the data with --data.",
        )
    return value
