"""Years in words: "the nineties", "before 1980", "'96", "late 80s", "between 1970 and 1975", "older".

Returns inclusive ranges. Knows the years the catalogue spans, since "the twenties" are those it has, and
nothing else of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container
from dataclasses import dataclass, field

from nextinterest.agent.chat.reading.amounts import unit_at
from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list

__all__ = ["YearRange", "YearReading", "read_years"]

_DECADES = {
    "twenties": 20, "thirties": 30, "forties": 40, "fourties": 40, "fifties": 50, "sixties": 60,
    "seventies": 70, "eighties": 80, "nineties": 90, "ninties": 90, "noughties": 0, "naughties": 0,
    "zwanziger": 20, "dreissiger": 30, "vierziger": 40, "funfziger": 50, "sechziger": 60, "siebziger": 70,
    "achtziger": 80, "neunziger": 90,
}  # fmt: skip
_DECADE = re.compile(r"(?:(1[89]|20)?(\d0))(?:s|ies|er|ern|ties)")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_SHORT = re.compile(r"\d\d")
_PARTS = {"early": (0, 4), "mid": (3, 6), "late": (5, 9)}
_BEFORE = frozenset({"before", "until", "after", "since", "between", "around"})


@dataclass(frozen=True, slots=True)
class YearRange:
    """From and to, inclusive; None leaves an end open."""

    first: int | None = None
    last: int | None = None

    def union(self, other: YearRange) -> YearRange:
        """Return the smallest range that holds both."""
        first = None if self.first is None or other.first is None else min(self.first, other.first)
        last = None if self.last is None or other.last is None else max(self.last, other.last)
        return YearRange(first, last)

    def moved(self, direction: int, shown: Collection[int], spanned: YearRange) -> YearRange:
        """Return what "older" (-1) or "newer" (1) means: beyond this range, or beyond the years shown."""
        if direction < 0:
            edge = self.first if self.first is not None else min(shown, default=self.last)
            if edge is None:
                return YearRange(None, None if spanned.last is None else spanned.last - 20)
            return YearRange(None, edge - 1)
        edge = self.last if self.last is not None else max(shown, default=self.first)
        if edge is None:
            return YearRange(None if spanned.last is None else spanned.last - 5, None)
        return YearRange(edge + 1, None)

    def within(self, least: int, most: int) -> tuple[int | None, int | None]:
        """Return its ends, moved into the years from `least` to `most`."""
        first = None if self.first is None else min(max(self.first, least), most)
        return first, None if self.last is None else min(max(self.last, least), most)


@dataclass(slots=True)
class YearReading:
    """The years that a message asks for.

    Attributes
    ----------
    range
        An explicit range; None for none.
    without
        Ranges that are ruled out: "not the 80s".
    any_year
        Whether years no longer matter.
    direction
        -1 for "older", 1 for "newer", without a year to compare with; else 0.
    than
        Position after "newer than", where a title may follow; with `direction`. None for none.
    taken
        Positions of the words read.
    """

    range: YearRange | None = None
    without: list[YearRange] = field(default_factory=list)
    any_year: bool = False
    direction: int = 0
    than: int | None = None
    taken: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    span: YearRange
    decade: bool


def read_years(text: Text, spanned: YearRange, taken: Container[int] = ()) -> YearReading:
    """Read the years that a message asks for.

    Parameters
    ----------
    text
        The message.
    spanned
        The years the catalogue has; decides the century of "the twenties".
    taken
        Positions of words that mean something else, such as titles.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import tokenise
    >>> def read(message):
    ...     return read_years(tokenise(message), YearRange(1922, 1998)).range
    >>> read("something from the late 80s")
    YearRange(first=1985, last=1989)
    >>> read("nothing older than 1990"), read("seventies or eighties")
    (YearRange(first=1990, last=None), YearRange(first=1970, last=1989))
    """
    reading = YearReading(any_year=text.has(word_list("any_year")))
    ranges: list[YearRange] = []
    mentions = [m for m in _mentions(text, spanned) if not any(p in taken for p in range(m.start, m.end))]
    i = 0
    while i < len(mentions):
        mention = mentions[i]
        behind = mentions[i + 1] if i + 1 < len(mentions) else None
        relation, start = _relation(text, mention.start)
        if behind is not None and _is_range(text, mention, behind, relation):
            ranges.append(YearRange(mention.span.first, behind.span.last))
            reading.taken.update(range(start, behind.end))
            i += 2
            continue
        end = mention.end
        bound = _bounded(mention.span, relation)
        for name, made in (
            ("onwards", YearRange(mention.span.first, None)),
            ("backwards", YearRange(None, mention.span.last)),
        ):
            length = text.phrase_at(end, word_list(name))
            stopped = end < len(text) and text.tokens[end].after_stop
            if length and not stopped and relation in {"", "in"}:
                bound, end = made, end + length
                break
        following = text.tokens[end].before if end < len(text) else text.end
        if following.startswith("+"):
            bound = YearRange(mention.span.first, None)
        ruled_out = relation in {"", "in", "around"} and bound.first is not None and bound.last is not None
        (reading.without if ruled_out and _is_unwanted(text, start) else ranges).append(bound)
        reading.taken.update(range(start, end))
        i += 1
    reading.range = _combined(ranges)
    if not ranges:
        _read_direction(text, reading)
    return reading


def _is_unwanted(text: Text, start: int) -> bool:
    """Whether years are ruled out: "not the 80s", "forget about films from the 80s"."""
    while start and not text.tokens[start].after_stop and not text.tokens[start].after_comma:
        for length in (3, 2, 1):
            if text.words[max(0, start - length) : start] in word_list("negators", "leaves_years"):
                return text.words[start - length - 1 : start - length] != ("why",)
        if text.words[start - 1] not in single_words("beside_years"):
            return False
        start -= 1
    return False


def _combined(ranges: list[YearRange]) -> YearRange | None:
    """Meet "after 1970" and "before 1980"; join "the fifties or sixties"."""
    if not ranges:
        return None
    firsts = [r.first for r in ranges if r.first is not None and r.last is None]
    lasts = [r.last for r in ranges if r.last is not None and r.first is None]
    closed = [r for r in ranges if r.first is not None and r.last is not None]
    result: YearRange | None = None
    for one in closed:
        result = one if result is None else result.union(one)
    first = max(firsts) if firsts else None
    last = min(lasts) if lasts else None
    if result is not None:
        first = result.first if first is None else max(first, result.first or first)
        last = result.last if last is None else min(last, result.last or last)
    if first is not None and last is not None and first > last:
        first, last = last, first
    return YearRange(first, last)


def _mentions(text: Text, spanned: YearRange) -> list[_Mention]:
    found: list[_Mention] = []
    words = text.words
    for position, word in enumerate(words):
        if _YEAR.fullmatch(word):
            found.append(_Mention(position, position + 1, YearRange(int(word), int(word)), False))
            continue
        decade = _decade(word, spanned)
        if (
            decade is None
            and word == "annees"
            and position + 1 < len(words)
            and _SHORT.fullmatch(words[position + 1])
        ):
            first = _century(int(words[position + 1]), spanned)
            found.append(_Mention(position, position + 2, YearRange(first, first + 9), True))
            continue
        if decade is not None:
            found.append(_decade_mention(text, position, decade))
            continue
        if _SHORT.fullmatch(word) and int(word) >= 20 and _is_short_year(text, position, found):
            year = _century(int(word), spanned)
            found.append(_Mention(position, position + 1, YearRange(year, year), False))
    return found


def _decade_mention(text: Text, position: int, decade: int) -> _Mention:
    for name, (low, high) in _PARTS.items():
        for length in (1, 2, 3):
            start = position - length
            if start >= 0 and text.phrase_at(start, word_list(name)) == length:
                return _Mention(start, position + 1, YearRange(decade + low, decade + high), True)
    return _Mention(position, position + 1, YearRange(decade, decade + 9), True)


def _decade(word: str, spanned: YearRange) -> int | None:
    if word in _DECADES:
        return _century(_DECADES[word], spanned)
    match = _DECADE.fullmatch(word)
    if match is None:
        return None
    century, two = match.groups()
    return int(century + two) if century else _century(int(two), spanned)


def _century(two_digits: int, spanned: YearRange) -> int:
    """Return the year of a two-digit one: this century's where the catalogue reaches it, else the last's."""
    later = 2000 + two_digits
    return later if spanned.last is not None and later <= spanned.last else 1900 + two_digits


def _is_short_year(text: Text, position: int, found: list[_Mention]) -> bool:
    token = text.tokens[position]
    if token.before.endswith(("'", "\u2019", "\u2018")):
        return True
    if unit_at(text, position + 1):
        return False
    before = text.words[position - 1] if position else ""
    if before in {"from", "in", "aus", "since", "year", "of", "before", "after", "late", "early"}:
        return before not in {"of", "in"} or position + 1 == len(text) or text.tokens[position + 1].after_stop
    chained = found and found[-1].end == position - 1 and (before,) in word_list("to")
    return bool(chained)


def _relation(text: Text, start: int) -> tuple[str, int]:
    """Return how the words before a year relate to it, and where they begin."""
    best: tuple[str, int] = ("", start)
    for skipped in (0, 1, 2):
        at = start - skipped
        if at < 0 or (skipped and text.words[at] not in {"the", "year", "den", "die", "les"}):
            break
        for name in ("until", "since", "before", "after", "between", "around", "in_year"):
            phrases = word_list(name)
            for length in (4, 3, 2, 1):
                begin = at - length
                if begin >= 0 and text.words[begin:at] in phrases and not text.breaks(begin, start):
                    if best[1] == start or at - begin > best[1]:
                        kind = "in" if name == "in_year" else name
                        return _negated(text, kind, begin)
                    break
    return best


def _negated(text: Text, kind: str, begin: int) -> tuple[str, int]:
    """Reverse "not before 1990"; the word lists have the usual forms, not "isnt from before"."""
    before = text.words[max(0, begin - 2) : begin]
    if kind in {"before", "after"} and any(
        word in {"not", "nothing", "no", "isnt", "none"} for word in before
    ):
        if begin - 1 >= 0 and text.words[begin - 1] in {"but", "just"}:
            return kind, begin
        return ("since" if kind == "before" else "until"), begin
    return kind, begin


def _bounded(span: YearRange, relation: str) -> YearRange:
    first, last = span.first or 0, span.last or 0
    if relation == "before":
        return YearRange(None, first - 1)
    if relation == "until":
        return YearRange(None, last)
    if relation == "after":
        return YearRange(last + 1, None)
    if relation == "since":
        return YearRange(first, None)
    if relation == "around" and first == last:
        return YearRange(first - 2, last + 2)
    return span


def _is_range(text: Text, one: _Mention, other: _Mention, relation: str) -> bool:
    gap = text.words[one.end : other.start]
    hyphen = not gap and text.tokens[other.start].before.strip() == "-"
    if hyphen:
        return True
    gap = tuple(word for word in gap if word not in {"the", "den", "in", "early", "late", "mid"})
    if len(gap) != 1 or one.span.first is None or other.span.last is None or one.span.first > other.span.last:
        return False
    if gap[0] in {"and", "und", "et"}:
        return relation == "between" or (one.decade and other.decade)
    return (gap[0],) in word_list("to")


def _read_direction(text: Text, reading: YearReading) -> None:
    for name, direction in (("newer", 1), ("older", -1)):
        for start, end in text.spans(word_list(name)):
            if text.words[start:end] in {("later",), ("earlier",)} and len(text) > 3:
                continue  # "see you later", "as I said earlier"
            reading.direction = direction
            reading.taken.update(range(start, end))
            if end < len(text) and text.words[end] == "than":
                reading.than = end + 1
                negated = text.words[max(0, start - 1) : start]
                if negated and negated[0] in {"not", "nothing", "no"}:
                    reading.direction = -direction
            return
