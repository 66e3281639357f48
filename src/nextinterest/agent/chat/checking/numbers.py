"""Numbers of a sentence: each is said of items, counts some, or is the history's or the request's."""

from __future__ import annotations

import re

from nextinterest.agent.chat.checking.basis import Basis
from nextinterest.agent.chat.checking.comparisons import Comparisons, bounded
from nextinterest.agent.chat.checking.names import counted_by
from nextinterest.agent.chat.checking.own_phrases import own_phrases
from nextinterest.agent.chat.checking.past import Persons
from nextinterest.agent.chat.checking.references import References
from nextinterest.agent.chat.checking.sentence import Sentence, Span
from nextinterest.agent.chat.named import Named, number_of

__all__ = ["numbers_fault"]

_YOU_DID = re.compile(
    r"\s*(?:of the )?(?:[^\W\d]+\s+){0,3}?(?:that\s+)?(?:you|you've|vous|du|die du)\b"
    r"(?! (?:can|could|will|would|might|may))"
)

_YOU_HAVE = re.compile(
    r"\b(?:you(?:'ve| have|'d)(?: only)?(?: got| \w+ed| read| seen| heard)?|du hast|vous avez) $"
)
_IN_HISTORY = re.compile(r"\s*(?:[^\W\d]+\s+){0,2}?(?:in|of|from)\s+(?:your|the)\s+history\b")

_APART = re.compile(r"\b(?:save|saves|saving|apart|difference|gap|extra)\b")

_OFFERS = re.compile(
    r"(?:and |or |so )?(?:would|shall|should|want|how about|can i|may i|could"
    r"|do you (?:want|prefer)|are you)\b"
)
_ROW = re.compile(r",? (?:and|und|y|et) |, ")
_ONE = frozenset({"title", "it", "ordinal", "superlative"})
_CLOSE = 0.051  # of a percentage, which is said with one digit behind the point


def numbers_fault(
    sentence: Sentence, refs: References, persons: Persons, comparisons: Comparisons, basis: Basis
) -> str | None:
    """Return a number that no fact has where it is said."""
    for span in sentence.numbers:
        if span in refs.taken or span in comparisons.taken:
            continue
        if _offered(sentence, span) or any(a <= span.start < b for a, b in own_phrases(sentence, basis.said)):
            continue
        if not _Number(sentence, refs, persons, basis, span).holds():
            said = refs.of(span)
            named = ", ".join(one.title for one in said.items) if said is not None else "the whole"
            return f"{span.value} is said of {named or 'the whole'}, and no fact says so"
    return None


def _offered(sentence: Sentence, number: Span) -> bool:
    """Whether a number is part of an offer: "shall I look for something under 15?"."""
    if sentence.text.rstrip().endswith("?") and not sentence.titles and _OFFERS.match(sentence.lower):
        return True
    begin, end = sentence.clause(number.start)
    offered = any(
        begin <= one.start < number.start for one in (*sentence.find("offers"), *sentence.find("conditions"))
    )
    asks = sentence.text.rstrip().endswith("?") or bool(sentence.find("conditions"))
    return offered and asks and not any(begin <= one.start < end for one in sentence.titles)


class _Number:
    """One number of a sentence."""

    def __init__(
        self, sentence: Sentence, refs: References, persons: Persons, basis: Basis, span: Span
    ) -> None:
        self.s, self.refs, self.persons, self.basis, self.span = sentence, refs, persons, basis, span
        self.before = sentence.lower[: span.start]
        self.behind = sentence.lower[span.end :]
        said = refs.of(span)
        self.items: tuple[Named, ...] = basis.every if said is None else said.items
        self.said = said
        if said is None or said.start > span.end:
            begin, _ = sentence.clause(span.start)
            names = [one for one in sentence.names if begin <= one.start and one.end <= span.start]
            if names and len(sentence.lower[names[-1].end : span.start].split()) <= 3:
                self.items = basis.having(names[-1].value) or self.items

    def holds(self) -> bool:
        text = self.span.value
        after_years = self._last_word() in self.s.lexicon.years and re.fullmatch(r"[0-9]0", text)
        if re.fullmatch(r"[0-9]+(?:s|ern?)", text) or after_years:
            return self._decade(text)
        value = number_of(text.rstrip("% "))
        if value is None:
            return False
        if text.endswith("%"):
            return any(one.probability is not None and _same(one.probability, value) for one in self.items)
        if (rating := self._rating(value)) is not None:
            return rating
        if self._last_word() in self.s.lexicon.number_nouns:
            return bool(self.items) and all(one.rank == value for one in self.items)
        if self.before.endswith("(") and (year := self._title_before()) is not None:
            return year == value
        if (events := self._events(value)) is not None:
            return events
        denied = any(
            self.s.clause(self.span.start)[0] <= one.start < self.span.start for one in self.persons.negations
        )
        bound = bounded(self.s, self.span, value, self.basis, self.items, denied=denied)
        if bound is not None:
            return bound
        if self._is_price() and self._in_turn(value) and (self.said is None or self.said.kind != "title"):
            return True
        return self._priced(value) if self._is_price() else self._stated(value)

    def _stated(self, value: float) -> bool:
        return (
            self._of_items(value)
            or self._of_whole(value)
            or self._in_turn(value)
            or self._between(value)
            or self._of_one(value)
            or self._of_events(value)
        )

    def _between(self, value: float) -> bool:
        """Whether it is the difference of two items that are named: "five years apart", "saves you 60"."""
        if not _APART.search(self.s.lower):
            return False
        named = [item for one in self.refs.found for item in one.items if one.kind != "they"]
        values: list[list[float | None]] = [[one.price for one in named], [one.year for one in named]]
        return any(
            a is not None and b is not None and abs(abs(a - b) - value) < 1e-6
            for field in values
            for a in field
            for b in field
        )

    def _of_one(self, value: float) -> bool:
        """Whether an item in the categories beside it has it: "a mystery from 1937"."""
        begin, end = self.s.clause(self.span.start)
        names = {one.value for one in self.s.names if begin <= one.start < end}
        return (
            self.said is None
            and bool(names)
            and any(names <= one.categories and _has(one, value) for one in self.basis.every)
        )

    def _of_events(self, value: float) -> bool:
        """Whether it counts the events that are named behind it: "two films: Fargo and Alien"."""
        behind = [one for one in self.s.titles if one.start > self.span.end and one.value in self.basis.done]
        return bool(behind) and len(behind) == value and ":" in self.s.lower[self.span.end : behind[0].start]

    def _is_price(self) -> bool:
        near = [one for one in self.s.find("prices") if one.end <= self.span.start]
        return bool(near) and len(self.s.lower[near[-1].end : self.span.start].split()) <= 2

    def _priced(self, value: float) -> bool:
        """Whether it is the price of the items it is said of, all or the nearest, or one of the request."""
        if self.said is None or not self.items:
            return value in self.basis.lowest | self.basis.highest
        priced = [one.price is not None and abs(one.price - value) < 1e-6 for one in self.items]
        return all(priced) or (self.said.kind == "title" and priced[-1])

    def _last_word(self) -> str:
        return (self.before.split() or [""])[-1].strip(".:,")

    def _title_before(self) -> float | None:
        """Return the year of the title right before "(1995)"; -1 for one that has none."""
        titles = [one for one in self.s.titles if one.end <= self.span.start]
        if titles and not self.s.lower[titles[-1].end : self.span.start].strip(" ("):
            item = self.basis.items.get(titles[-1].value)
            return -1.0 if item is None or item.year is None else float(item.year)
        return None

    def _decade(self, text: str) -> bool:
        digits = re.sub(r"\D", "", text)
        start = (
            int(digits)
            if len(digits) == 4
            else 1900 + int(digits)
            if int(digits) >= 20
            else 2000 + int(digits)
        )
        years = [one.year for one in self.items]
        if years and all(year is not None and start <= year <= start + 9 for year in years):
            return True
        low, high = self.basis.lowest, self.basis.highest
        asked = any(start <= year <= start + 9 for year in low) and any(
            start <= year <= start + 9 for year in high
        )
        return asked and (self.said is None or self.said.loose)

    def _rating(self, value: float) -> bool | None:
        """Return whether "5 out of 5" or "4 stars" is a rating that was given; None where it is none."""
        if not any(one.value == "rate" for one in self.persons.past):
            return None
        rated = [
            self.basis.done[title.value]
            for span in self.persons.past
            if span.value == "rate"
            for title in self.persons.objects(span)
            if title.value in self.basis.done
        ]
        if not rated:
            return None
        of = self._last_word() in self.s.lexicon.liked_from and bool(
            re.search(r"\d \w+(?: of)? $|\d (?:of|von|de|sur|sobre) $", self.before)
        )
        return any((one.best_rating if of else one.rating) == value for one in rated)

    def _events(self, value: float) -> bool | None:
        """Return whether a number counts events of the history rightly; None where it counts others."""
        words = re.split(r"[,;:.!?()]", self.behind)[0].split()[:6]
        before = self.before.split()[-4:]
        nouns = {one.strip(".,") for one in words[:1]} & set(self.s.lexicon.event_nouns)
        of_you = _YOU_DID.match(self.behind) or _IN_HISTORY.match(self.behind)
        yours = bool(nouns) and {"your", "deinen", "tus", "vos"} & set(before[-2:])
        seen = any(
            span.end <= self.span.start and len(self.s.lower[span.end : self.span.start].split()) <= 2
            for span in self.persons.past
        )
        events = words[:1] and words[0].strip(".,") in ("event", "events")
        held = re.search(
            r"history (?:holds?|has|contains?|covers?|includes?|is|of|with) (?:\w+ )?$", self.before
        )
        begin, _ = self.s.clause(self.span.start)
        got = bool(nouns) and bool(_YOU_HAVE.search(self.s.lower[begin : self.span.start]))
        if nouns and before[-1:] in (["of"], ["von"], ["de"]) and value == self.basis.events:
            return True
        if value != int(value) or not (
            (of_you and not self._of_them()) or yours or seen or events or held or got
        ):
            return None
        if self.basis.events is not None and value == self.basis.events:
            return True
        shared = [
            n for name, n in self.basis.counts.items() if any(span.value == name for span in self.s.names)
        ]
        near = (
            not seen
            and (yours or of_you)
            and "of" in words[:2]
            and value in self.basis.counts.values()
            and not shared
        )
        return value in shared or near or self._genre_count(value)

    def _genre_count(self, value: float) -> bool:
        """Whether "its genre with four of the films you know" counts events in a category of the item."""
        own = {name for one in self.items for name in one.categories}
        return any(self.basis.counts.get(name) == value for name in own) and "of" in self.behind.split()[:1]

    def _of_them(self) -> bool:
        return bool(
            re.match(r" (?:of|de|von|davon)\b(?: \w+)? ?(?:them|these|those|ellas|ellos|ihnen)", self.behind)
        ) or bool(re.match(r" (?:\w+ )?(?:for|für|para|pour) ", self.behind))

    def _in_turn(self, value: float) -> bool:
        """Whether it is one of several numbers in a row, each of another item: "priced 249 and 189"."""
        row = [
            one
            for one in self.s.numbers
            if one == self.span
            or (_ROW.fullmatch(self.s.between(one, self.span)) and one.value.strip("0123456789.") == "")
        ]
        values = [number_of(one.value) for one in row]
        return (
            len(row) > 1
            and all(
                one is not None and one > 12 and sum(_has(item, one) for item in self.basis.every) > 0
                for one in values
            )
            and value in values
        )

    def _of_items(self, value: float) -> bool:
        """Whether it is the year, price or another number of the items it is said of, all or the nearest."""
        if not self.items or self.said is None:
            return False
        return all(_has(one, value) for one in self.items) or (
            self.said.kind == "title" and _has(self.items[-1], value) and self.said.end <= self.span.start
        )

    def _of_whole(self, value: float) -> bool:
        total = len(self.basis.every)
        if value == self.basis.matching and (self.said is None or self.said.kind not in _ONE):
            return True
        if total and all(one.year == value for one in self.basis.every):
            return True
        if value in self.basis.lowest | self.basis.highest and value > 12:
            return self.said is None or self.said.loose or self.said.kind == "they"
        if not (self.basis.listed and value == int(value) and value <= 100):
            return value in self.basis.counts.values() and self._shared(value)
        if self.said is not None and self.said.kind == "title" and value == len(self.said.items) > 1:
            return True
        if any(
            value == len(one.items)
            for one in self.refs.titled
            if one.start >= self.span.end and len(one.items) > 1
        ):
            return True
        if self.s.is_part(self.span) and any(self.s.find(field) for field in ("above", "below")):
            return value <= total  # `bounded` has looked at it
        if self.s.is_part(self.span):
            _, end = self.s.clause(self.span.start)
            words = set(re.findall(r"[\w-]+", self.s.lower[self.span.end : end]))
            having = [sum(word in one.words for one in self.basis.every) for word in words]
            if value in [n for n in having if n]:
                return True
        past = [one.value for one in self.s.titles if one.value in self.basis.done]
        if self.s.is_part(self.span) and past:
            return sum(all(title in one.because for title in past) for one in self.basis.every) == value
        counted = [span for span in self.s.names if counted_by(self.s, span) == self.span]
        if counted:
            return True  # `names_fault` has looked at it
        if (
            self.said is not None
            and self.said.end <= self.span.start
            and self.said.kind in ("title", "it", "ordinal")
        ):
            return False
        return value == total or (total == 1 and value == 1)

    def _shared(self, value: float) -> bool:
        beside = [span.value for span in self.s.names]
        return any(self.basis.counts.get(name) == value for name in beside)


def _has(item: Named, value: float) -> bool:
    amounts = {*item.amounts.values(), *item.numbers}
    known = {float(one) for one in (item.year, item.price) if one is not None} | amounts
    return any(abs(one - value) < 1e-6 for one in known)


def _same(percent: float, said: float) -> bool:
    return abs(percent - said) < _CLOSE or round(percent) == said or round(percent, 2) == said
