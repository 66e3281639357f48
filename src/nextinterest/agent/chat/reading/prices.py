"""Prices in words: "between 20 and 60 euros", "under $50", "max 300 bucks"; a mere number is none."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field

from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list

__all__ = ["PriceReading", "read_prices"]

_SIGN = re.compile(r"[$\u20ac\u00a3]\s*$")
_SIGN_BEHIND = re.compile(r"^\s*[$\u20ac\u00a3]")
_FARTHEST = 4  # words between an amount and the currency behind the range it starts


@dataclass(slots=True)
class PriceReading:
    """The prices that a message asks for: the ends of a range, None for open, and the positions read."""

    least: float | None = None
    most: float | None = None
    taken: set[int] = field(default_factory=set)


def read_prices(text: Text, taken: Container[int] = ()) -> PriceReading:
    """Read the price range that a message asks for.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import tokenise
    >>> messages = ("between 20 and 60 euros", "headphones under $50", "80 bpm", "from 5 to 10 items")
    >>> [(p.least, p.most) for p in map(read_prices, map(tokenise, messages))]
    [(20.0, 60.0), (None, 50.0), (None, None), (None, None)]
    """
    reading = PriceReading()
    amounts = [
        at for at, word in enumerate(text.words) if word.isdecimal() and word.isascii() and at not in taken
    ]
    for at in amounts:
        if at in reading.taken:
            continue
        other = next((o for o in amounts if o == at + 1 or (o == at + 2 and _joins(text, at + 1))), None)
        if not (_is_money(text, at) or (other is not None and _is_money(text, other))):
            continue
        start, relation = _relation(text, at)
        if other is not None:
            reading.least, reading.most = sorted((_value(text, at), _value(text, other)))
        elif relation == "most":
            reading.most = _value(text, at)
        elif relation == "least":
            reading.least = _value(text, at)
        elif relation == "around":
            reading.least, reading.most = 0.8 * _value(text, at), 1.2 * _value(text, at)
        end = (at if other is None else other) + 1
        end += text.phrase_at(end, word_list("currencies"))
        reading.taken.update(range(start, end))
    return reading


def _value(text: Text, at: int) -> float:
    return float(text.words[at])


def _joins(text: Text, at: int) -> bool:
    return text.words[at] in {"and", "to", "bis", "und", "et", "a"}


def _is_money(text: Text, at: int) -> bool:
    """Whether a number is an amount of money: by a currency beside it, or "price" or "budget" before it."""
    behind = text.tokens[at + 1].before if at + 1 < len(text) else text.end
    if _SIGN.search(text.tokens[at].before) or _SIGN_BEHIND.search(behind):
        return True
    if text.phrase_at(at + 1, word_list("currencies")):
        return True
    return any(word in single_words("about_price") for word in text.words[max(0, at - _FARTHEST) : at])


def _relation(text: Text, at: int) -> tuple[int, str]:
    """Return where the words before an amount that relate to it start, and what they mean."""
    for name in ("most", "least", "around"):
        for length in (3, 2, 1):
            start = at - length
            if start >= 0 and text.phrase_at(start, word_list(f"price_{name}")) == length:
                return start, name
    return (at - 1, "") if at and text.words[at - 1] in {"between", "from", "for", "of"} else (at, "")
