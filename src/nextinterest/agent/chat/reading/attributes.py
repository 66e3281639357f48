"""Attributes in words: "nothing from Nike", "by Adele", "noise cancelling", "27 inch", "no vocals".

Names and values are those of the catalogue's items. Words that titles use for items without the value are no
condition: they are left to the search by words, which finds them in titles too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field

from nextinterest.agent.chat.reading.amounts import Amount, unit_of
from nextinterest.agent.chat.reading.categories import is_negated, numbers_of
from nextinterest.agent.chat.reading.tokens import Text, single_words, tokenise
from nextinterest.domain import Catalog
from nextinterest.domain.items import AttributeValue
from nextinterest.domain.where import AttributeConditions, Span
from nextinterest.titles import TitleIndex
from nextinterest.titles.words import NUMBER_WORDS

__all__ = ["AttributeLexicon", "AttributeReading"]

_NAME = re.compile(r"[^\W_]+")
_LONGEST = 6  # words of a value
_MOST_VALUES = 50_000
_DENYING = frozenset({"none", "no", "without", "keine"})
_NEAR = 0.15  # how far a value may be from the one named, where no item has that


@dataclass(slots=True)
class AttributeReading:
    """The conditions on attributes that a message states, by name, and the positions of the words read.

    Attributes
    ----------
    wanted, unwanted
        What attributes must and may not be.
    held
        Amounts that an attribute holds.
    taken
        Positions of the words read.
    """

    wanted: AttributeConditions = field(default_factory=dict)
    unwanted: AttributeConditions = field(default_factory=dict)
    held: list[Amount] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Measure:
    """An attribute of numbers: what its unit measures, how large that unit is, and its own words."""

    name: str
    kind: str
    size: float
    words: tuple[str, ...]
    values: tuple[float, ...]


class AttributeLexicon:
    """What people call the attributes and values of one catalogue.

    Parameters
    ----------
    catalog
        The catalogue.
    titles
        Its titles.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> shoes = [
    ...     Item("1", "Pegasus", attributes={"brand": "Nike", "size": 42, "waterproof": True}),
    ...     Item("2", "Gazelle", attributes={"brand": "Adidas", "size": 40, "waterproof": False}),
    ... ]
    >>> catalog = Catalog.from_items(shoes)
    >>> lexicon = AttributeLexicon(catalog, TitleIndex.of(catalog))
    >>> read = lexicon.read(tokenise("waterproof, size 42, nothing from Adidas"))
    >>> read.wanted, read.unwanted
    ({'waterproof': True, 'size': 42}, {'brand': 'Adidas'})
    """

    def __init__(self, catalog: Catalog, titles: TitleIndex) -> None:
        self._catalog, self._titles = catalog, titles
        self._values: dict[tuple[str, ...], list[tuple[str, AttributeValue]]] = {}
        self._flags: dict[tuple[str, ...], str] = {}
        self._names: dict[tuple[str, ...], str] = {}  # of attributes of texts
        self._denials: dict[str, str] = {}  # the value that says that there is none
        self._numbers: dict[tuple[str, ...], str] = {}  # of attributes of numbers without unit
        self._measures: list[_Measure] = []
        for name, column in catalog.details.attributes.items():
            known = list(dict.fromkeys(value for value in column if value is not None))
            words = tuple(word for part in _NAME.findall(name) for word in tokenise(part).words)
            if not words:
                continue
            if all(isinstance(value, bool) for value in known):
                self._flags[words] = name
            elif all(isinstance(value, int | float) for value in known):
                self._add_numbers(name, words, known)
            else:
                self._add_texts(name, words, known)

    def _add_texts(self, name: str, words: tuple[str, ...], known: Sequence[AttributeValue]) -> None:
        self._names[words] = name
        for value in known[:_MOST_VALUES]:
            for text in value if isinstance(value, tuple) else (value,):
                said = tokenise(str(text)).words
                if said and said[0] in _DENYING and len(said) == 1:
                    self._denials[name] = str(text)
                if 0 < len(said) <= _LONGEST:
                    for form in numbers_of(said):
                        owners = self._values.setdefault(tuple(form.split()), [])
                        if (name, text) not in owners:
                            owners.append((name, text))

    def _add_numbers(self, name: str, words: tuple[str, ...], known: Sequence[AttributeValue]) -> None:
        values = tuple(float(value) for value in known if isinstance(value, int | float))
        unit = unit_of(words[-1:])
        if unit is not None:
            own = words[:-1] or words
            self._measures.append(_Measure(name, *unit, own, values))
        elif not single_words("age_names").isdisjoint(words):
            self._measures.append(_Measure(name, "age", 1.0, words, values))
        elif not single_words("time_names").isdisjoint(words):
            self._measures.append(_Measure(name, "time", 60.0, words, values))
        else:
            self._numbers[words] = name

    @property
    def names(self) -> Collection[tuple[str, ...]]:
        """The words of the names of all attributes."""
        measures = [one.words for one in self._measures]
        return {*self._flags, *self._names, *self._numbers, *measures}

    def holds(self, kind: str) -> bool:
        """Whether an attribute holds amounts of a kind."""
        return any(one.kind == kind for one in self._measures)

    def of_makers(self, item: int) -> AttributeConditions:
        """Return who made an item: its brand, artist, author or the like."""
        columns = self._catalog.details.attributes
        makers = [name for words, name in self._names.items() if words[-1] in single_words("makers")]
        return {name: own for name in makers if isinstance(own := columns[name][item], str)}

    def read(
        self, text: Text, taken: Container[int] = (), amounts: Sequence[Amount] = ()
    ) -> AttributeReading:
        """Read the conditions on attributes that a message states.

        Parameters
        ----------
        text
            The message.
        taken
            Positions of words that mean something else.
        amounts
            What it says with units.
        """
        reading = AttributeReading()
        if not self._catalog.details.attributes:
            return reading
        self._read_amounts(text, amounts, reading)
        at = 0
        while at < len(text):
            at += self._read_at(text, at, taken, reading) or 1
        return reading

    def _read_at(self, text: Text, at: int, taken: Container[int], reading: AttributeReading) -> int:
        """Read the condition that starts at a position, and return the length of its words; 0 for none."""
        for length in range(min(_LONGEST, len(text) - at), 0, -1):
            if any(p in taken or p in reading.taken for p in range(at, at + length)):
                continue
            words = text.words[at : at + length]
            if self._read_words(text, at, words, reading):
                reading.taken.update(range(at, at + length))
                return length
        return 0

    def _read_words(self, text: Text, at: int, words: tuple[str, ...], reading: AttributeReading) -> bool:
        end = at + len(words)
        negated = is_negated(text, at)
        flag = self._flags.get(words)
        if (
            flag is not None
            and True in self._catalog.details.attributes[flag]
            and self._agrees(words, flag, True)
        ):
            _put(reading, flag, True, negated)
            return True
        if (number := self._numbers.get(words)) is not None:
            return self._read_number(text, at, end, number, reading)
        name = self._names.get(words)
        if name is not None and name in self._denials and (negated or _lacks(text, at)):
            _put(reading, name, self._denials[name], False)
            return True
        for name, value in self._values.get(words, ()):
            beside = self._is_beside(text, at, end, name)
            if len(self._values[words]) > 1 and not beside:
                continue
            if beside or (not _says_little(words) and (negated or self._agrees(words, name, value))):
                _put(reading, name, value, negated)
                return True
        return False

    def _read_number(self, text: Text, at: int, end: int, name: str, reading: AttributeReading) -> bool:
        """Read "size 42" and "42 ports"."""
        for position in (end, at - 1):
            word = text.words[position] if 0 <= position < len(text) else ""
            value = NUMBER_WORDS.get(word, int(word) if word.isdecimal() and len(word) < 10 else None)
            if value is not None and position not in reading.taken:
                _put(reading, name, value, False)
                reading.taken.add(position)
                return True
        return False

    def _read_amounts(self, text: Text, amounts: Sequence[Amount], reading: AttributeReading) -> None:
        for amount in amounts:
            measure = self._measure(text, amount)
            if measure is None:
                continue
            least, most = (None if x is None else x / measure.size for x in (amount.least, amount.most))
            if amount.kind == "age" and least == most:
                upper = not single_words("age_limits").isdisjoint(measure.words)
                least, most = (least, None) if upper else (None, most)
            elif not amount.related and least is not None and most is not None:
                exact = any(abs(value - least) <= 0.01 * least for value in measure.values)
                near = 0.01 if exact else _NEAR
                least, most = (1 - near) * least, (1 + near) * most
            reading.wanted[measure.name] = Span(least=least, most=most)
            reading.held.append(amount)
            reading.taken.update(range(amount.start, amount.end))

    def _measure(self, text: Text, amount: Amount) -> _Measure | None:
        """Return the attribute that an amount is of; None where none is, or it stays open which."""
        alike = [one for one in self._measures if one.kind == amount.kind]
        named = [one for one in alike if set(one.words) & set(text.words)]
        plain = [one for one in alike if not set(one.words) - single_words("time_names")]
        having = [one for one in alike if amount.least is not None and amount.least / one.size in one.values]
        return next((some[0] for some in (alike, named, plain, having) if len(some) == 1), None)

    def _is_beside(self, text: Text, at: int, end: int, name: str) -> bool:
        """Whether the name of an attribute stands beside a value: "few vocals", "colour: red"."""
        words = next((words for words, one in self._names.items() if one == name), ())
        before = text.words[max(0, at - len(words)) : at]
        return words in {text.words[end : end + len(words)], before}

    def _agrees(self, words: tuple[str, ...], name: str, value: AttributeValue) -> bool:
        """Whether all items whose titles have the words also have the value."""
        having = [self._titles.having(word) for word in words]
        column = self._catalog.details.attributes[name]
        return all(_is(column[item], value) for item in frozenset.intersection(*having))


def _is(own: AttributeValue | None, value: AttributeValue) -> bool:
    return own == value or (isinstance(own, tuple) and value in own)


def _put(reading: AttributeReading, name: str, value: AttributeValue, negated: bool) -> None:
    """Add a value to what is wanted or not; of several texts, any is enough."""
    target, other = (reading.unwanted, reading.wanted) if negated else (reading.wanted, reading.unwanted)
    if name in other and other[name] == value:
        return
    before = target.get(name)
    if isinstance(value, str) and isinstance(before, str | tuple):
        texts = (before,) if isinstance(before, str) else before
        target[name] = tuple(dict.fromkeys((*texts, value)))
    else:
        target[name] = value


def _lacks(text: Text, at: int) -> bool:
    return at > 0 and text.words[at - 1] in _DENYING | {"no", "zero"}


def _says_little(words: tuple[str, ...]) -> bool:
    """Whether words are function words, numbers, or such as stand in any request."""
    empty = single_words("plain") | single_words("says_nothing") - single_words("kinds")
    return all(word in empty or word.isdigit() or word in NUMBER_WORDS or len(word) < 2 for word in words)
