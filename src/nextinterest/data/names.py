"""Names as they stand in files: ids, titles and categories in one Unicode form, missing ones as null.

Whole columns. Ids stay text: "007" keeps its zeros and 2^53 + 1 its last digit.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.directions import DIRECTIONS, without_directions
from nextinterest.data.missing import is_missing
from nextinterest.data.sources.raw import RawData
from nextinterest.data.titles import unescaped

__all__ = ["doubtful_ids", "normal_names", "read_names"]

_FLOAT = r"^\d+\.0+$"
_SCIENTIFIC = r"^\d+(?:\.\d+)?[eE]\+?\d+$"
_TRUTH = r"^(?:[Tt]rue|[Ff]alse)$"
_FRACTION = r"^\d+\.\d*[1-9]\d*$"
_INVISIBLE = r"^[\p{Cf}\s]+|[\p{Cf}\s]+$"


def normal_names(column: pl.Series) -> pl.Series:
    """Return a column of text with each cell as `nextinterest.domain.normal_name` has it."""
    return _composed(column.str.strip_chars())


def _composed(bare: pl.Series) -> pl.Series:
    """Return stripped text composed; the column itself where all of it is ASCII."""
    if not (bare.str.len_bytes() != bare.str.len_chars()).any():
        return bare
    return bare.str.replace_all(DIRECTIONS, "").str.normalize("NFC").str.replace_all(_INVISIBLE, "")


def read_names(raw: RawData) -> RawData:
    """Return the data with ids, titles and categories in one form; missing ids are null.

    Entities in titles are unescaped, and no text has a direction-changing character.

    Ids are read column by column and file by file, so that ids which one file writes as 10.0 and another as
    10 are the same.
    """
    if raw.items is not None:
        raw = replace(raw, items=raw.items.with_columns(unescaped(raw.items["title"])))
    raw = without_directions(raw)
    reading = _Reading(raw)
    events = reading.ids(raw.events, "events", "user", "item")
    items = None if raw.items is None else _texts(reading.ids(raw.items, "items", "item"))
    users = None if raw.users is None else reading.ids(raw.users, "users", "user")
    return replace(raw, events=events, items=items, users=users, notes=(*raw.notes, *reading.notes()))


class _Reading:
    """Reads the ids of one table after the other, and remembers what was unusual."""

    def __init__(self, raw: RawData) -> None:
        self.columns = raw.columns
        self.changed: dict[str, set[str]] = {"user": set(), "item": set()}
        self.floats: list[str] = []

    def ids(self, frame: pl.DataFrame, table: str, *columns: str) -> pl.DataFrame:
        """Return the table with these columns read."""
        for column in columns:
            bare = frame[column].str.strip_chars()
            ids = _composed(bare)
            if ids is not bare:
                self.changed[column].update(bare.filter(ids != bare).unique())
            ids, floats = _whole(ids, frame["file"] if "file" in frame.columns else None)
            if floats:
                self.floats.append(f"{self.columns.get(column, column)} of the {table}")
            known = pl.when(~is_missing(pl.lit(ids))).then(pl.lit(ids))
            frame = frame.with_columns(pl.select(known.alias(column)).to_series())
        return frame

    def notes(self) -> list[str]:
        """Return notes about what was unusual."""
        notes = []
        if self.floats:
            where = ", ".join(self.floats)
            notes.append(f"ids written as floats (10.0) were read as whole numbers (10): {where}")
        if n := sum(map(len, self.changed.values())):
            counts = " and ".join(f"{len(ids):,} of {what}s" for what, ids in self.changed.items() if ids)
            notes.append(
                f"{counted(n, 'id')} ({counts}) {'was' if n == 1 else 'were'} written in another Unicode "
                f"form, or with invisible characters at "
                "their ends, and read as what they look like"
            )
        return notes


def _texts(items: pl.DataFrame) -> pl.DataFrame:
    words = items["categories"].explode()
    columns = [normal_names(items["title"]).alias("title")]
    if not words.is_null().all() and not (normal := normal_names(words)).equals(words):
        spread = items.select(pl.int_range(pl.len()).alias("row"), "categories").explode("categories")
        rows = spread.with_columns(normal.alias("categories")).drop_nulls("categories")
        lists = rows.group_by("row", maintain_order=True).agg("categories")
        every = pl.int_range(len(items), eager=True).alias("row").to_frame()
        columns.append(every.join(lists, on="row", how="left", maintain_order="left")["categories"])
    return items.with_columns(columns)


def _whole(ids: pl.Series, files: pl.Series | None) -> tuple[pl.Series, bool]:
    """Read ids as whole numbers in the files where every one is written as a float."""
    groups = [None] if files is None or files.min() == files.max() else files.unique().to_list()
    found = False
    for file in groups:
        of = ids if file is None or files is None else ids.filter(files == file)
        known = of.filter(~pl.select(is_missing(pl.lit(of))).to_series())
        if len(known) and known.head(1).str.contains(_FLOAT)[0] and known.str.contains(_FLOAT).all():
            found = True
            bare = pl.lit(ids).str.replace(r"\.0+$", "")
            here = pl.lit(True) if file is None else pl.lit(files) == file
            ids = pl.select(pl.when(here).then(bare).otherwise(pl.lit(ids))).to_series()
    return ids, found


def doubtful_ids(ids: pl.Series, what: str) -> list[str]:
    """Report which of a catalogue's distinct ids a table tool seems to have rewritten."""
    notes = []
    floats = ids.filter(ids.str.contains(_FLOAT))
    twins = floats.filter(floats.str.replace(r"\.0+$", "").is_in(ids.implode()))
    if len(twins):
        notes.append(
            f"{counted(len(twins), 'id')} of {what} written as whole numbers and as floats ({twins[0]}); "
            f"kept "
            "apart, since other ids of the column are no floats"
        )
    rounded = ids.filter(ids.str.contains(_SCIENTIFIC))
    if len(rounded) and bool(ids.str.contains(r"^\d+(?:\.\d+)?(?:[eE]\+?\d+)?$").all()):
        notes.append(
            f"{counted(len(rounded), 'id')} of {what} in scientific notation ({rounded[0]}), which a "
            f"table tool "
            "may have rounded"
        )
    for odd, said in ((_TRUTH, "true or false"), (_FRACTION, "a fraction")):
        found = ids.filter(ids.str.contains(odd))
        if len(found) and not ids.str.contains(r"^\d+\.\d+$").all():  # as versions are
            are = "is" if len(found) == 1 else "are"
            notes.append(f"{counted(len(found), 'id')} of {what} {are} {said} ({found[0]}), hardly ids")
    return notes
