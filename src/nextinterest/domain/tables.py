"""Ranked lists as tables: one row an item, for polars, pandas, or as plain dictionaries.

A table says what was recommended and why in a form that is joined, filtered and written. Scores by part and
candidate sources stay in the objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from nextinterest.errors import NextInterestError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["COLUMNS", "as_pandas", "as_polars", "table_schema"]

COLUMNS = (
    "user",
    "rank",
    "item_id",
    "title",
    "probability",
    "categories",
    "year",
    "evidence",
    "evidence_ids",
)
"""Columns of a table of ranked lists, in their order."""


class _Pandas(Protocol):
    """What is used of pandas, which need not be installed."""

    def DataFrame(self, data: Mapping[str, Sequence[object]]) -> pd.DataFrame: ...  # noqa: N802


def table_schema() -> pl.Schema:
    """Return the columns of a table of ranked lists with their types, in their order."""
    import polars as pl

    types = {
        "rank": pl.Int32(),
        "probability": pl.Float64(),
        "categories": pl.List(pl.String()),
        "year": pl.Int32(),
        "evidence": pl.List(pl.String()),
        "evidence_ids": pl.List(pl.String()),
    }
    return pl.Schema({name: types.get(name, pl.String()) for name in COLUMNS})


def as_polars(rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
    """Return rows of `COLUMNS` as a DataFrame of polars; without rows an empty one of the same columns."""
    import polars as pl

    return pl.DataFrame(list(rows), schema=table_schema())


def as_pandas(columns: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """Return columns as a DataFrame of pandas; lists stay lists in cells.

    Raises
    ------
    NextInterestError
        If pandas is not installed.
    """
    try:
        pandas = cast("_Pandas", import_module("pandas"))
    except ImportError:
        raise NextInterestError(
            "The package 'pandas' is needed for this and is not installed.",
            remedy="Install it with: pip install pandas. A table of polars needs nothing more: to_polars.",
        ) from None
    return pandas.DataFrame(columns)
