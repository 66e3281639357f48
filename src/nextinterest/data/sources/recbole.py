"""RecBole atomic files: NAME.inter, NAME.item and NAME.user, tab-separated, columns typed in the header.

Format: https://recbole.io/docs/user_guide/data/atomic_files.html. A header cell is ``name:type`` with type
``token``, ``token_seq`` (space-separated), ``float`` or ``float_seq``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from nextinterest.data.sources.raw import RawData, as_events, as_items
from nextinterest.data.sources.text import Lines, read_lines, split_fields
from nextinterest.errors import DataError

__all__ = ["read_recbole"]

TITLES = ("title", "movie_title", "name", "item_name", "product_title", "game_title", "business_name")
CATEGORIES = ("class", "genre", "genres", "categories", "category", "tags")
YEARS = ("release_year", "year")
DESCRIPTIONS = ("description", "summary")
RATINGS = ("rating", "stars", "overall", "score", "label")
UNKNOWN = ("unknown", "unkonwn", "(no genres listed)", "nan", "none")
"""How these files write that something is not known; the misspelling stands in MovieLens-100K's own file."""


def _typed(lines: Lines) -> tuple[pl.DataFrame, dict[str, str]]:
    """Split the lines and take the types out of the column names."""
    frame = split_fields(lines, "\t")
    columns = [name for name in frame.columns if name not in ("line", "problem")]
    if not all(":" in name for name in columns):
        raise DataError(
            f"{lines.path}:1: the header {columns} has no types, as in 'user_id:token'.",
            remedy="Give the format by name if this is not a RecBole atomic file.",
        )
    names = {name: name.split(":", 1)[0] for name in columns}
    return frame.rename(names), {name.split(":", 1)[0]: name.split(":", 1)[1] for name in columns}


def _first(columns: Iterable[str], wanted: tuple[str, ...]) -> str | None:
    """Return the first wanted name that is among the columns."""
    present = set(columns)
    return next((name for name in wanted if name in present), None)


def _known(column: str) -> pl.Expr:
    """Return the column with the words for "not known" as null."""
    value = pl.col(column).str.strip_chars()
    return pl.when(~value.str.to_lowercase().is_in([*UNKNOWN, ""])).then(value)


def _list(column: str) -> pl.Expr:
    words = pl.col(column).fill_null("").str.strip_chars().str.split(" ")
    return words.list.eval(pl.element().filter(~pl.element().str.to_lowercase().is_in([*UNKNOWN, ""])))


def read_recbole(path: Path) -> RawData:
    """Read a folder of atomic files, or one ``.inter`` file and its neighbours of the same name.

    Raises
    ------
    DataError
        If there is no ``.inter`` file, or it has no user or item column.
    """
    inter = path
    if path.is_dir():
        found = sorted(path.glob("*.inter"))
        if len(found) != 1:
            raise DataError(
                f"{path} holds {len(found)} .inter files, not one.", remedy="Give the file to read itself."
            )
        inter = found[0]
    files, notes = [inter.name], []
    lines = read_lines(inter)
    notes.extend(lines.notes)
    frame, types = _typed(lines)
    for needed in ("user_id", "item_id"):
        if needed not in types:
            raise DataError(
                f"{inter}:1: no column {needed!r} among {list(types)}.",
                remedy="Rename the column or give the mapping of columns with the csv format.",
            )
    rating, time = _first(types, RATINGS), _first(types, ("timestamp", "time"))
    renamed = {"user_id": "user", "item_id": "item"} | ({rating: "rating"} if rating else {})
    events = frame.rename(renamed | ({time: "time"} if time else {}))
    items = users = None
    item_file, user_file = inter.with_suffix(".item"), inter.with_suffix(".user")
    if item_file.is_file():
        lines = read_lines(item_file)
        notes.extend(lines.notes)
        items = _items(lines, len(files))
        files.append(item_file.name)
    if user_file.is_file():
        lines = read_lines(user_file)
        notes.extend(lines.notes)
        table, _ = _typed(lines)
        users = table.filter(pl.col("problem").is_null()).drop("line", "problem").rename({"user_id": "user"})
        files.append(user_file.name)
    return RawData(
        inter.stem,
        tuple(files),
        as_events(events),
        items,
        users,
        has_times=time is not None,
        has_ratings=rating is not None,
        notes=tuple(notes),
    )


def _items(lines: Lines, file: int) -> pl.DataFrame:
    frame, types = _typed(lines)
    if "item_id" not in types:
        raise DataError(f"{lines.path}:1: no column 'item_id' among {list(types)}.")
    columns = [pl.col("item_id").alias("item")]
    for name, wanted in (("title", TITLES), ("year", YEARS), ("description", DESCRIPTIONS)):
        column = _first(types, wanted)
        if column is not None:
            columns.append(_known(column).alias(name))
    category = _first(types, CATEGORIES)
    if category is not None:
        columns.append(_list(category).alias("categories"))
    return as_items(frame.select(*columns, "line", "problem"), file)
