"""The order that a list is wanted in: "cheapest first", "the newest", "most popular", "best rated"."""

from __future__ import annotations

import re

from nextinterest.domain import Order, Request

__all__ = ["in_order"]

_FIRST = "(?: (?:first|to last))?"
_PHRASES: dict[Order, str] = {
    "cheapest": f"(?:cheapest|least expensive|lowest priced|lowest price|low to high|by price){_FIRST}",
    "dearest": f"(?:most expensive|dearest|priciest|costliest|highest priced|high to low){_FIRST}",
    "newest": f"(?:newest|latest|most recent|newest to oldest){_FIRST}",
    "oldest": f"(?:oldest|earliest|oldest to newest){_FIRST}",
    "most_popular": f"(?:most popular|most watched|most bought|best ?sell(?:ing|ers?)){_FIRST}",
    "best_rated": f"(?:best rated|top rated|highest rated|best reviewed|highest rating){_FIRST}",
}
_PATTERNS = {order: re.compile(rf"\b{phrase}\b") for order, phrase in _PHRASES.items()}
_LISTS = frozenset({"recommend", "similar", "search"})


def in_order(request: Request, words: str) -> Request:
    """Return a request for a list with the order that its message names.

    Parameters
    ----------
    request
        The request.
    words
        The words of the message, in small letters.

    Examples
    --------
    >>> asked = in_order(Request(query="popular"), "your most popular tents")
    >>> asked.order, asked.query
    ('most_popular', None)
    >>> in_order(Request(intent="thank"), "the newest was great").order is None
    True
    """
    if request.intent not in _LISTS or request.order is not None:
        return request
    for order, pattern in _PATTERNS.items():
        found = pattern.search(words)
        if found is not None:
            named, query = set(found[0].split()) | {"first"}, request.query
            kept = query if query is None or set(query.casefold().split()) - named else None
            if request.intent == "search" and kept is None and query is not None:
                kept = query  # a title may be such a word
            return request.model_copy(update={"order": order, "query": kept})
    return request
