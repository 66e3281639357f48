"""Constraints in a few words, as a prompt states them."""

from __future__ import annotations

from collections.abc import Iterator

from nextinterest.counting import counted
from nextinterest.domain import Span, Where

__all__ = ["where_words"]

_MOST = 8  # values of one attribute


def where_words(where: Where) -> tuple[str, ...]:
    """Return each constraint as a phrase; of lists of ids only how many there are.

    Examples
    --------
    >>> where_words(Where(categories=("Crime", "Drama"), match="any", year_from=1990, price_to=9.5))
    ('categories Crime or Drama', 'from the year 1990 on', 'price at most 9.5')
    >>> where_words(Where(excluded_categories=("War",), attributes={"size": Span(least=2), "hue": "red"}))
    ('category not War', 'size at least 2', 'hue red')
    """
    return tuple(_phrases(where))


def _phrases(where: Where) -> Iterator[str]:
    if where.categories:
        joined = (" or " if where.match == "any" else " and ").join(where.categories)
        yield f"{'category' if len(where.categories) == 1 else 'categories'} {joined}"
    yield from (f"category not {name}" for name in where.excluded_categories)
    years = (where.year_from, where.year_to)
    if years[0] is not None and years[0] == years[1]:
        yield f"of the year {years[0]}"
    elif None not in years:
        yield f"of the years {years[0]} to {years[1]}"
    elif years != (None, None):
        yield f"from the year {years[0]} on" if years[1] is None else f"up to the year {years[1]}"
    if (price := _range(where.price_from, where.price_to)) is not None:
        yield f"price {price}"
    if where.published_from is not None:
        yield f"published from {where.published_from.date()} on"
    if where.published_to is not None:
        yield f"published up to {where.published_to.date()}"
    yield from (f"{name} {_value(value)}" for name, value in where.attributes.items())
    yield from (f"{name} not {_value(value)}" for name, value in where.excluded_attributes.items())
    if where.available:
        yield "available now"
    if where.only_items is not None:
        yield f"one of {counted(len(where.only_items), 'given item')}"
    if where.excluded_items:
        yield f"none of {counted(len(where.excluded_items), 'given item')}"


def _value(condition: object) -> str:
    if isinstance(condition, Span):
        return _range(condition.least, condition.most) or "known"
    if isinstance(condition, tuple):
        more = " or others" if len(condition) > _MOST else ""
        return " or ".join(map(str, condition[:_MOST])) + more
    if isinstance(condition, bool):
        return "yes" if condition else "no"
    return f"{condition:g}" if isinstance(condition, float) else str(condition)


def _range(least: float | None, most: float | None) -> str | None:
    if least is not None and most is not None:
        return f"{least:g}" if least == most else f"{least:g} to {most:g}"
    if least is not None:
        return f"at least {least:g}"
    return None if most is None else f"at most {most:g}"
