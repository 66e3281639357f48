"""What every reader hands to cleaning: events, items and users as they stand in the files, rows numbered.

A reader names columns and splits fields; it casts nothing that can fail, judges nothing and drops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from nextinterest.data.missing import is_missing
from nextinterest.data.times import TimeUnit

__all__ = [
    "ATTRIBUTE",
    "EVENT_SCHEMA",
    "ITEM_FIELDS",
    "ITEM_SCHEMA",
    "RawData",
    "TimeUnit",
    "as_events",
    "as_items",
    "as_users",
    "attributes",
    "known",
    "known_words",
    "unused",
]

ATTRIBUTE = "@"
"""Before the names of items' and users' attributes while a table is read, so that none is taken for one of
ours."""

ITEM_FIELDS = (
    *("title", "year", "categories", "description"),
    *("price", "currency", "published", "available_since", "available_until", "stock"),
)
"""Fields of an item beside its id."""

UNKNOWN = ("", "unknown", "unkonwn", "(no genres listed)", "nan")
"""How files write that something is not known; the misspelling stands in MovieLens-100K's own file."""

EVENT_SCHEMA: Mapping[str, pl.DataType] = {
    "user": pl.String(),
    "item": pl.String(),
    "time": pl.String(),
    "rating": pl.String(),
    "kind": pl.String(),
    "weight": pl.String(),
    "line": pl.UInt32(),
    "file": pl.UInt32(),
    "problem": pl.String(),
}

ITEM_SCHEMA: Mapping[str, pl.DataType] = {
    "item": pl.String(),
    **{name: pl.List(pl.String()) if name == "categories" else pl.String() for name in ITEM_FIELDS},
    "line": pl.UInt32(),
    "file": pl.UInt32(),
    "problem": pl.String(),
}


@dataclass(frozen=True, eq=False)
class RawData:
    """What a reader returns.

    Attributes
    ----------
    name
        Short name of the data.
    files
        Names of the files read; the column ``file`` of a frame counts into it.
    events
        `EVENT_SCHEMA`: ids, time, rating, kind and weight as written, in the order of the file; ``problem``
        where a line could not be split. A column the file does not have is null throughout.
    items
        `ITEM_SCHEMA`, and a column for each further attribute, its name behind `ATTRIBUTE`; None where there
        is no item file.
    users
        A column ``user`` and whatever the source knows of each user; None where it knows nothing.
    has_times, has_ratings
        Whether the files have such a column at all.
    time_unit
        Unit of numeric times; ``auto`` judges by their size.
    notes
        What was unusual, in words.
    warnings
        What of the files is likely to be a mistake, in words; every command that reads data prints it.
    test_files
        Which of the files are named as the test part of the data.
    files_not_read
        What else of the folder is named as a table.
    columns
        Names of the event columns in the file, by field; a field that is left out has its own name.
    """

    name: str
    files: tuple[str, ...]
    events: pl.DataFrame
    items: pl.DataFrame | None = None
    users: pl.DataFrame | None = None
    has_times: bool = True
    has_ratings: bool = True
    time_unit: TimeUnit = "auto"
    notes: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())
    test_files: tuple[int, ...] = ()
    files_not_read: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)


def _fit(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


def as_events(frame: pl.DataFrame, file: int = 0) -> pl.DataFrame:
    """Bring a frame of any of the event columns into `EVENT_SCHEMA`."""
    return _fit(frame.with_columns(pl.lit(file, dtype=pl.UInt32).alias("file")), EVENT_SCHEMA)


def as_items(frame: pl.DataFrame, file: int = 0) -> pl.DataFrame:
    """Bring a frame of any of the item columns into `ITEM_SCHEMA`; attributes stay beside."""
    schema = dict(ITEM_SCHEMA) | {name: pl.String() for name in frame.columns if name.startswith(ATTRIBUTE)}
    return _fit(frame.with_columns(pl.lit(file, dtype=pl.UInt32).alias("file")), schema)


def as_users(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of users, with a column ``user``, without its malformed rows."""
    fine = frame.filter(pl.col("problem").is_null()).drop("line", "problem")
    return fine.select(
        pl.col("user").str.strip_chars(),
        pl.exclude("user").name.map(lambda name: name.removeprefix(ATTRIBUTE)),
    )


def attributes(header: Sequence[str], user: str, bare: Mapping[str, str] | None = None) -> dict[str, str]:
    """Select the columns of a table of users: who it is, and what else is known, for `as_users`.

    Columns without a name, or whose name another has too, are left out, as is a second id.

    Parameters
    ----------
    header
        Names of the columns.
    user
        The one that is the user's id.
    bare
        Shorter names of the columns; None for their own.
    """
    ids = [f"{ATTRIBUTE}{name}" for name in ("user", "user_id")]
    more = unused(header, [user], bare)
    return {"user": user} | {name: full for name, full in more.items() if name not in ids}


def unused(
    header: Sequence[str], taken: Iterable[str], bare: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Select the other columns of a table, as attributes.

    Columns without a name, or whose name another has too, are left out.

    Parameters
    ----------
    header
        Names of the columns.
    taken
        Those that are something else.
    bare
        Shorter names of the columns; None or empty for their own.
    """
    names, others = bare or {name: name for name in header}, set(taken)
    return {
        f"{ATTRIBUTE}{name}": full
        for name, full in names.items()
        if name and full not in others and list(header).count(full) == 1
    }


def known(column: str) -> pl.Expr:
    """Return a column with the words for "not known" as null."""
    value = pl.col(column).str.strip_chars()
    return pl.when(~value.str.to_lowercase().is_in(UNKNOWN) & ~is_missing(value)).then(value)


def known_words(column: str, separator: str | None) -> pl.Expr:
    """Return a column split into words (one, where there is no separator) without those for "not known"."""
    text = pl.col(column).fill_null("")
    words = text.str.split(separator) if separator is not None else pl.concat_list(text)
    word = pl.element().str.strip_chars()
    return words.list.eval(word.filter(~word.str.to_lowercase().is_in(UNKNOWN)))
