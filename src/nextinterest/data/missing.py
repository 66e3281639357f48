"""How table tools write that a cell is missing."""

from __future__ import annotations

import polars as pl

__all__ = ["MISSING", "is_missing"]

MISSING = (
    *("", "NA", "N/A", "n/a", "<NA>", "#N/A", "#NA", "NaN", "nan", "-nan", "-NaN", "NaT"),
    *("null", "NULL", "None", "\\N", "(not set)"),
)
"""Exactly these, as pandas, R, Excel, databases and web analytics write them; "Na" and "none" are names."""


def is_missing(column: pl.Expr) -> pl.Expr:
    """Return where a column of stripped text is null or says that the cell is missing."""
    # No word is longer than nine bytes, and nearly all cells are distinguished by that alone.
    return column.is_null() | ((column.str.len_bytes() <= _LONGEST) & column.is_in(MISSING))


_LONGEST = max(len(word) for word in MISSING)
