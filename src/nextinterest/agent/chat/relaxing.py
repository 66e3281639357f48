"""The nearest request that can be met, where the one made cannot."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nextinterest.domain import BoolArray, Conditions, Relaxation, Request
from nextinterest.domain.outcome import Loosened
from nextinterest.domain.where import AttributeCondition

__all__ = ["relaxation"]

_DECADE = 10.0


def relaxation(conditions: Conditions, request: Request, open_items: BoolArray) -> Relaxation | None:
    """Return the nearest request that more items meet than this one; None where there is none.

    One condition is loosened: years by as little as brings in an item, or one category dropped. A decade
    counts as much as a category.

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
    for field in ("attributes", "excluded_attributes"):
        held: dict[str, AttributeCondition] = getattr(where, field)
        for name in held:
            yield 0.9, "attributes", {field: {other: one for other, one in held.items() if other != name}}
    if where.published_from is not None or where.published_to is not None:
        yield 1.2, "published", {"published_from": None, "published_to": None}
    if where.price_from is not None or where.price_to is not None:
        yield 1.3, "prices", {"price_from": None, "price_to": None}
    if where.categories and where.year_from != where.year_to:
        yield 2.5, "years", anything
    if len(where.categories) > 1 or (where.categories and where.year_from is not None):
        yield 3.0, "categories", {"categories": ()}


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one for one in names if one != name)
