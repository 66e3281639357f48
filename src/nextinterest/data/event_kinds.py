"""Kinds of events as written in files, under the names of `nextinterest.domain.KINDS`. Whole columns."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nextinterest.data.missing import is_missing
from nextinterest.domain import MAX_KINDS, IntArray, Kinds, kind_name

__all__ = ["kind_codes", "left_open", "one_per_pair", "read_kinds"]


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


def left_open(kinds: pl.Series) -> NDArray[np.bool_]:
    """Return which events of these kinds leave their item open (`Kinds.left_open`), shape (n_events,)."""
    codes = kind_codes(kinds)
    return np.zeros(len(kinds), dtype=np.bool_) if codes is None else codes.among(codes.left_open())


def one_per_pair(
    users: IntArray,
    items: IntArray,
    order: NDArray[np.int64],
    n_items: int,
    which: Literal["first", "last"],
    is_open: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return a mask with one event of each (user, item) pair, the first or the last in `order`.

    An event that leaves the item open stays only where no other does: a purchase counts for more than a view.
    """
    sequence = order if which == "first" else order[::-1]
    sequence = sequence[np.argsort(is_open[sequence], kind="stable")]
    pairs = users[sequence].astype(np.int64) * n_items + items[sequence]
    _, index = np.unique(pairs, return_index=True)
    keep = np.zeros(len(users), dtype=np.bool_)
    keep[sequence[index]] = True
    return keep
