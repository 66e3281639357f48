"""Ranked lists of any library in a file: one row an item, or one row a user with its items in a list.

Columns are known by their names: user and item as in tables of events; ``rank`` (from the best), ``score``
(larger is better) or ``probability``, of which the first that is there orders a list; and ``after``, how many
events of the user came before the event that the list is for, where a user has several held-out events.
Nothing is judged here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.sources.usual_names import FIELDS, fold
from nextinterest.errors import DataError

__all__ = ["LIST_FIELDS", "file_digest", "read_list_table"]

LIST_FIELDS: Mapping[str, tuple[str, ...]] = {
    "user": FIELDS["user"],
    "item": (*FIELDS["item"], "items", "item_ids"),
    "rank": ("rank", "position", "place", "pos"),
    "score": ("score", "prediction", "pred", "relevance", "estimate", "est", "rating", "weight"),
    "probability": ("probability", "prob"),
    "after": ("after",),
}
"""What a column may be, and its names in the order in which they count."""

_ENDINGS = (".parquet", ".csv", ".tsv", ".jsonl")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"The lists {path} cannot be read: {error.strerror}.", remedy="Check the path."
        ) from error


def read_list_table(path: Path, columns: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Return the rows of a file of lists, those of a list together and in its order.

    Parameters
    ----------
    path
        A ``.parquet``, ``.csv``, ``.tsv`` or ``.jsonl`` file.
    columns
        From a field of `LIST_FIELDS` to the name of its column, where that is another.

    Returns
    -------
    pl.DataFrame
        Columns user and item (text), after (int64, -1 where the list is for all events of the user) and
        probability (float64, null without one).

    Raises
    ------
    DataError
        If it cannot be read, lacks a column, or a cell that decides the order cannot be read; the message
        names file, column and row.
    """
    table = _named(_read(path), path, columns or {})
    if isinstance(table.schema["item"], pl.List | pl.Array):
        several = [name for name, kind in table.schema.items() if isinstance(kind, pl.List | pl.Array)]
        table = table.with_columns(
            pl.col(name).arr.to_list() for name in several if isinstance(table.schema[name], pl.Array)
        )
        table = _exploded(table, several, path)
    table = table.with_row_index("row")
    ids = table.select("row", *(_as_id(table, name) for name in ("user", "item")))
    for name in ("user", "item"):
        _refuse_null(ids, name, path, "is missing")
    numbers = [_as_number(table, name, path) for name in ("rank", "score", "probability", "after")]
    rows = ids.with_columns(numbers).with_columns(
        pl.col("after").fill_null(-1).cast(pl.Int64), pl.col("score").fill_null(pl.col("probability"))
    )
    if rows["rank"].null_count() == 0 and len(rows):
        by = ["rank", "score"] if rows["score"].null_count() == 0 else ["rank"]
        twice = rows.filter(pl.struct("user", "after", *by).is_duplicated()).head(1)
        if len(twice):
            raise DataError(
                f"{path}: two items of user {twice['user'][0]!r} have the rank {twice['rank'][0]:g}.",
                remedy="Give each item of a list its own rank, and each user one list; where there are lists "
                "for several events, a column 'after' says how many events of the user came before each.",
            )
    order = rows.sort("user", "after", "rank", -pl.col("score"), "row", maintain_order=True)
    return order.select("user", "after", "item", "probability")


def _read(path: Path) -> pl.DataFrame:
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise DataError(
            f"The lists {path} have no ending of a table.",
            remedy=f"Write them as {', '.join(_ENDINGS)}, one row an item: user, item, rank or score.",
        )
    try:
        if ending == ".parquet":
            table = pl.read_parquet(path)
        elif ending == ".jsonl":
            table = pl.read_ndjson(path, infer_schema_length=None)
        else:
            table = pl.read_csv(path, infer_schema=False, separator="," if ending == ".csv" else "\t")
    except OSError as error:
        raise DataError(
            f"The lists {path} cannot be read: {error.strerror or error}.", remedy="Check the path."
        ) from error
    except pl.exceptions.PolarsError as error:
        said = str(error).partition("\n")[0].rstrip(".")
        raise DataError(
            f"The lists {path} cannot be read as {ending[1:]}: {said}.",
            remedy=f"Write them as {', '.join(_ENDINGS)}, one row an item: user, item, rank or score.",
        ) from error
    if not len(table):
        raise DataError(f"The lists {path} have no row.", remedy="Write one row for each item of a list.")
    return table


def _named(table: pl.DataFrame, path: Path, columns: Mapping[str, str]) -> pl.DataFrame:
    """Return the columns that are fields, under the fields' names."""
    unknown = [field for field in columns if field not in LIST_FIELDS]
    absent = [column for column in columns.values() if column not in table.columns]
    if unknown or absent:
        what = f"field {unknown[0]!r}" if unknown else f"column {absent[0]!r}"
        raise DataError(
            f"{path} has no {what}; its columns are {', '.join(table.columns)}.",
            remedy=f"Map one of {', '.join(LIST_FIELDS)} to one of its columns.",
        )
    folded: dict[str, str] = {}
    for column in table.columns:
        folded.setdefault(fold(column), column)
    found = dict(columns)
    for field, names in LIST_FIELDS.items():
        known = next((folded[fold(name)] for name in names if fold(name) in folded), None)
        if field not in found and known is not None and known not in found.values():
            found[field] = known
    lacking = [field for field in ("user", "item") if field not in found]
    listed = "item" in found and isinstance(table.schema[found["item"]], pl.List | pl.Array)
    if not lacking and not listed and not {"rank", "score", "probability"} & found.keys():
        lacking = ["rank"]
    if lacking:
        need = "rank or score" if lacking == ["rank"] else " or the ".join(lacking)
        raise DataError(
            f"{path}: no column is known as the {need}; its columns are {', '.join(table.columns)}.",
            remedy=f"Call it so, or map it: columns={{'{lacking[0]}': 'NAME'}}.",
            command=f"Call it so, or map it with --lists-column {lacking[0]}=NAME.",
        )
    return table.select(pl.col(column).alias(field) for field, column in found.items())


def _exploded(table: pl.DataFrame, several: list[str], path: Path) -> pl.DataFrame:
    """Return one row an item of lists in cells; an empty list has none."""
    try:
        return table.filter(pl.col("item").list.len() > 0).explode(several)
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"{path}: the lists of a row differ in length ({', '.join(several)}).",
            remedy="Give as many scores or ranks as items, or one row an item.",
        ) from error


def _as_id(table: pl.DataFrame, name: str) -> pl.Expr:
    """Return ids as text; whole numbers in floating point, as tables with gaps hold them, have no dot."""
    column = pl.col(name)
    kind = table.schema[name]
    if kind.is_float() and table.select((column.is_null() | (column == column.floor())).all()).item():
        column = column.cast(pl.Int64)
    text = column.cast(pl.String).str.strip_chars()
    return pl.when(text == "").then(None).otherwise(text).alias(name)


def _as_number(table: pl.DataFrame, name: str, path: Path) -> pl.Series:
    """Return a column as numbers, null throughout where there is none."""
    if name not in table.columns:
        return pl.Series(name, [None] * len(table), dtype=pl.Float64)
    given = table[name]
    numbers = (
        given.cast(pl.Float64, strict=False)
        if given.dtype != pl.String
        else given.str.strip_chars().cast(pl.Float64, strict=False)
    )
    read = pl.DataFrame({"row": table["row"], name: numbers.fill_nan(None), "cell": given.cast(pl.String)})
    _refuse_null(read, name, path, "is no number")
    return read[name]


def _refuse_null(rows: pl.DataFrame, name: str, path: Path, why: str) -> None:
    bad = rows.filter(pl.col(name).is_null())
    if len(bad):
        cell = f", {bad['cell'][0]!r}," if "cell" in bad.columns and bad["cell"][0] is not None else ""
        raise DataError(
            f"{path}, row {bad['row'][0] + 1}: the {name}{cell} {why} ({counted(len(bad), 'such row')}).",
            remedy=f"Give every row its {name}, or leave such rows out.",
        )
