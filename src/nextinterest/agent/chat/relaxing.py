"""The nearest request that can be met, where the one made cannot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nextinterest.domain import BoolArray, Conditions, Relaxation, Request, Where
from nextinterest.domain.outcome import Loosened
from nextinterest.domain.where import AttributeCondition

__all__ = ["relaxation"]

_DECADE = 10.0


def relaxation(conditions: Conditions, request: Request, open_items: BoolArray) -> Relaxation | None:
    """Return the nearest request that more items meet than this one; None where there is none.

    One condition is loosened: years and prices by as little as brings in an item, or one category dropped. A
    decade counts as much as a category.

    Parameters
    ----------
    conditions
        Of the catalogue.
    request
        The request.
    open_items
        Items that may be recommended at all, bool, shape (n_items,).
    """
    had = int((conditions.mask(request.where) & open_items).sum())
    best: tuple[float, Relaxation] | None = None
    for cost, loosened, changed in _looser(conditions, request, open_items):
        where = request.where.model_copy(update=changed)
        matches = int((conditions.mask(where) & open_items).sum())
        if matches > had and (best is None or cost < best[0]):
            nearest = request.model_copy(update={"where": where})
            best = (cost, Relaxation(request=nearest, loosened=loosened, matches=matches))
    return None if best is None else best[1]


def _looser(
    conditions: Conditions, request: Request, open_items: BoolArray
) -> Iterator[tuple[float, Loosened, dict[str, object]]]:
    """Yield changes of the constraints: how far each goes, what it loosens, and the changed fields."""
    where, years = request.where, conditions.years
    anything: dict[str, object] = {"year_from": None, "year_to": None}
    if where.year_from is not None or where.year_to is not None:
        fits = conditions.mask(where.model_copy(update=anything)) & open_items & (years >= 0)
        outside = years[fits & ~conditions.mask(where)]
        if len(outside):
            below = where.year_from - outside if where.year_from is not None else np.zeros_like(outside)
            above = outside - where.year_to if where.year_to is not None else np.zeros_like(outside)
            distance = np.maximum(below, above)
            nearest = int(outside[int(np.argmin(distance))])
            changed: dict[str, object] = {
                "year_from": None if where.year_from is None else min(where.year_from, nearest),
                "year_to": None if where.year_to is None else max(where.year_to, nearest),
            }
            yield float(distance.min()) / _DECADE, "years", changed
    for name in where.categories:
        yield 1.0, "categories", {"categories": _without(where.categories, name)}
    for name in where.excluded_categories:
        kept = _without(where.excluded_categories, name)
        yield 1.1, "excluded_categories", {"excluded_categories": kept}
    # One kind of thing stays as it is; of several, another will do.
    more = 0.0 if len(where.categories) < 2 else 2.2
    for field in ("attributes", "excluded_attributes"):
        held: dict[str, AttributeCondition] = getattr(where, field)
        for name in held:
            kept_values = {other: one for other, one in held.items() if other != name}
            yield 0.9 + more, "attributes", {field: kept_values}
    if where.published_from is not None or where.published_to is not None:
        yield 1.2 + more, "published", {"published_from": None, "published_to": None}
    if where.excluded_year_from is not None or where.excluded_year_to is not None:
        yield 1.2, "excluded_years", {"excluded_year_from": None, "excluded_year_to": None}
    if where.available:
        yield 1.4, "available", {"available": False}
    yield from _prices(conditions, where, open_items)
    if where.categories and where.year_from != where.year_to:
        yield 2.5, "years", anything
    if len(where.categories) > 1 or (where.categories and where.year_from is not None):
        yield 3.0, "categories", {"categories": ()}


def _prices(
    conditions: Conditions, where: Where, open_items: BoolArray
) -> Iterator[tuple[float, Loosened, dict[str, object]]]:
    """Yield the range of prices widened to the nearest item outside of it; twice the price costs 2."""
    prices = conditions.catalog.details.prices
    if prices is None or (where.price_from is None and where.price_to is None):
        return
    fits = conditions.mask(where.model_copy(update={"price_from": None, "price_to": None})) & open_items
    outside = prices[fits & ~conditions.mask(where) & np.isfinite(prices)]
    if not len(outside):
        return
    below = where.price_from - outside if where.price_from is not None else np.zeros_like(outside)
    above = outside - where.price_to if where.price_to is not None else np.zeros_like(outside)
    distance = np.maximum(below, above)
    nearest = float(outside[int(np.argmin(distance))])
    limit = max(value for value in (where.price_from, where.price_to, 1e-9) if value is not None)
    changed: dict[str, object] = {
        "price_from": None if where.price_from is None else min(where.price_from, nearest),
        "price_to": None if where.price_to is None else max(where.price_to, nearest),
    }
    yield 2 * float(distance.min()) / limit, "prices", changed


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one for one in names if one != name)
