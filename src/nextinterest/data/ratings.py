"""Ratings as written in files, read as numbers. Whole columns; what cannot be read is null.

A comma is a decimal comma or separates thousands, by what the whole column shows; where it shows neither,
such cells cannot be read and are counted.
"""

from __future__ import annotations

import polars as pl

__all__ = ["read_ratings"]

_DECIMAL_COMMA = r"^[+-]?\d+,(?:\d{1,2}|\d{4,})$"
_EITHER = r"^[+-]?\d{1,3},\d{3}$"
_THOUSANDS = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_DOTTED = r"^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)$"
_YES, _NO = ("true", "t", "yes", "y"), ("false", "f", "no", "n")


def read_ratings(column: pl.Series, *, name: str = "rating") -> tuple[pl.Series, tuple[str, ...]]:
    """Read ratings.

    Parameters
    ----------
    column
        Ratings as stripped strings, null where missing.
    name
        Of the column, for the notes.

    Returns
    -------
    Float32, null where a rating is missing or cannot be read, and how they were read where that is not plain.

    Examples
    --------
    >>> read_ratings(pl.Series(["3,5", "4"]))[0].to_list()
    [3.5, 4.0]
    """
    numbers = column.cast(pl.Float32, strict=False)
    numbers = pl.select(pl.when(pl.lit(numbers).is_finite()).then(pl.lit(numbers))).to_series()
    unread = numbers.is_null() & column.is_not_null()
    if not unread.any():
        return numbers.alias(column.name), ()
    at = unread.arg_true()
    left = column.gather(at)
    lower = left.str.to_lowercase()
    if len(left) + column.null_count() == len(column) and lower.is_in([*_YES, *_NO]).all():
        return numbers.scatter(at, lower.is_in(_YES).cast(pl.Float32)), (f"{name}: true as 1, false as 0",)
    read, note = left, ""
    if left.str.contains(_DECIMAL_COMMA).any() or left.str.contains(_DOTTED).any():
        plain = pl.lit(left).str.replace_all(".", "", literal=True)
        whole = pl.when(pl.lit(left).str.contains(_DOTTED)).then(plain).otherwise(pl.lit(left))
        read, note = pl.select(whole.str.replace(",", ".", literal=True)).to_series(), "with decimal commas"
    elif (left.str.contains(_THOUSANDS) & ~left.str.contains(_EITHER)).any():
        separated = pl.lit(left).str.contains(_THOUSANDS)
        bare = pl.when(separated).then(pl.lit(left).str.replace_all(",", "")).otherwise(pl.lit(left))
        read, note = pl.select(bare).to_series(), "with commas between thousands"
    found = read.cast(pl.Float32, strict=False)
    found = pl.select(pl.when(pl.lit(found).is_finite()).then(pl.lit(found))).to_series()
    return numbers.scatter(at, found), (f"{name} {note}",) if note else ()
