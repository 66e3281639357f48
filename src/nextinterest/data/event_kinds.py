"""Kinds of events as written in files, under the names of `nextinterest.domain.KINDS`. Whole columns."""

from __future__ import annotations

import polars as pl

from nextinterest.data.missing import is_missing
from nextinterest.domain import MAX_KINDS, Kinds, kind_name

__all__ = ["kind_codes", "read_kinds"]


def read_kinds(column: pl.Series, *, name: str = "kind") -> tuple[pl.Series, tuple[str, ...]]:
    """Read kinds of events.

    Parameters
    ----------
    column
        Kinds as written, null where missing.
    name
        Of the column, for the notes.

    Returns
    -------
    Names of kinds, null where a kind is missing, and what was unusual. A column of more than `MAX_KINDS`
    different values holds no kinds and is not used.

    Examples
    --------
    >>> read_kinds(pl.Series(["Purchase", "addToCart", "", "pv"]))[0].to_list()
    ['buy', 'cart', None, 'view']
    """
    if column.null_count() == len(column):
        return column, ()
    text = column.str.strip_chars()
    known = pl.select(pl.when(~is_missing(pl.lit(text))).then(pl.lit(text))).to_series()
    distinct = known.drop_nulls().unique(maintain_order=True)
    if len(distinct) > MAX_KINDS:
        note = f"{name} has {len(distinct):,} different values and was not read as the kind of event"
        return pl.Series(column.name, [None] * len(column), dtype=pl.String()), (note,)
    names = {spelling: kind_name(spelling) or None for spelling in distinct.to_list()}
    return known.replace_strict(names, default=None, return_dtype=pl.String()).alias(column.name), ()


def kind_codes(kinds: pl.Series) -> Kinds | None:
    """Return a column of names of kinds as codes; None where no kind is known."""
    names = kinds.drop_nulls().unique(maintain_order=True)
    if not len(names):
        return None
    codes = kinds.cast(pl.Enum(names)).to_physical().cast(pl.Int8).fill_null(-1)
    return Kinds(codes.to_numpy(), tuple(names.to_list()))
