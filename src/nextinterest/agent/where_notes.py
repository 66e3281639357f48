"""What constraints name that a catalogue does not have, in sentences: a list that they empty says why."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice

from rapidfuzz import fuzz, process

from nextinterest.counting import counted
from nextinterest.domain import Conditions, Span, Where

__all__ = ["where_notes"]

_MOST = 8  # names, each a sentence, for which the nearest is looked for
_LONGEST = 60  # characters of a name that a note quotes
_CLOSE = 60.0  # of 100; 'Comdy' and 'comedy films' are close to 'Comedy'


def where_notes(where: Where, conditions: Conditions) -> tuple[str, ...]:
    """Return a sentence for each category, attribute and value of constraints that no item has.

    Examples
    --------
    >>> from nextinterest.domain import Catalog, Item
    >>> conditions = Conditions(Catalog.from_items([Item("1", "Fargo", ("Crime",), 1996)]))
    >>> where_notes(Where(categories=("Crme",), price_to=9), conditions)
    ("No item has the category 'Crme'; the nearest is 'Crime'.", 'No item has a price.')
    """
    said = [_unmet(*one) for one in islice(_unknown(where, conditions), _MOST + 1)]
    if len(said) > _MOST:
        said[_MOST] = "Further names are unknown."
    return (*said, *_absent(where, conditions))


def _unknown(where: Where, conditions: Conditions) -> Iterator[tuple[str, str, Collection[str]]]:
    """Yield what no item has: what is said of it, the name, and the names that there are."""
    catalog = conditions.catalog
    for name in (*where.categories, *where.excluded_categories):
        if conditions.category(name) is None:
            yield f"No item has the category {_quoted(name)}", name, catalog.category_names
    known = catalog.details.attributes
    for name, condition in (*where.attributes.items(), *where.excluded_attributes.items()):
        if name not in known:
            yield f"No item has the attribute {_quoted(name)}", name, known
        elif not isinstance(condition, Span):
            values = {text.casefold(): text for value in conditions.values(name) for text in _texts(value)}
            for text in _texts(condition):
                if text.casefold() not in values:
                    yield f"No item has {_quoted(text)} as its {_quoted(name)}", text, values.values()


def _unmet(said: str, name: str, known: Collection[str]) -> str:
    names = list(known)
    close = process.extractOne(name, names, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_CLOSE)
    return f"{said}." if close is None else f"{said}; the nearest is {_quoted(close[0])}."


def _absent(where: Where, conditions: Conditions) -> Iterator[str]:
    details = conditions.catalog.details
    if (where.price_from is not None or where.price_to is not None) and details.prices is None:
        yield "No item has a price."
    if (where.published_from or where.published_to) and details.published is None:
        yield "No item has a time of publication."
    if (where.year_from or where.year_to) and not (conditions.years >= 0).any():
        yield "No item has a year."
    for item_ids, what in (
        (where.only_items or (), "to choose from"),
        (where.excluded_items, "to leave out"),
    ):
        unknown = [item for item in item_ids if item not in conditions.catalog]
        if unknown:
            ids = counted(len(unknown), "id", "ids")
            yield f"{ids} {what}: not in the catalogue, such as {_quoted(unknown[0])}."


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, tuple) else ()


def _quoted(name: str) -> str:
    return repr(name if len(name) <= _LONGEST else f"{name[:_LONGEST]}...")
