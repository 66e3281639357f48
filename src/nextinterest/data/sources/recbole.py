"""RecBole atomic files: NAME.inter, NAME.item and NAME.user, tab-separated, columns typed in the header.

Format: https://recbole.io/docs/user_guide/data/atomic_files.html. A header cell is ``name:type`` with type
``token``, ``token_seq`` (space-separated), ``float`` or ``float_seq``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from nextinterest.data.sources.delimited import Table, read_delimited
from nextinterest.data.sources.raw import RawData, as_events, as_items, as_users, known, known_words
from nextinterest.errors import DataError

__all__ = ["Typed", "first_of", "read_items", "read_recbole", "read_typed"]

TITLES = ("title", "movie_title", "name", "item_name", "product_title", "game_title", "business_name")
CATEGORIES = ("class", "genre", "genres", "categories", "category", "tags")
YEARS = ("release_year", "year")
DESCRIPTIONS = ("description", "summary")
RATINGS = ("rating", "stars", "overall", "score", "label")
TIMES = ("timestamp", "time")


class Typed:
    """An atomic file: its rows under bare column names, and the type of each column."""

    def __init__(self, table: Table) -> None:
        if not all(":" in name for name in table.columns):
            raise DataError(
                f"{table.path}:1: the header {list(table.columns)} has no types, as in 'user_id:token'.",
                remedy="Give the format by name if this is not a RecBole atomic file.",
            )
        self.path, self.notes = table.path, table.notes
        bare = {name: name.split(":", 1)[0] for name in table.columns}
        self.types = {name.split(":", 1)[0]: name.split(":", 1)[1] for name in table.columns}
        self.frame = table.frame.rename(bare)

    def require(self, *names: str) -> None:
        """Raise unless the file has these columns."""
        for name in names:
            if name not in self.types:
                raise DataError(
                    f"{self.path}:1: no column {name!r} among {list(self.types)}.",
                    remedy="Rename the column, or read the file as csv with a mapping of columns.",
                )


def read_typed(path: Path) -> Typed:
    """Read one atomic file.

    Raises
    ------
    DataError
        If it cannot be read, or its header has no types.
    """
    return Typed(read_delimited(path, "\t"))


def first_of(columns: Iterable[str], wanted: tuple[str, ...]) -> str | None:
    """Return the first wanted name that is among the columns."""
    present = set(columns)
    return next((name for name in wanted if name in present), None)


def find_inter(path: Path) -> Path:
    """Return the ``.inter`` file that a path means.

    Raises
    ------
    DataError
        If a folder holds none, or several.
    """
    if not path.is_dir():
        return path.with_suffix(".inter") if path.suffix in (".item", ".user") else path
    found = sorted(path.glob("*.inter"))
    if len(found) != 1:
        raise DataError(
            f"{path} holds {len(found)} .inter files, not one.", remedy="Give the file to read itself."
        )
    return found[0]


def read_recbole(path: Path) -> RawData:
    """Read a folder of atomic files, or one ``.inter`` file and its neighbours of the same name.

    Raises
    ------
    DataError
        If there is no ``.inter`` file, or it has no user or item column.
    """
    inter = read_typed(find_inter(path))
    inter.require("user_id", "item_id")
    files, notes = [inter.path.name], list(inter.notes)
    rating, time = first_of(inter.types, RATINGS), first_of(inter.types, TIMES)
    names = {"user_id": "user", "item_id": "item"}
    names |= {column: name for column, name in ((rating, "rating"), (time, "time")) if column is not None}
    items = users = None
    item_file, user_file = inter.path.with_suffix(".item"), inter.path.with_suffix(".user")
    if item_file.is_file():
        item_table = read_typed(item_file)
        items = read_items(item_table, len(files))
        files.append(item_file.name)
        notes.extend(item_table.notes)
    if user_file.is_file():
        user_table = read_typed(user_file)
        user_table.require("user_id")
        users = as_users(user_table.frame.rename({"user_id": "user"}))
        files.append(user_file.name)
        notes.extend(user_table.notes)
    return RawData(
        inter.path.stem,
        tuple(files),
        as_events(inter.frame.select(*names, "line", "problem").rename(names)),
        items,
        users,
        has_times=time is not None,
        has_ratings=rating is not None,
        notes=tuple(notes),
    )


def read_items(table: Typed, file: int) -> pl.DataFrame:
    """Bring an atomic file of items into `ITEM_SCHEMA`; whatever its columns are called.

    Raises
    ------
    DataError
        If it has no item column.
    """
    table.require("item_id")
    columns = [pl.col("item_id").alias("item")]
    for name, wanted in (("title", TITLES), ("year", YEARS), ("description", DESCRIPTIONS)):
        column = first_of(table.types, wanted)
        if column is not None:
            columns.append(known(column).alias(name))
    category = first_of(table.types, CATEGORIES)
    if category is not None:
        # A token_seq is separated by spaces; a single token may hold them.
        separator = " " if table.types[category].endswith("_seq") else None
        columns.append(known_words(category, separator).alias("categories"))
    return as_items(table.frame.select(*columns, "line", "problem"), file)
