"""What a sentence says of the person's past, and of one item as the reason for another.

Text alone is read: which word stands beside a title or a number. `facts` knows which titles are items of the
list and which are events of the history.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from functools import cache
from itertools import pairwise

from nextinterest.agent.chat.reply_words import reply_words

__all__ = ["MARK", "counts_events", "is_price", "relation_fault", "turned_round"]

MARK = "\u2022"
"""Stands in a text where a fact was."""

_JOINED = rf"(?:\s*(?:,|and|or|, and)\s*[“\"]?{MARK})*"
_PRONOUN = r"(?:it|they|them|these|those|this|both|all|each|either)"
_PRICE = re.compile(r"\b(?:costs?|price[ds]?)(?: (?:is|are|of|at))?\s*$", re.IGNORECASE)
_ABOVE = (r"over|above|after|since|past|more than|later than|at least", r"later|more|up|above|over|after")
_BELOW = (
    r"under|below|before|up to|until|less than|earlier than|at most",
    r"earlier|less|below|under|before",
)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    past = rf"(?:{'|'.join(sorted(reply_words().past))})"
    because = rf"(?:{'|'.join(sorted(reply_words().relations))})"
    texts = {
        "seen": rf"\b{past}\b[^{MARK}.;:]*{MARK}{_JOINED}",
        "seen_before": rf"{MARK}[^{MARK}]*\b{past}\b",
        "seen_it": rf"\b{past}\s+{_PRONOUN}\b|\b{_PRONOUN}\b(?:(?!\byou\b)[^{MARK}])*\b{past}\b",
        "reason": r"\b(?:because|out) of|\b(?:due|thanks|similar|close|related|linked|tied) to"
        r"|\bbased on|\bnear",
        "because": rf"\b{because}\b",
        "events_behind": rf"\s*(?:[^\W\d]+\s+){{0,2}}?(?:events?\b|(?:in|of|from)\s+(?:your|the)\s+history\b"
        rf"|(?:that\s+)?you(?:['\u2019]ve|\s+have|\s+had)?\s+{past}\b|{past}\b)",
        "events_before": r"\bhistory\s+(?:holds?|has|contains?|covers?|includes?|spans?|shows?|comprises"
        r"|records?|is|of|with)\s+(?:[^\W\d]+\s+)?$"
        r"|\b(?:based on|because of|due to|thanks to)\s+(?:your\s+|the\s+)?$"
        rf"|\b{past}\s+(?:[^\W\d]+\s+)?$",
    }
    return {name: re.compile(text, re.IGNORECASE) for name, text in texts.items()}


def counts_events(before: str, behind: str) -> bool:
    """Return whether a number with this text before and behind it counts events of the history.

    Examples
    --------
    >>> counts_events("Your history holds ", " films."), counts_events("Here are ", " for you.")
    (True, False)
    """
    find = _patterns()
    return bool(find["events_behind"].match(behind) or find["events_before"].search(before))


def is_price(before: str) -> bool:
    """Return whether a number behind this text is said to be a price."""
    return bool(_PRICE.search(before))


def turned_round(before: str, behind: str, *, lowest: bool, highest: bool) -> bool:
    """Return whether words beside a bound of the request say that it is the other bound."""
    for is_it, (ahead, after) in ((highest and not lowest, _ABOVE), (lowest and not highest, _BELOW)):
        pattern = rf"\b(?:{ahead})\s+$"
        if is_it and (
            re.search(pattern, before, re.IGNORECASE)
            or re.match(rf"\s*(?:or|and)\s+(?:{after})\b", behind, re.IGNORECASE)
        ):
            return True
    return False


def relation_fault(
    rest: str, titles: Sequence[str | None], past: Container[str], items: Container[str]
) -> str | None:
    """Return what a sentence says falsely of the person's past or of the reason for an item.

    Parameters
    ----------
    rest
        The sentence, with `MARK` where a fact stood.
    titles
        For each mark in order, its title; None for a fact that is none.
    past
        Titles of the history.
    items
        Titles that are listed, explained or found.
    """
    find = _patterns()
    at = [match.start() for match in re.finditer(MARK, rest)]
    title = dict(zip(at, titles, strict=True))

    def strange(start: int, end: int) -> str | None:
        inside = [title[p] for p in at if start <= p < end]
        return next((one for one in inside if one is not None and one in items and one not in past), None)

    read = [*find["seen"].finditer(rest)]
    if not read:
        # Nothing stands behind it: what stood before is meant.
        read = [*find["seen_before"].finditer(rest)]
    for match in read:
        wrong = strange(match.start(), match.end())
        if wrong is not None:
            return f"it says that the person knows {wrong}, which the history does not hold"
    if not any(titles) and find["seen_it"].search(rest):
        return "it says that the person knows the items, and no fact says so"
    for match in find["reason"].finditer(rest):
        joined = re.compile(rf"\s*[“\"]?{MARK}{_JOINED}").match(rest, match.end())
        wrong = None if joined is None else strange(joined.start(), joined.end())
        if wrong is not None:
            return f"it gives {wrong} as a reason, which the history does not hold"
    named = [p for p in at if title[p] is not None]
    for one, other in pairwise(named):
        if find["because"].search(rest, one, other) and all(
            title[p] in items and title[p] not in past for p in (one, other)
        ):
            return f"it relates {title[other]} to {title[one]}, and no fact does"
    return None
