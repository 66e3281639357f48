"""Values of attributes that a request's words name: "a film with Natalie Portman", "a red one", "no Bosch".

A value is named where its words stand in the request one after another, whatever their capitals, accents and
a genitive; of overlapping ones the longest counts. One common English word names a value only of an
attribute of few values, such as a colour. An item that has the value rises by

    log(p / (1 - p)) - log(s / (1 - s)),    s = (n + 1/2) / (N + 1)

nats, with n of the N items having it and p = `SURE`: what s of the catalogue has becomes p of what is meant;
where it has the value under m attributes, as of one who writes and directs, by `OFTEN` log m more.
Behind a word that rules out ("no", "without") it falls by as much. `docs/retrieval.md` has figures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nextinterest.domain import Catalog, FloatArray, IntArray
from nextinterest.titles import normalise_title
from nextinterest.titles.words import common_words

__all__ = ["OFTEN", "SURE", "Named", "NamedValues", "text_values"]

SURE = 0.95
"""How probable it is taken to be that an item with a named value is meant: of .3, .5, .8 and .95 the best on
validation dialogues of OpenDialKG (R@10 of unmentioned items .61, .62, .63, .63; `bench/crs.py`)."""

OFTEN = 4.0
"""Of 0, 1, 2 and 4 the best there: R@1 .30, .32, .33, .34, R@10 .70 of all."""

_CLOSED = 64  # values of an attribute up to which they are taken for kinds rather than names
_LONGEST = 8  # words of a value
_TOKEN = re.compile(r"\S+")
_GENITIVE = re.compile(r"['\u2019\u02bc](?:s\b|(?=\W*$))", re.I)
_CLAUSE = re.compile(r"[.,;:!?]\s|(?<!anything )(?<!everything )\bbut\s+(?!no)", re.I)
_RULED_OUT = re.compile(
    r"\b(?:no|without|except|excluding|besides|hate|hated|dislike|other than|(?:any|every)thing but"
    r"|not (?:a fan of|by|from|in|of|with|any|another|the)"
    r"|(?:don['\u2019]?t|do not|didn['\u2019]?t|did not|never) (?:really )?(?:like|liked|want|enjoy))"
    r"(?:\s+\S+){0,3}\s*$",
    re.I,
)


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A value that a request names.

    Attributes
    ----------
    value
        As the catalogue writes it.
    items
        Catalogue positions of the items that have it, rising, int32, shape (n,).
    nats
        By which the log-score of each of them rises, float32, shape (n,); below 0 where it is ruled out.
    """

    value: str
    items: IntArray
    nats: FloatArray


def text_values(catalog: Catalog) -> Iterator[tuple[str, int, str]]:
    """Yield attribute, position of the item and value, for each text that is a value of an attribute."""
    for name, column in catalog.details.attributes.items():
        for item, values in enumerate(column):
            if isinstance(values, str):
                yield name, item, values
            elif isinstance(values, tuple):
                yield from ((name, item, value) for value in dict.fromkeys(values))


class NamedValues:
    """The attribute values of a catalogue, by their words.

    Parameters
    ----------
    catalog
        The catalogue.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> shoes = [Item(one, one, attributes={"colour": one}) for one in ("red", "blue")]
    >>> found, rest = NamedValues(Catalog.from_items(shoes)).read("Red shoes, please")
    >>> [(one.value, one.items.tolist()) for one in found], rest
    ([('red', [0])], ' shoes, please')
    """

    def __init__(self, catalog: Catalog) -> None:
        self._n_items = len(catalog)
        distinct: dict[str, set[str]] = {}
        for name, _, value in text_values(catalog):
            distinct.setdefault(name, set()).add(value)
        forms = {value: _forms(value) for values in distinct.values() for value in values}
        self._items: dict[tuple[str, ...], Counter[int]] = {}  # attributes under which each item has it
        self._written: dict[tuple[str, ...], str] = {}
        for name, item, value in text_values(catalog):
            for words in forms[value]:
                if _telling(words, closed=len(distinct[name]) <= _CLOSED):
                    self._items.setdefault(words, Counter())[item] += 1
                    self._written.setdefault(words, value)
        self._longest = max(map(len, self._items), default=0)

    def read(self, request: str) -> tuple[list[Named], str]:
        """Return the values that a request names, each once, and the request without their words."""
        places = [(token, word) for token in _TOKEN.finditer(request) for word in _words(token[0])]
        found: dict[tuple[str, ...], Named] = {}
        rest, kept_to, at = "", 0, 0
        while at < len(places):
            key = self._at([word for _, word in places[at : at + self._longest]])
            if key:
                start, end = places[at][0].start(), places[at + len(key) - 1][0].end()
                found.setdefault(key, self._named(key, ruled_out=_rules_out(request[:start])))
                rest, kept_to = rest + request[kept_to:start], end
            at += len(key) or 1
        return list(found.values()), rest + request[kept_to:]

    def _at(self, words: list[str]) -> tuple[str, ...]:
        """Return the longest value that some words begin with, as words; none where there is none."""
        for length in range(len(words), 0, -1):
            if (key := tuple(words[:length])) in self._items:
                return key
        return ()

    def _named(self, key: tuple[str, ...], *, ruled_out: bool) -> Named:
        having = self._items[key]
        items = np.array(sorted(having), dtype=np.int32)
        share = (len(items) + 0.5) / (self._n_items + 1)
        odds = max(0.0, float(np.log(SURE / (1 - SURE)) - np.log(share / (1 - share))))
        nats = odds + OFTEN * np.log([having[int(item)] for item in items])
        return Named(self._written[key], items, np.asarray(-nats if ruled_out else nats, dtype=np.float32))


def _words(text: str) -> tuple[str, ...]:
    return tuple(normalise_title(_GENITIVE.sub("", text)).split())


def _forms(value: str) -> set[tuple[str, ...]]:
    """Return the ways a value is written: "Levi's" is also "levis"."""
    return {_words(value), tuple(normalise_title(value).split())}


def _telling(words: tuple[str, ...], *, closed: bool) -> bool:
    """Return whether words say by themselves that a value is meant."""
    if not 0 < len(words) <= _LONGEST or all(len(word) == 1 or word.isdecimal() for word in words):
        return False
    return closed or len(words) > 1 or words[0] not in common_words()


def _rules_out(before: str) -> bool:
    """Return whether the words before a value rule it out."""
    return _RULED_OUT.search(_CLAUSE.split(before)[-1]) is not None
