"""A message as tokens: words without case and accents, and what stands between them.

Pure functions on strings; knows no word's meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import accumulate

import yaml

from nextinterest.errors import DataError
from nextinterest.titles import normalise_title

__all__ = ["Text", "Token", "all_phrases", "phrases_of", "single_words", "tokenise", "word_list"]

LONGEST = 4000  # characters read of one message
_WORD = re.compile(r"[^\W_]+(?:['\u2019\u2018\u02bc][^\W_]+)*")
# Written apart so that every form of them is the same words.
_REWRITE = (
    (re.compile(r"\bw/o\b", re.I), "without"),
    (re.compile(r"\bw/", re.I), "with "),
    (re.compile(r"&"), " and "),
    (re.compile(r"(?<![\w=])<3+(?![\d.])"), " "),  # a heart
    (re.compile(r"\b(can)not\b", re.I), r"\1't"),
    (
        re.compile(r"\b(do|does|did|is|was|are|were|would|could|should|has|have|had)\s+n[o']t\b", re.I),
        r"\1n't",
    ),
    (re.compile(r"\b(c|j|d|l|qu|m|t|s|n)['\u2019](?=[a-zà-ÿ]{2})", re.I), r"\1' "),  # French elisions
    (re.compile(r"(?<=\d)\s*(?:\u2013|\u2014)\s*(?=\d)"), "-"),
)
_COMMAS = frozenset(",/()+")
_SENTENCE = re.compile(r"[.!?;:\n\u2026]|\s-+\s|[\u2013\u2014]")


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    Attributes
    ----------
    word
        Lower case, without accents and apostrophes.
    raw
        As written.
    before
        What stands before it, spaces included.
    position
        Where it starts in the text.
    """

    word: str
    raw: str
    before: str
    position: int

    @property
    def after_stop(self) -> bool:
        """Whether a sentence, or what reads like one, starts here."""
        return _SENTENCE.search(self.before) is not None

    @property
    def after_comma(self) -> bool:
        """Whether a comma, a slash or a bracket stands before it."""
        return not _COMMAS.isdisjoint(self.before)

    @property
    def capital(self) -> bool:
        """Whether it was written with a capital."""
        return self.raw[0].isupper()

    @property
    def quoted(self) -> bool:
        """Whether a quotation starts before it."""
        return any(mark in self.before for mark in '"\u201c\u201e\u00ab')


@dataclass(frozen=True)
class Text:
    """A message, read into words.

    Attributes
    ----------
    tokens
        Its words.
    end
        What stands behind the last one.
    shouted
        Whether capitals carry no meaning here.
    """

    tokens: tuple[Token, ...]
    end: str
    shouted: bool

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words alone."""
        return tuple(token.word for token in self.tokens)

    @property
    def line(self) -> str:
        """The words with one space between and around them, for finding phrases."""
        return " " + " ".join(self.words) + " "

    def span(self, start: int, end: int) -> str:
        """Return tokens start..end - 1 as they were written."""
        parts = [self.tokens[start].raw]
        parts += [token.before + token.raw for token in self.tokens[start + 1 : end]]
        return "".join(parts)

    def phrase_at(self, position: int, phrases: frozenset[tuple[str, ...]]) -> int:
        """Return the length of the longest of the phrases that stands at a position; 0 for none."""
        words = self.words
        if position >= len(words) or words[position] not in _first_words(phrases):
            return 0
        for length in range(min(6, len(words) - position), 0, -1):
            if words[position : position + length] in phrases:
                return length
        return 0

    def has(self, phrases: frozenset[tuple[str, ...]]) -> bool:
        """Whether any of the phrases stands anywhere."""
        return any(self.phrase_at(position, phrases) for position in range(len(self)))

    def spans(self, phrases: frozenset[tuple[str, ...]]) -> list[tuple[int, int]]:
        """Return (start, end) of the phrases found, left to right and without overlap."""
        found: list[tuple[int, int]] = []
        position = 0
        while position < len(self):
            length = self.phrase_at(position, phrases)
            if length:
                found.append((position, position + length))
            position += max(1, length)
        return found

    def breaks(self, start: int, end: int) -> bool:
        """Whether a sentence ends between tokens start and end (start < end)."""
        stops = self._stops
        return start < end and stops[min(end, len(stops) - 1)] > stops[start]

    @cached_property
    def _stops(self) -> tuple[int, ...]:
        """How many sentences have ended before each word."""
        return tuple(accumulate(token.after_stop for token in self.tokens))


def tokenise(message: str) -> Text:
    """Read a message into words.

    Examples
    --------
    >>> tokenise("Don't show Sci-Fi w/o robots!").words
    ('dont', 'show', 'sci', 'fi', 'without', 'robots')
    """
    message = message[:LONGEST]
    for pattern, replacement in _REWRITE:
        message = pattern.sub(replacement, message)
    tokens: list[Token] = []
    end = 0
    for match in _WORD.finditer(message):
        word = normalise_title(match.group())
        if not word or " " in word:
            continue
        tokens.append(Token(word, match.group(), message[end : match.start()], match.start()))
        end = match.end()
    letters = [c for token in tokens for c in token.raw if c.isalpha()]
    shouted = len(letters) > 3 and sum(c.isupper() for c in letters) > 0.7 * len(letters)
    return Text(tuple(tokens), message[end:], shouted)


@cache
def _first_words(phrases: frozenset[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(phrase[0] for phrase in phrases if phrase)


def _phrases(lines: Iterable[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(words for line in lines if (words := tokenise(str(line)).words))


@cache
def _lists(file: str) -> dict[str, frozenset[tuple[str, ...]]]:
    source = files("nextinterest.agent.chat.reading").joinpath(file).read_text("utf-8")
    # Plain strings only: YAML would read "no" and "on" as truth values otherwise.
    loaded: dict[str, list[str]] = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506
    return {name: _phrases(lines) for name, lines in loaded.items() if name != "topics"}


def word_list(*names: str) -> frozenset[tuple[str, ...]]:
    """Return the phrases of the named lists of ``words.yaml``, each a tuple of words.

    Raises
    ------
    DataError
        If there is no list of a name.
    """
    return phrases_of("words.yaml", *names)


@cache
def phrases_of(file: str, *names: str) -> frozenset[tuple[str, ...]]:
    """Return the phrases of the named lists of a file of this package, each a tuple of words.

    Raises
    ------
    DataError
        If there is no list of a name.
    """
    lists = _lists(file)
    missing = [name for name in names if name not in lists]
    if missing:
        raise DataError(f"{file} has no list {missing[0]!r}.", remedy=f"It has {', '.join(sorted(lists))}.")
    return frozenset().union(*(lists[name] for name in names))


@cache
def all_phrases() -> frozenset[tuple[str, ...]]:
    """Return the phrases of all lists of ``words.yaml`` and ``small_talk.yaml``."""
    return frozenset().union(*_lists("words.yaml").values(), *_lists("small_talk.yaml").values())


@cache
def single_words(name: str) -> frozenset[str]:
    """Return the words of a list of ``words.yaml`` that holds single words."""
    return frozenset(phrase[0] for phrase in word_list(name))
