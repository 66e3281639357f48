"""Lists in an order that the person names: newest first, cheapest first, the most popular."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nextinterest.agent.engine import Engine
from nextinterest.domain import BoolArray, Catalog, FloatArray, Order

__all__ = ["order_values"]

_RATINGS = ("rating", "average rating", "avg rating", "stars", "score", "vote average", "review score")


def order_values(engine: Engine, order: Order | None, among: BoolArray) -> FloatArray | None:
    """Return by what items are ordered, largest first, NaN where unknown; None where nothing is known.

    Parameters
    ----------
    engine
        Has the catalogue, and how popular its items are.
    order
        What is asked for; None for nothing.
    among
        The items that are to be ordered, bool, shape (n_items,).
    """
    values = None if order is None else _values(engine, order)
    return values if values is not None and bool(np.isfinite(values[among]).any()) else None


def _values(engine: Engine, order: Order) -> FloatArray | None:
    catalog = engine.catalog
    if order in {"newest", "oldest"}:
        dates = _dates(catalog)
        return dates if order == "newest" else -dates
    if order in {"cheapest", "dearest"}:
        prices = catalog.details.prices
        return None if prices is None else np.asarray(-prices if order == "cheapest" else prices)
    if order == "most_popular":
        popular = engine.retriever.popular
        return None if popular is None else _ranks(popular, len(catalog))
    return _ratings(catalog)


def _dates(catalog: Catalog) -> FloatArray:
    published = catalog.details.published
    if published is not None and not np.isnat(published).all():
        seconds = published.astype("datetime64[s]").astype(np.float64)
        return np.where(np.isnat(published), np.nan, seconds)
    return np.array([np.nan if year is None else year for year in catalog.years], dtype=np.float64)


def _ranks(items: Iterable[int], n: int) -> FloatArray:
    ranks = np.full(n, np.nan)
    for rank, item in enumerate(items):
        ranks[item] = -rank
    return ranks


def _ratings(catalog: Catalog) -> FloatArray | None:
    for name, column in catalog.details.attributes.items():
        known = [value for value in column if value is not None]
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)
        if known and numbers and name.casefold().replace("_", " ") in _RATINGS:
            return np.array([value if isinstance(value, int | float) else np.nan for value in column])
    return None
