"""A table of items: which of its columns are fields of an item, and all others as attributes.

The table lies beside the events, is named by the caller, or is the events themselves, whose further columns
are of the events and no attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.sources.cells import split_words
from nextinterest.data.sources.columns import Columns, bare_names, sniff_columns
from nextinterest.data.sources.delimited import Table
from nextinterest.data.sources.headless import no_column
from nextinterest.data.sources.raw import ATTRIBUTE, ITEM_FIELDS, as_items, known, unused

__all__ = ["item_columns", "items_of", "mapped_here", "several_values"]


def mapped_here(header: tuple[str, ...], columns: Columns | None) -> Columns:
    """Return what a mapping says of a file of items or users: positions and other names are of the events."""
    bare = bare_names(header)
    return {f: c for f, c in (columns or {}).items() if isinstance(c, str) and (c in header or c in bare)}


def item_columns(path: Path, columns: Columns | None, header: tuple[str, ...]) -> Mapping[str, str]:
    """Select the columns of a table of items.

    Raises
    ------
    DataError
        If no column is the item.
    """
    names = sniff_columns(header, mapped_here(header, columns))
    if "item" not in names:
        raise no_column(path, header, "item", beside=True)
    taken = {field: names[field] for field in ("item", *ITEM_FIELDS) if field in names}
    return taken | unused(header, taken.values(), bare_names(header))


def items_of(table: Table, file: int) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the items of a table in `ITEM_SCHEMA`, and how it was read where that is not plain."""
    frame, has = table.frame, table.frame.columns
    notes: tuple[str, ...] = ()
    chosen = [pl.col("item")]
    chosen += [known(field).alias(field) for field in ITEM_FIELDS if field in has and field != "categories"]
    chosen += [known(name).alias(name) for name in has if name.startswith(ATTRIBUTE)]
    if "categories" in has:
        words, notes = split_words(frame["categories"], "auto")
        frame = frame.with_columns(words)
        chosen.append(pl.col("categories"))
    return as_items(frame.select(*chosen, "line", "problem"), file), notes


def several_values(items: pl.DataFrame) -> list[str]:
    """Report how many items of a table of events have several titles or prices, of which the first counts."""
    notes = []
    for field in ("title", "price"):
        text = pl.col(field).str.strip_chars()
        same = pl.coalesce(text.cast(pl.Float64, strict=False).cast(pl.String), text)  # 5 and 5.00
        named = (
            items.select("item", text, same.alias("same"))
            .drop_nulls()
            .unique(["item", "same"], maintain_order=True)
        )
        several = named.filter(pl.col("item").is_duplicated())
        if several.is_empty():
            continue
        item = several["item"][0]
        first, second = several.filter(pl.col("item") == item)[field].head(2)
        n = counted(several["item"].n_unique(), "item has", "items have")
        notes.append(f"{n} several {field}s, of which the first counts: {item} is {first!r}, not {second!r}")
    return notes
