"""Amounts in words: "between 20 and 60 euros", "under 2 hours", "160bpm or faster", "max 50", "27 inch".

What an amount measures follows from its unit; a number without one may be a price, where words relate to it.
Knows no catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypedDict

import yaml

from nextinterest.agent.chat.reading.tokens import Text, single_words, tokenise, word_list
from nextinterest.titles.words import NUMBER_WORDS

__all__ = ["Amount", "called", "measured", "number_at", "read_amounts", "unit_at", "unit_of"]

_SIGN = re.compile(r"[$\u20ac\u00a3]\s*$")
_SIGN_BEHIND = re.compile(r"^\s*[$\u20ac\u00a3]")
_GLUED = re.compile(r"(\d+)([a-z]+\d?)")
_FARTHEST = 4  # words between "budget" and its amount
_JOINS = frozenset({"and", "to", "or", "bis", "und", "oder", "et", "ou", "a"})
_ABOUT = 0.2  # how far "around" reaches, of the amount


class _Kind(TypedDict, total=False):
    kind: str
    called: str
    units: dict[float, list[str]]


@dataclass(frozen=True, slots=True)
class Amount:
    """Words start..end - 1 say how much of something is wanted.

    Attributes
    ----------
    start, end
        Positions of the words, those that relate to the number included.
    least, most
        The range, in the smallest unit; None for open.
    kind
        What it measures: a kind of ``units.yaml``, "money", or "" for a number alone.
    related
        Whether words say how the amount is meant: "under", "at least", "or more".
    """

    start: int
    end: int
    least: float | None
    most: float | None
    kind: str
    related: bool


@cache
def _kinds() -> tuple[_Kind, ...]:
    source = files("nextinterest.agent.chat.reading").joinpath("units.yaml").read_text("utf-8")
    return tuple(yaml.safe_load(source))


@cache
def _units() -> dict[tuple[str, ...], tuple[str, float]]:
    """Return the kind and size of each unit, by its words."""
    return {
        tokenise(word).words: (one["kind"], float(size))
        for one in _kinds()
        for size, words in one["units"].items()
        for word in words
    }


@cache
def _phrases() -> frozenset[tuple[str, ...]]:
    return frozenset(_units())


def called(kind: str) -> str | None:
    """Return what a catalogue lacks that has no field for amounts of a kind; None where no item has any."""
    return (
        "prices" if kind == "money" else next((k.get("called") for k in _kinds() if k["kind"] == kind), None)
    )


def unit_of(words: tuple[str, ...]) -> tuple[str, float] | None:
    """Return what a unit measures, and how many of the smallest one it is; None for words that are none."""
    return _units().get(words)


def unit_at(text: Text, position: int) -> int:
    """Return the length of the unit at a position; 0 for none."""
    return text.phrase_at(position, _phrases())


def measured(text: Text, end: int) -> bool:
    """Whether a unit stands behind a number that ends before a position."""
    return unit_at(text, end) > 0 and not text.tokens[end].after_comma


def number_at(text: Text, at: int) -> tuple[float, int, tuple[str, float] | None] | None:
    """Return the number at a position, where it ends, and the unit written with it: "17.50", "160bpm"."""
    if at >= len(text):
        return None
    word = text.words[at]
    if glued := _GLUED.fullmatch(word):
        unit = unit_of((glued.group(2),))
        return None if unit is None else (float(glued.group(1)), at + 1, unit)
    if word.isascii() and word.isdigit() and len(word) < 10:
        whole, end = word, at + 1
        if end < len(text) and text.words[end].isdigit() and text.tokens[end].before in {".", ","}:
            decimals = text.words[end]
            return float(f"{whole}{decimals}" if len(decimals) == 3 else f"{whole}.{decimals}"), end + 1, None
        return float(whole), end, None
    if text.words[at : at + 2] == ("half", "an"):
        return 0.5, at + 2, None
    value = 1 if word in {"a", "an"} and unit_at(text, at + 1) else NUMBER_WORDS.get(word)
    return None if value is None else (float(value), at + 1, None)


def read_amounts(text: Text, taken: Container[int] = ()) -> list[Amount]:
    """Read the amounts of a message, left to right.

    Examples
    --------
    >>> def read(message):
    ...     return [(one.least, one.most, one.kind) for one in read_amounts(tokenise(message))]
    >>> read("between 20 and 60 euros"), read("headphones under $50"), read("160bpm or faster")
    ([(20.0, 60.0, 'money')], [(None, 50.0, 'money')], [(160.0, None, 'tempo')])
    >>> read("max 50"), read("2 or 3 hours"), read("from 5 to 10 items"), read("80 films")
    ([(None, 50.0, '')], [(7200.0, 10800.0, 'time')], [], [])
    """
    found: list[Amount] = []
    at = 0
    while at < len(text):
        amount = None if at in taken else _amount(text, at, taken)
        if amount is not None:
            found.append(amount)
        at = at + 1 if amount is None else amount.end
    return found


def _amount(text: Text, at: int, taken: Container[int]) -> Amount | None:
    first = number_at(text, at)
    if first is None or (first[2] is None and text.words[at].isalpha() and not unit_at(text, first[1])):
        return None
    value, end, unit = first
    unit, end = _unit_behind(text, end, unit)
    second = number_at(text, end + 1 if text.words[end : end + 1] and text.words[end] in _JOINS else end)
    joined = end < len(text) and (
        text.words[end] in _JOINS or text.tokens[end].before.strip() in {"-", "\u2013"}
    )
    other: float | None = None
    money = _is_money(text, at, end)
    if second is not None and joined and second[1] - 1 not in taken:
        behind, stop = _unit_behind(text, second[1], second[2])
        both = money or _is_money(text, second[1] - 1, second[1])
        if behind is not None or both:
            other, end, unit, money = second[0], stop, behind or unit, both
    end += text.phrase_at(end, word_list("currencies"))
    start, relation = _relation(text, at)
    if length := text.phrase_at(end, word_list("or_more", "or_less")):
        more = text.phrase_at(end, word_list("or_more")) == length
        relation, end = ("least" if more else "most"), end + length
    elif end < len(text) and text.tokens[end].before.startswith("+"):
        relation = "least"
    kind, size = ("money", 1.0) if money else unit or ("", 1.0)
    if not kind and (not relation or other is not None or not _stands_alone(text, end)):
        return None
    least, most = _range(value * size, None if other is None else other * size, relation)
    return Amount(start, end, least, most, kind, bool(relation) or other is not None)


def _range(value: float, other: float | None, relation: str) -> tuple[float | None, float | None]:
    if other is not None:
        return min(value, other), max(value, other)
    if relation == "around":
        return (1 - _ABOUT) * value, (1 + _ABOUT) * value
    return None if relation == "most" else value, None if relation == "least" else value


def _unit_behind(
    text: Text, end: int, unit: tuple[str, float] | None
) -> tuple[tuple[str, float] | None, int]:
    """Return the unit of a number and where it ends; that written with it stays."""
    length = unit_at(text, end) if unit is None else 0
    if not length or text.tokens[end].after_comma:
        return unit, end
    return unit_of(text.words[end : end + length]), end + length


def _is_money(text: Text, at: int, end: int) -> bool:
    """Whether a number is an amount of money: by a currency beside it, or "price" or "budget" before it."""
    behind = text.tokens[end].before if end < len(text) else text.end
    if _SIGN.search(text.tokens[at].before) or _SIGN_BEHIND.search(behind):
        return True
    if text.phrase_at(end, word_list("currencies")):
        return True
    before = text.words[max(0, at - _FARTHEST) : at]
    return not unit_at(text, end) and any(word in single_words("about_price") for word in before)


def _stands_alone(text: Text, end: int) -> bool:
    """Whether a bare number is followed by nothing that it may count."""
    if end == len(text):
        return True
    token = text.tokens[end]
    return token.after_stop or token.after_comma or token.word in single_words("plain") | {"please", "pls"}


def _relation(text: Text, at: int) -> tuple[int, str]:
    """Return where the words before a number that relate to it start, and what they mean."""
    for length in (3, 2, 1):  # "nothing over" is not "over"
        for name in ("most", "least", "around"):
            start = at - length
            if start >= 0 and text.phrase_at(start, word_list(f"amount_{name}")) == length:
                return start, name
    return (at - 1, "") if at and text.words[at - 1] in {"between", "from", "for", "of"} else (at, "")
