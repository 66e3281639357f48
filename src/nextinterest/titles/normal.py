"""Titles compared as people compare them: without case, accents, punctuation, articles and the year behind.

Pure functions on strings; knows no catalogue.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["normalise_title", "split_year", "without_articles", "without_brackets"]

_YEAR = re.compile(r"\s*[(\[]\s*((?:18|19|20)\d\d)\s*[)\]]\s*$")
_BARE_YEAR = re.compile(r"[\s,]+((?:18|19|20)\d\d)\s*$")
_BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
_ARTICLES = frozenset(
    {"the", "a", "an", "le", "la", "les", "l", "el", "los", "las", "il", "lo", "gli", "der", "das"}
)  # not "die": Die Hard
_ELISIONS = frozenset({"l'", "d'"})
_APOSTROPHES = "'\u2019\u2018\u02bc`\u00b4"
# Letters that Unicode does not take apart into a letter and a mark, and "&", which people write as "and".
_SPELT = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "&": " and "}
)
# The same for ASCII, where every character is looked at alone.
_ASCII = {
    code: " " if unicodedata.category(chr(code))[0] in "PZ" or chr(code).isspace() else None
    for code in range(128)
    if unicodedata.category(chr(code))[0] in "PZC"
} | {ord("'"): None, ord("`"): None, ord("&"): " and "}
# Marks are accents in these scripts; in others (Indic, Thai, kana) they are vowels or other consonants.
_ACCENTED = ("LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC")


def split_year(title: str, *, bare: bool = False) -> tuple[str, int | None]:
    """Split a year in brackets off the end of a title; with `bare`, also one without brackets.

    Examples
    --------
    >>> split_year("Toy Story (1995)"), split_year("Blade Runner 2049")
    (('Toy Story', 1995), ('Blade Runner 2049', None))
    >>> split_year("Heat, 1995", bare=True)
    ('Heat', 1995)
    """
    match = _YEAR.search(title) or (_BARE_YEAR.search(title) if bare else None)
    if match is None or match.start() == 0:  # a title may be a year: "(1917)"
        return title, None
    return title[: match.start()].strip(), int(match.group(1))


def normalise_title(title: str) -> str:
    """Return a title without case, accents and punctuation; words are separated by one space.

    Examples
    --------
    >>> normalise_title("  Amélie: LE  FABULEUX destin… "), normalise_title("Schindler’s List")
    ('amelie le fabuleux destin', 'schindlers list')
    >>> normalise_title("Fast & Furious"), normalise_title("千と千尋の神隠し")
    ('fast and furious', '千と千尋の神隠し')
    """
    if title.isascii():
        return " ".join(title.lower().translate(_ASCII).split())
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", title).casefold()).translate(_SPELT)
    kept: list[str] = []
    accented = False
    for char in text:
        category = unicodedata.category(char)
        if category in {"Mn", "Me"}:
            if not accented:
                kept.append(char)
        elif char in _APOSTROPHES or (category in {"Cf", "Cc", "Cs"} and not char.isspace()):
            continue
        elif category[0] in "PZC":
            kept.append(" ")
        else:
            kept.append(char)
            accented = _is_accented(char)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


@lru_cache(maxsize=4096)
def _is_accented(char: str) -> bool:
    return unicodedata.name(char, "").startswith(_ACCENTED)


def without_articles(title: str) -> str:
    """Return the normalised title without an article in front, or behind a comma as catalogues sort it.

    Examples
    --------
    >>> without_articles("Godfather, The") == without_articles("the godfather") == "godfather"
    True
    >>> without_articles("The The"), without_articles("L'Avventura")
    ('the', 'avventura')
    """
    head, comma, tail = title.rpartition(",")
    if comma and normalise_title(tail) in _ARTICLES:
        title = head
    lowered = title.strip().casefold().replace("\u2019", "'")
    if lowered[:2] in _ELISIONS and len(lowered) > 2:
        title = title.strip()[2:]
    words = normalise_title(title).split(" ")
    return " ".join(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)


def without_brackets(title: str) -> str:
    """Return the title without anything in brackets, such as another title or an edition.

    Examples
    --------
    >>> without_brackets("Shanghai Triad (Yao a yao yao dao waipo qiao)")
    'Shanghai Triad'
    """
    return " ".join(_BRACKETS.sub(" ", title).split())
