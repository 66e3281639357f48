"""Superlatives, comparisons and bounds: "the oldest of these", "cheaper than", "under 300"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nextinterest.agent.chat.checking.basis import Basis
from nextinterest.agent.chat.checking.references import Reference, References, extreme, value_of
from nextinterest.agent.chat.checking.sentence import Sentence, Span
from nextinterest.agent.chat.named import Named, number_of

__all__ = ["Comparisons", "bounded"]

_FILLED = re.compile(r"[ $€£]*(?:(?:your|the|my|a|budget|limit|of|ihre|deine|deinen|tus|vos|les) ?)*[$€£]?")


class Comparisons:
    """The comparisons of a sentence.

    Attributes
    ----------
    taken
        Numbers that are differences, which no other fact needs to hold.
    """

    def __init__(self, sentence: Sentence, refs: References, basis: Basis) -> None:
        self.sentence, self.refs, self.basis = sentence, refs, basis
        self.taken: list[Span] = []

    def fault(self) -> str | None:
        """Return a superlative or comparison that the facts contradict or do not have."""
        for span in self.refs.superlatives:
            if (fault := self._superlative(span)) is not None:
                return fault
        used = {(one.start, one.end) for one in self.refs.superlatives}
        for span in self._comparatives():
            if (span.start, span.end) not in used and (fault := self._comparative(span)) is not None:
                return fault
        return None

    def _superlative(self, span: Span) -> str | None:
        said = self.refs.title_beside(span)
        if said is None:
            pointing = [one for one in self.refs.found if one.end <= span.start and one.items]
            said = next((one for one in reversed(pointing) if one.kind in ("ordinal", "it", "others")), None)
        among = self._among(span, said)
        if said is None:
            if not extreme(among, span.value):
                return f"it says which one is {span.value}, and that is not known"
            return None
        top = extreme(among, span.value, len(said.items))
        if not top or not all(one in top for one in said.items):
            names = ", ".join(one.title for one in said.items)
            return f"it says that {names} is {span.value}, and no fact says so"
        return None

    def _among(self, span: Span, said: Reference | None) -> Sequence[Named]:
        """Return the items that are compared: two that are named, or all."""
        for name in self.sentence.names:
            if self.sentence.lower[span.end : name.start].isspace():
                return self.basis.having(name.value)
        groups = [
            one for one in self.refs.found if len(one.items) == 2 and (said is None or len(said.items) == 1)
        ]
        if groups and said is not None and said.items[0] in groups[0].items:
            return groups[0].items
        return self.basis.every

    def _comparatives(self) -> list[Span]:
        """Return the comparatives, "two years before" for earlier among them."""
        s = self.sentence
        spans = s.find("comparatives")
        priced = s.find("prices")
        for field, key in (("more", "price_max"), ("less", "price_min")):
            spans += [
                Span("comparatives", one.start, one.end, key)
                for one in s.find(field)
                if " " not in one.value
                and any(s.lower[price.end : one.start].isspace() for price in priced)
                and any(s.lower[one.end : than.start].isspace() for than in s.find("than"))
            ]
        for field, key in (("before", "year_min"), ("after", "year_max")):
            for one in s.find(field):
                words = s.lower[: one.start].split()[-4:]
                behind = self.refs.behind(one.end)
                close = behind is not None and len(s.lower[one.end : behind.start].split()) <= 2
                dated = {"years", "year", "released", "came", "out", *s.lexicon.years} & set(words)
                if close and dated:
                    spans.append(Span("comparatives", one.start, one.end, key))
        return spans

    def _comparative(self, span: Span) -> str | None:
        s = self.sentence
        field, _, end = span.value.partition("_")
        than = next((one for one in s.find("than") if 0 <= one.start - span.end <= 12), None)
        at = span.end if than is None else than.end
        behind = self.refs.behind(at)
        number = next((one for one in s.numbers if 0 <= one.start - at <= 8), None)
        if than is not None and number is not None and (behind is None or number.start < behind.start):
            return None  # a bound, which `bounded` reads
        left = self.refs.before(span.start)
        near = behind is not None and len(s.lower[at : behind.start].split()) <= 2
        right = (
            behind
            if behind is not None and near and (than is not None or (span.value and _adverb(s, span)))
            else None
        )
        if (
            than is None
            and right is None
            and left is not None
            and left.kind == "title"
            and len(self.refs.titled) > 1
        ):
            left, right = self.refs.titled[:2]
        if right is None:
            earlier = [
                one for one in self.refs.found if left is not None and one.end <= left.start and one.items
            ]
            right = earlier[-1] if earlier else None
        if right is None and left is not None and left.kind == "others":
            rest = tuple(one for one in self.basis.every if one not in left.items)
            right = Reference(left.start, left.end, rest, "title")
        if left is None or right is None or not left.items or not right.items:
            return self._unbound(span, left)
        if left.items == right.items and left.kind == "others":
            return None
        difference = self._difference(span)
        sign = -1 if end == "min" else 1
        for one in left.items:
            for other in (two for two in right.items if two not in left.items):
                a, b = value_of(one, field), value_of(other, field)
                if a is None or b is None or sign * (a - b) <= 0:
                    return f"it says that {one.title} is {s.lower[span.start : span.end]} than {other.title}"
                if difference is not None and abs(abs(a - b) - difference) > 1e-6:
                    return f"{difference:g} is not the difference of {one.title} and {other.title}"
        return None

    def _unbound(self, span: Span, left: Reference | None) -> str | None:
        """Return the fault of a comparative with nothing to compare with; offers and offers are none."""
        s = self.sentence
        asks = s.text.rstrip().endswith("?") or s.find("offers") or s.find("conditions")
        return None if asks or left is None else f"it compares {left.kind} with nothing"

    def _difference(self, span: Span) -> float | None:
        """Return the number right before a comparative: "five years newer", "60 cheaper"."""
        units = {*self.sentence.lexicon.years, *self.sentence.lexicon.currency, "by", "um", "de"}
        for number in self.sentence.numbers:
            between = self.sentence.lower[number.end : span.start].split()
            if number.end <= span.start and set(between) <= units:
                self.taken.append(number)
                return number_of(number.value)
        for number in self.sentence.numbers:
            if number.start > span.end and self.sentence.lower[: number.start].split()[-1:] in (
                ["by"],
                ["um"],
            ):
                self.taken.append(number)
                return number_of(number.value)
        return None


def _adverb(sentence: Sentence, span: Span) -> bool:
    return sentence.lower[span.start : span.end] in {*sentence.lexicon.before, *sentence.lexicon.after}


def bounded(
    sentence: Sentence, number: Span, value: float, basis: Basis, items: Sequence[Named], *, denied: bool
) -> bool | None:
    """Return whether a bound holds, of the items it is said of or of the request; None where it is none."""
    above = _beside(sentence, number, "above", "above_behind")
    below = _beside(sentence, number, "below", "below_behind")
    for one in sentence.find("comparatives"):
        if 0 <= number.start - one.end <= 10:
            above, below = one.value.endswith("max"), one.value.endswith("min")
    if not (above or below):
        return None
    equal = _beside(sentence, number, "inclusive", "above_behind") or _beside(
        sentence, number, "inclusive", "below_behind"
    )
    field, named = _field_of(sentence, number, value, basis)
    values = [field(one) for one in items]
    if named and equal:  # "up to 4 players" is what the item takes
        return bool(values) and all(one == value for one in values)
    if denied:
        above, below, equal = below, above, not equal
    held = [
        (one is not None and (one > value if above else one < value)) or (equal and one == value)
        for one in values
    ]
    part = _part(sentence, number)
    if part is not None:
        return sum(held) == part
    if values and all(held):
        return True
    return value in (basis.lowest if above else basis.highest)


def _part(sentence: Sentence, number: Span) -> int | None:
    """Return how many of the items a bound is said of: "three of the four came out after 2016"."""
    begin, _ = sentence.clause(number.start)
    for one in sentence.numbers:
        if begin <= one.start < number.start and one.value.isdigit() and sentence.is_part(one):
            return int(one.value)
    return None


def _beside(sentence: Sentence, number: Span, before: str, behind: str) -> bool:
    lead = any(
        one.end <= number.start and _FILLED.fullmatch(sentence.lower[one.end : number.start])
        for one in sentence.find(before)
    )
    return lead or any(0 <= one.start - number.end <= 8 for one in sentence.find(behind))


def _field_of(
    sentence: Sentence, number: Span, value: float, basis: Basis
) -> tuple[Callable[[Named], float | None], bool]:
    """Return what a bound is about, and whether that is an attribute which is named behind it."""
    behind = sentence.lower[number.end :].split()[:1]
    names = {name for one in basis.every for name in one.amounts}
    if behind and behind[0].strip(".,!?") in names:
        name = behind[0].strip(".,!?")
        return (lambda one: one.amounts.get(name)), True
    if 1800 <= value <= 2100 and any(one.year is not None for one in basis.every):
        return (lambda one: value_of(one, "year")), False
    return (lambda one: one.price), False
