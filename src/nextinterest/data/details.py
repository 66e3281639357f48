"""Prices, publication, availability and attributes of items as written in files, as columns of a catalogue.

What cannot be read is not known, and noted: no item is dropped for its price.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nextinterest.characters import undirected
from nextinterest.counting import counted
from nextinterest.data.currencies import currencies
from nextinterest.data.ratings import bare_numbers, read_ratings
from nextinterest.data.sources.cells import list_of
from nextinterest.data.sources.raw import ATTRIBUTE
from nextinterest.data.times import read_times
from nextinterest.domain import AttributeValue, ItemDetails, MomentArray
from nextinterest.errors import DataError

__all__ = ["read_details"]

_WHOLE = r"^[+-]?(?:0|[1-9]\d{0,14})$"
_NUMBER = r"^[+-]?(?:0|[1-9]\d{0,14})(?:\.\d+)?$"
_LONGEST = 300  # characters; longer texts on average are no attribute that anything is chosen by
_TRUTHS = {"true": True, "false": False}


def read_details(
    items: pl.DataFrame, files: Sequence[str]
) -> tuple[ItemDetails, tuple[str, ...], tuple[str, ...]]:
    """Return the details of a catalogue's items, what of them was not plain, and what is likely a mistake.

    Parameters
    ----------
    items
        One row per item of the catalogue: the columns of `nextinterest.data.sources.raw.ITEM_SCHEMA` and
        attributes beside them, as written.
    files
        Names of the files, into which the column ``file`` counts.
    """
    notes: list[str] = []
    moments = {
        name: _moments(items[name], notes) for name in ("published", "available_since", "available_until")
    }
    attributes: dict[str, tuple[AttributeValue | None, ...]] = {}
    for column in (items[name] for name in items.columns if name.startswith(ATTRIBUTE)):
        name, known = column.name.removeprefix(ATTRIBUTE), column.drop_nulls()
        mean = known.str.len_chars().mean()
        if isinstance(mean, float) and mean > _LONGEST:
            notes.append(f"{name} of the items was not read: its texts are {mean:,.0f} characters long")
        elif len(known):
            attributes[name] = _attribute(column)
    prices, apart, warnings = _prices(items, notes)
    attributes |= apart
    stock = _numbers(items["stock"], notes)
    details = ItemDetails(
        prices=prices,
        **moments,
        stock=None if stock is None else np.where(np.isnan(stock), -1, np.maximum(stock, 0)).astype(np.int64),
        attributes=attributes,
    )
    return details, tuple(notes), warnings


def _prices(
    items: pl.DataFrame, notes: list[str]
) -> tuple[NDArray[np.float64] | None, dict[str, tuple[AttributeValue | None, ...]], tuple[str, ...]]:
    """Return the prices, None where they are in several currencies; further attributes, and warnings.

    Prices of several currencies are an attribute for each.
    """
    written, beside = items["price"], items["currency"]
    attributes = {} if beside.null_count() == len(beside) else {"currency": _attribute(beside)}
    found = currencies(written, beside)
    several = found.drop_nulls().unique(maintain_order=True).to_list()
    prices = _numbers(written, notes)
    if prices is None or len(several) < 2:
        if prices is not None and several:
            notes.append(f"{written.name} in {several[0]}")
        return prices, attributes, ()
    for currency in several:
        of = (found == currency).fill_null(False).to_numpy() & ~np.isnan(prices)
        amounts = zip(prices.tolist(), of.tolist(), strict=True)
        attributes[f"price in {currency}"] = tuple(price if mine else None for price, mine in amounts)
    unsaid = int((found.is_null().to_numpy() & ~np.isnan(prices)).sum())
    rest = f"; {counted(unsaid, 'price')} without a currency left out" if unsaid else ""
    names = ", ".join(f"'price in {currency}'" for currency in several[:4]) + ", ..." * (len(several) > 4)
    return (
        None,
        attributes,
        (
            f"prices are in several currencies ({', '.join(several[:8])}), so that no item has a price to be "
            f"compared; they are kept as the attributes {names}{rest}; if one column has them all in one "
            "currency, name it with --column price=NAME --column currency= (in Python "
            "columns={'price': 'NAME', 'currency': None})",
        ),
    )


def _numbers(column: pl.Series, notes: list[str]) -> NDArray[np.float64] | None:
    """Read numbers, a currency or unit around them left out, NaN where there is none."""
    if column.null_count() == len(column):
        return None
    truths = column.drop_nulls().str.to_lowercase().is_in(list(_TRUTHS)).all()
    numbers, about = read_ratings(
        column if truths else bare_numbers(column), name=column.name, dtype=pl.Float64
    )
    notes.extend(about)
    found = numbers.fill_null(np.nan).to_numpy().astype(np.float64)
    unread = column.filter(pl.Series(np.isnan(found)) & column.is_not_null())
    if len(unread):
        what = f"{counted(len(unread), 'value')} of {column.name} of items cannot be read"
        notes.append(f"{what} ({unread[0][:40]})")
    return None if np.isnan(found).all() else found


def _moments(column: pl.Series, notes: list[str]) -> MomentArray | None:
    """Read times; a column that can be read in two ways, or not at all, is not known."""
    if column.null_count() == len(column):
        return None
    years = column.str.replace(r"^(\d{4})(?:\.0)?$", "$1-01-01")
    try:
        times = read_times(years, name=column.name, stripped=True)
    except DataError as error:
        notes.append(f"{column.name} of items was not read: {error.message}")
        return None
    notes.extend(times.notes)
    unread = column.filter(times.seconds.is_null() & column.is_not_null())
    if len(unread):
        what = f"{counted(len(unread), 'value')} of {column.name} of items cannot be read"
        notes.append(f"{what} ({unread[0][:40]})")
    if times.seconds.null_count() == len(column):
        return None
    microseconds = times.seconds * 1_000_000
    if times.nanoseconds is not None:
        microseconds += times.nanoseconds.fill_null(0) // 1000
    return microseconds.cast(pl.Datetime("us")).to_numpy().astype("datetime64[us]")


def _attribute(column: pl.Series) -> tuple[AttributeValue | None, ...]:
    """Read an attribute: numbers where all are, true and false where all are, lists, else text."""
    known = column.drop_nulls()
    if known.str.contains(_WHOLE).all():
        return tuple(column.cast(pl.Int64).to_list())
    if known.str.contains(_NUMBER).all():
        return tuple(column.cast(pl.Float64).to_list())
    lower = known.str.to_lowercase()
    if lower.is_in(list(_TRUTHS)).all():
        return tuple(None if text is None else _TRUTHS[text.lower()] for text in column.to_list())
    cells: dict[str, AttributeValue] = {text: _cell(text) for text in known.unique().to_list()}
    return tuple(None if text is None else cells[text] for text in column.to_list())


def _cell(text: str) -> str | tuple[str, ...]:
    values = list_of(text)
    if values is None and "|" in text:
        values = [part.strip() for part in text.split("|") if part.strip()]
    return text if values is None else tuple(map(undirected, values))  # lists may escape characters
