"""A sentence taken apart: where titles, names of categories, numbers and phrases stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from nextinterest.agent.chat.checking.lexicon import Lexicon, phrases
from nextinterest.titles.words import common_words

__all__ = ["MASK", "Sentence", "Span", "TitleForms", "lowered"]

MASK = "\u2022"
"""Stands for each character of a title."""

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'"})  # noqa: RUF001
_QUOTED = re.compile(r'"([^"]{2,200})"')
_NUMBER = re.compile(
    r"(?<![\w.,])'?[0-9]+(?:[.,][0-9]+)*s?(?:er[n]?)?"
    r"(?: ?%| per ?cent| prozent| por ciento| pour ?cent)?(?![\w])"
)
_PERCENT = re.compile(r" (?:per ?cent|prozent|por ciento|pour ?cent)")
_ARTICLE = re.compile(r"(?:the|a|an|der|die|das|le|la|les|el|los|las)\s+", re.IGNORECASE)
_BREAK = re.compile(r"[,;:!?\u2013\u2014]|\.(?![0-9])|(?<!\d)\)|\((?!\d)|\s-\s")
_ONE = re.compile(
    r"(?<=only )one\b|(?<=just )one\b|\bone(?= (?:player|page|minute|hour|person|seat|piece)s?\b)"
)
_PART = re.compile(
    r" (?:of|de|von|davon|der) (?:the|these|those|them|your|las|los|ellas|ellos|ihnen|den)\b| davon\b"
)
_BASE = re.compile(r"\b(?:of|de|von) (?:the|these|those|your|my|las|los|den|tus|deinen) $")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


class Span(NamedTuple):
    """A part of a sentence, and what it is."""

    kind: str
    start: int
    end: int
    value: str


def lowered(text: str) -> str:
    """Return a text in lower case, of the same length, with plain quotation marks."""
    return "".join(
        letter.lower() if len(letter.lower()) == 1 else letter for letter in text.translate(_QUOTES)
    )


class TitleForms:
    """The ways in which sentences write some titles: whole, without an article, or their first words.

    Parameters
    ----------
    titles
        The titles.
    plain
        Words that are no title by themselves: "It" is one in quotation marks or with its year only.
    """

    def __init__(self, titles: Iterable[str], plain: Iterable[str]) -> None:
        titles, words = list(dict.fromkeys(titles)), frozenset(plain)
        forms: dict[str, set[str]] = {}
        for title in titles:
            for form in self._forms(title):
                forms.setdefault(form, set()).add(title)
        self.meant: Mapping[str, str] = {
            **{form: next(iter(of)) for form, of in forms.items() if len(of) == 1},
            **{title: title for title in titles},
        }
        self._folded = {lowered(form): title for form, title in self.meant.items()}
        bare = [form for form in self.meant if form.casefold() not in words]
        self._bare = phrases(bare)
        self._dated = re.compile(rf"{phrases(self.meant).pattern}(?=\s*\()")
        # A second title in brackets is part of a title, and not what stands behind a short form of it.
        self._bracketed = phrases(form for form in self.meant if form.endswith(")"))

    @staticmethod
    def _forms(title: str) -> Iterator[str]:
        start = _ARTICLE.match(title)
        short = title[start.end() :] if start else title
        yield short
        yield short.partition(":")[0]
        words = short.split()
        for n in range(len(words) - 1, 0, -1):
            first = " ".join(words[:n])
            if n > 1 or (first.casefold() not in common_words() and first[:1].isupper() and len(first) > 3):
                yield first

    def find(self, text: str) -> Iterator[Span]:
        """Yield the titles in a text, quoted ones with their marks, and quoted texts that are none."""
        plain, taken = text.translate(_QUOTES), list[tuple[int, int]]()
        for match in _QUOTED.finditer(plain):
            inner = match[1].strip(" .,!?")
            title = self._folded.get(lowered(inner)) or self._folded.get(lowered(match[1]))
            taken.append(match.span())
            yield Span("title" if title else "quoted", *match.span(), title or match[1])
        for pattern in (self._bracketed, self._dated, self._bare):
            for match in pattern.finditer(plain):
                if not any(start < match.end() and match.start() < end for start, end in taken):
                    taken.append(match.span())
                    yield Span("title", *match.span(), self.meant[match[0]])


@dataclass(frozen=True, eq=False)
class Sentence:
    """A sentence, and what stands where.

    Attributes
    ----------
    text
        As it was written.
    lower
        In lower case, titles masked; positions are those of `text`.
    titles, names
        Titles, and names of categories.
    lexicon
        Of its language.
    """

    text: str
    lower: str
    titles: tuple[Span, ...]
    quoted: tuple[Span, ...]
    names: tuple[Span, ...]
    lexicon: Lexicon

    @classmethod
    def read(
        cls, text: str, titles: TitleForms, names: re.Pattern[str], meant: Mapping[str, str], words: Lexicon
    ) -> Sentence:
        """Take a sentence apart.

        Parameters
        ----------
        text
            The sentence.
        titles
            Titles that it may name.
        names, meant
            Forms of names of categories, and the category of each.
        words
            Of its language.
        """
        found = sorted(titles.find(text), key=lambda span: span.start)
        lower = lowered(text)
        for span in found:
            if span.kind == "title":
                lower = lower[: span.start] + MASK * (span.end - span.start) + lower[span.end :]
        return cls(
            text,
            lower,
            tuple(span for span in found if span.kind == "title"),
            tuple(span for span in found if span.kind == "quoted"),
            tuple(Span("name", m.start(), m.end(), meant[m[0]]) for m in names.finditer(lower)),
            words,
        )

    def find(self, field: str) -> list[Span]:
        """Return the phrases of one list of the lexicon."""
        return [Span(field, *found) for found in self.lexicon.find(self.lower, field)]

    @cached_property
    def numbers(self) -> tuple[Span, ...]:
        """Numbers in digits and in words, the latter as digits; decades as the first year with an s."""
        digits = [
            Span("number", m.start(), m.end(), _PERCENT.sub("%", m[0].strip("'")))
            for m in _NUMBER.finditer(self.lower)
        ]
        words = [*self.find("numbers"), *self.find("decades")]
        words += [Span("number", m.start(), m.end(), "1") for m in _ONE.finditer(self.lower)]
        inside = [(span.start, span.end) for span in self.names]
        return tuple(
            sorted(
                (span for span in (*digits, *words) if not any(a <= span.start < b for a, b in inside)),
                key=lambda span: span.start,
            )
        )

    @property
    def words(self) -> Iterator[re.Match[str]]:
        """Words beside titles, in lower case."""
        return _WORD.finditer(self.lower)

    def is_part(self, number: Span) -> bool:
        """Whether a number counts a part of the items: "three of the four", "two of them"."""
        return bool(_PART.match(self.lower[number.end :]))

    def is_base(self, number: Span) -> bool:
        """Whether a number is what others are a part of: "two of the three", "two of your nine"."""
        return bool(_BASE.search(self.lower[: number.start]))

    @cached_property
    def denials(self) -> tuple[Span, ...]:
        """Words that deny, but in "no more than" and the like."""
        bounds = [*self.find("above"), *self.find("below")]
        return tuple(
            one
            for one in self.find("negations")
            if not any(bound.start <= one.start < bound.end for bound in bounds)
        )

    def between(self, one: Span, other: Span) -> str:
        """Return the text between two spans, in lower case."""
        return self.lower[min(one.end, other.end) : max(one.start, other.start)]

    def joined(self, one: Span, other: Span) -> bool:
        """Whether no mark of punctuation stands between two spans."""
        return not _BREAK.search(self.between(one, other))

    def clause(self, at: int) -> tuple[int, int]:
        """Return where the clause at a position begins and ends, by punctuation."""
        start = max((m.end() for m in _BREAK.finditer(self.lower, 0, at)), default=0)
        after = _BREAK.search(self.lower, at)
        return start, after.start() if after else len(self.lower)
