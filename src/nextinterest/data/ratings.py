"""Numbers as written in files: ratings, weights, prices. Whole columns; what cannot be read is null.

A comma is a decimal comma or separates thousands, by what the whole column shows; where it shows neither,
such cells cannot be read and are counted. In a column with decimal commas, or with several dots in a number,
a dot separates thousands, and a cell in which it cannot is not read.
"""

from __future__ import annotations

import polars as pl

from nextinterest.amounts import MAX_AMOUNT
from nextinterest.data.missing import is_missing

__all__ = ["bare_numbers", "doubtful_numbers", "read_ratings"]

_AROUND = r"^[^\d+\-.,]+|[^\d.,]+$"

_DECIMAL_COMMA = r"^[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+)$"
_EITHER = r"^[+-]?\d{1,3},\d{3}$"
_THOUSANDS = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_DOTTED = r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?$"
_DOTS = r"^[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})$"
_MOST = 1e15
"""Prices and counts beyond this are none."""
_YES, _NO = ("true", "t", "yes", "y"), ("false", "f", "no", "n")


def read_ratings(
    column: pl.Series, *, name: str = "rating", dtype: type[pl.Float32 | pl.Float64] = pl.Float32
) -> tuple[pl.Series, tuple[str, ...]]:
    """Read ratings, or other numbers.

    Parameters
    ----------
    column
        Numbers as stripped strings, null where missing.
    name
        Of the column, for the notes.
    dtype
        The precision of the result.

    Returns
    -------
    Numbers, null where one is missing or cannot be read, and how they were read where that is not plain.

    Examples
    --------
    >>> read_ratings(pl.Series(["3,5", "4"]))[0].to_list()
    [3.5, 4.0]
    >>> read_ratings(pl.Series(["1.234", "12,50"]))[0].to_list()
    [1234.0, 12.5]
    """
    numbers = _finite(column, dtype)
    unread = numbers.is_null() & column.is_not_null()
    if not unread.any():
        return numbers.alias(column.name), ()
    at = unread.arg_true()
    left = column.gather(at)
    lower = left.str.to_lowercase()
    if len(left) + column.null_count() == len(column) and lower.is_in([*_YES, *_NO]).all():
        return numbers.scatter(at, lower.is_in(_YES).cast(dtype)), (f"{name}: true as 1, false as 0",)
    if left.str.contains(_DECIMAL_COMMA).any() or left.str.contains(_DOTS).any():
        how = "decimal commas" if left.str.contains(",", literal=True).any() else "dots between thousands"
        return _with_commas(column, dtype), (f"{name} with {how}",)
    if (left.str.contains(_THOUSANDS) & ~left.str.contains(_EITHER)).any():
        separated = pl.lit(left).str.contains(_THOUSANDS)
        bare = pl.when(separated).then(pl.lit(left).str.replace_all(",", "")).otherwise(pl.lit(left))
        found = _finite(pl.select(bare).to_series(), dtype)
        return numbers.scatter(at, found), (f"{name} with commas between thousands",)
    return numbers, ()


def _finite(column: pl.Series, dtype: type[pl.Float32 | pl.Float64]) -> pl.Series:
    """Return a column of text as numbers, null where it is none or is beyond all that is meant."""
    numbers = column.cast(dtype, strict=False)
    most = MAX_AMOUNT if dtype == pl.Float32 else _MOST
    return pl.select(pl.when(pl.lit(numbers).abs() <= most).then(pl.lit(numbers))).to_series()


def _with_commas(column: pl.Series, dtype: type[pl.Float32 | pl.Float64]) -> pl.Series:
    """Read numbers in which a comma is the decimal sign and a dot separates thousands."""
    text = pl.lit(column)
    bare = (
        pl.when(text.str.contains(_DOTTED))
        .then(text.str.replace_all(".", "", literal=True))
        .when(~text.str.contains(".", literal=True))
        .then(text)
    )
    return _finite(pl.select(bare.str.replace(",", ".", literal=True)).to_series(), dtype).alias(column.name)


def bare_numbers(column: pl.Series) -> pl.Series:
    """Return a column of numbers without the currencies or units around them, null where a cell is missing.

    Examples
    --------
    >>> bare_numbers(pl.Series(["\u20ac 89,90", "1.5", "-2"])).to_list()
    ['89,90', '1.5', '-2']
    """
    plain = column.cast(pl.Float64, strict=False).is_not_null()
    text = pl.lit(column)
    bare = pl.when(pl.lit(plain)).then(text).otherwise(text.str.replace_all(_AROUND, ""))
    return pl.select(pl.when(~is_missing(text)).then(bare).alias(column.name)).to_series()


def doubtful_numbers(column: pl.Series, *, name: str) -> tuple[str, ...]:
    """Report that every dot of a column may separate thousands, though it is read as a decimal point.

    Asked of files in which dots are likely to do so: those separated by semicolons.

    Examples
    --------
    >>> len(doubtful_numbers(pl.Series(["1.000", "2.500", "950"]), name="price"))
    1
    >>> doubtful_numbers(pl.Series(["1.000", "2.5"]), name="price")
    ()
    """
    known = column.drop_nulls()
    dotted = known.filter(known.str.contains(r"^[+-]?[1-9]\d{0,2}\.\d{3}$"))
    rest = len(known) - len(dotted)
    if not len(dotted) or rest != int(known.str.contains(r"^[+-]?\d{1,3}$").sum()):
        return ()
    cell = dotted[0]
    return (
        f"{name} can be read in two ways: {cell} was read as {float(cell):g}, not as "
        f"{cell.replace('.', '')}; if its dots separate thousands, write its numbers without dots",
    )
