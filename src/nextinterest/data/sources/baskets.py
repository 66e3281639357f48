"""Baskets: cells that hold the ids of several items, as exports of orders write them.

Split by a separator that the caller names; where they are certain and none is named, an error says so. An id
may hold a comma, too, so nothing is split unasked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.sources.raw import ITEM_FIELDS
from nextinterest.data.sources.usual_names import fold
from nextinterest.errors import DataError

__all__ = ["split_baskets"]

_LOOKED_AT = 2000
_SIGNS = (",", ";", "|", " ")
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+\.\d+,\s*[+-]?\d+\.\d+|[+-]?\d+,\d+")
_DIGIT = re.compile(r"\d")
_MOVED = 0.25
"""The share of recurring ids that must stand at the beginning of one cell and elsewhere in another."""
_SEVERAL = {
    *("items", "itemids", "itemlist", "products", "productids", "skus", "articles", "articleids", "basket"),
    *("cart", "contents", "orderitems", "lineitems", "purchases", "movies", "movieids", "films", "books"),
    *("tracks", "trackids", "songs", "games", "artikel", "produkte", "warenkorb", "produits", "productos"),
}


def split_baskets(
    path: Path, frame: pl.DataFrame, column: str, separator: str | None
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Give each item of the cells that hold several a row of its own.

    Parameters
    ----------
    path, column
        The file and the name of the column of items, for messages.
    frame
        Events as a reader returned them.
    separator
        Between the items of a cell; empty where a cell is one, None where the caller said nothing.

    Returns
    -------
    The events, and a note where rows were split. What rows say of an item beside its id is left out then.

    Raises
    ------
    DataError
        If cells hold several items and no separator is given.
    """
    if separator:
        parts = pl.col("item").str.split(separator).list.eval(pl.element().str.strip_chars())
        filled = parts.list.eval(pl.element().filter(pl.element() != ""))
        split = frame.drop(name for name in ITEM_FIELDS if name in frame.columns)
        split = split.with_columns(filled.alias("item")).explode("item")
        rows = f"{counted(len(frame), 'row is', 'rows are')} {counted(len(split), 'event')}"
        return split, (f"{path.name}: {column} split at {separator!r}: {rows}",) * (len(split) > len(frame))
    if separator is None and (found := _separator(frame["item"], column)) is not None:
        cell = frame["item"].filter(frame["item"].str.contains(found, literal=True))[0]
        raise DataError(
            f"{path}: cells of {column} hold several items, as in {cell[:60]!r}.",
            remedy=f"Say what separates them, as in cleaning=CleaningConfig(item_separator={found!r}); "
            "item_separator='' where each cell is one id.",
            command=f"Say what separates them, as in --item-separator '{found}'; --item-separator '' where "
            "each cell is one id.",
        )
    return frame, ()


def _separator(items: pl.Series, column: str) -> str | None:
    """Return what separates the items of cells that certainly hold several; None where none does."""
    known = items.head(_LOOKED_AT).drop_nulls().str.strip_chars().unique(maintain_order=True)
    cells = known.filter(known != "").to_list()
    if not any(sign in cell for cell in cells for sign in _SIGNS):
        return None
    return next((sign for sign in _SIGNS if _are_baskets(cells, sign, fold(column) in _SEVERAL)), None)


def _are_baskets(cells: Sequence[str], sign: str, named: bool) -> bool:
    """Return whether a sign separates several ids in cells; `named`: the column is called like several."""
    rows = [[part.strip() for part in cell.split(sign) if part.strip()] for cell in cells]
    baskets = [row for row in rows if len(row) > 1]
    most = 2 * len(baskets) > len(cells)
    if len(baskets) < 2 or all(map(_NUMBER.fullmatch, cells)):
        return False
    if sign == " " and not (most and all(_DIGIT.search(part) for row in baskets for part in row)):
        return False
    if named and most:
        return True
    counts = Counter(part for row in rows for part in {*row})
    shared = sum(2 * sum(counts[part] > 1 for part in row) >= len(row) for row in baskets)
    if 2 * shared < len(baskets):
        return False
    begins, follows = {row[0] for row in rows}, {part for row in baskets for part in row[1:]}
    recurring = {part for part, n in counts.items() if n > 1}
    moved = len(recurring & begins & follows) >= _MOVED * len(recurring)
    lengths = {len(row) for row in rows}
    close = sign == "," and 2 * sum(", " in cell for cell in cells) < len(cells)
    if close or sign == " ":
        return (moved and (most or len(lengths) > 1)) or (len(lengths) > 2 and max(lengths) > 3)
    return moved and len(lengths) > 1
