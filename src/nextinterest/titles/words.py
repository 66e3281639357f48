"""The words a title is compared by, and the ways one title is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cache
from importlib.resources import files

from nextinterest.titles.normal import normalise_title, split_year, without_articles, without_brackets

__all__ = [
    "NUMBER_WORDS",
    "Part",
    "common_words",
    "compared",
    "everyday_words",
    "head_words",
    "title_forms",
    "title_numbers",
    "title_words",
]

_ENGLISH = (
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    ("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_GERMAN = ("zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun", "zehn")
_FRENCH = ("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
NUMBER_WORDS: dict[str, int] = {
    "zero": 0, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
    **{word: n for n, word in enumerate(_ENGLISH[0] + _ENGLISH[1], start=1)},
    **{word: n for n, word in enumerate(_GERMAN, start=2)},
    **{word: n for n, word in enumerate(_FRENCH, start=2)},
}  # fmt: skip
"""Numbers written out, normalised."""

_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_SPELT = (
    _ROMAN
    | {word: str(n) for word, n in NUMBER_WORDS.items() if 1 <= n <= 12}
    | {"pt": "part", "vol": "volume", "dr": "doctor", "mr": "mister", "st": "saint", "vs": "versus"}
)
_SINGLE_ROMAN = {"v": "5", "x": "10"}  # letters of their own too, so that no title is read by them alone
_ARTICLES = frozenset({"the", "a", "an", "le", "la", "les", "el", "il", "der", "das"})
_BRACKETED = re.compile(r"[(\[]([^()\[\]]+)[)\]]")
_AKA = re.compile(r"^(?:a\.?k\.?a\.?|or)\s+", re.I)
_COMPOUND = re.compile(r"[()\[\]:\-\u2013]|\bor\b", re.I)  # brackets, or a place to cut at
_CUT = re.compile(r":| - | or: |, or | \u2013 ")


class Part(IntEnum):
    """How much of a title a form of it is."""

    WHOLE = 0
    WITHOUT_BRACKETS = 1
    SOME = 2
    """Another title in brackets, or what stands before or behind a colon."""


@cache
def _by_frequency() -> tuple[str, ...]:
    source = files("nextinterest.titles").joinpath("common_words.txt").read_text("utf-8")
    return tuple(word for line in source.splitlines() if not line.startswith("#") for word in line.split())


@cache
def everyday_words() -> frozenset[str]:
    """Return the two thousand commonest words, which are no hint of any title."""
    return frozenset(_by_frequency()[:2000])


@cache
def common_words() -> frozenset[str]:
    """Return words so common that one of them alone is rarely meant as a title."""
    return frozenset(_by_frequency())


def title_words(text: str) -> tuple[str, ...]:
    """Return the words a title is compared by: numbers in digits, no article in front.

    Examples
    --------
    >>> title_words("The Godfather: Part II") == title_words("godfather part two")
    True
    """
    return compared(normalise_title(text).split())


def compared(words: Sequence[str]) -> tuple[str, ...]:
    """Return normalised words as `title_words` does a text."""
    spelt = tuple(_SPELT.get(word, word) for word in words)
    return spelt[1:] if len(spelt) > 1 and spelt[0] in _ARTICLES else spelt


def title_numbers(title: str) -> frozenset[str]:
    """Return the numbers in a title, which tell the films of a series apart; the year behind it is none.

    The first of a series is written with 1 or without, so that 1 is left out.

    Examples
    --------
    >>> [sorted(title_numbers(title)) for title in ("Rocky V (1990)", "Henry IV, Part I", "Ocean's Eleven")]
    [['5'], ['4'], ['11']]
    """
    words = normalise_title(split_year(title)[0]).split()
    spelt = (_SINGLE_ROMAN.get(word, word) for word in compared(words))
    return frozenset(word.lstrip("0") or "0" for word in spelt if word.isdecimal()) - {"1"}


def head_words(title: str) -> tuple[str, ...] | None:
    """Return the words before a subtitle or another title behind "or"; None where there is neither.

    Examples
    --------
    >>> head_words("Dr. Strangelove or: How I Learned to Stop Worrying"), head_words("Dead Man Walking")
    (('doctor', 'strangelove'), None)
    """
    head, *rest = _CUT.split(split_year(title)[0], maxsplit=1)
    return (title_words(head) or None) if rest else None


def title_forms(title: str) -> dict[tuple[str, ...], Part]:
    """Return the ways a title is written, each as words, the whole title first.

    Examples
    --------
    >>> [" ".join(form) for form in title_forms("Seven (Se7en) (1995)")]
    ['7 se7en', '7', 'se7en', 'seven se7en']
    """
    kept: dict[tuple[str, ...], Part] = {}
    core = split_year(title)[0]
    as_written = tuple(without_articles(core).split())
    if not _COMPOUND.search(core):
        forms = (title_words(core), compared(as_written), as_written)
        return {form: Part.WHOLE for form in forms if form}
    bare = without_brackets(core) or core
    head, *rest = _CUT.split(bare)
    head_words = title_words(head)
    for text, part in _texts(core, bare, head, rest):
        form = title_words(text)
        is_number = all(word.isdigit() for word in normalise_title(text).split())
        too_plain = len(form) == 1 and form == head_words and form[0] in common_words() and bool(rest)
        if form and form not in kept and not (kept and (is_number or too_plain)):
            kept[form] = part
    if as_written:  # "twelve monkeys" beside "12 monkeys"
        kept.setdefault(as_written, Part.WHOLE)
    return kept


def _texts(core: str, bare: str, head: str, rest: Sequence[str]) -> Iterator[tuple[str, Part]]:
    yield core, Part.WHOLE
    yield bare, Part.WITHOUT_BRACKETS
    yield without_articles(core), Part.WHOLE
    for other in _BRACKETED.findall(core):
        yield _AKA.sub("", other), Part.SOME
    yield head, Part.SOME
    for tail in rest:
        if len(normalise_title(tail).split()) > 1:
            yield tail, Part.SOME
