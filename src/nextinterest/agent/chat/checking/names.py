"""Categories of a sentence: each is said of items, denied of them, or counts some."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nextinterest.agent.chat.checking.basis import Basis
from nextinterest.agent.chat.checking.past import Persons
from nextinterest.agent.chat.checking.references import Reference, References
from nextinterest.agent.chat.checking.sentence import Sentence, Span

__all__ = ["counted_by", "names_fault"]

_FOR = re.compile(r"\bfor (?:an?|any|another|your|some) (?:\w+ )?$")
_JUST = frozenset({"only", "just", "seulement", "single"})


def names_fault(sentence: Sentence, refs: References, persons: Persons, basis: Basis) -> str | None:
    """Return a category that is said of items which are not in it, or denied of those that are."""
    taken = {*persons.taken, *refs.taken}
    for span in sentence.names:
        beside = _FOR.search(sentence.lower[: span.start]) and refs.before(span.start) is not None
        if span in taken or beside:
            continue
        said, denied = refs.of(span), _denied(sentence, span, persons.negations)
        count = counted_by(sentence, span)
        if count is not None and (said is None or (not denied and _counts_first(sentence, said, span))):
            if not _count_holds(count, span, said, basis, sentence, denied=denied):
                return f"{count.value} {span.value} is said, and no fact says so"
            continue
        if _only(sentence, span) and (said is None or not said.items) and len(basis.having(span.value)) != 1:
            return f"only one is said to be {span.value}, and no fact says so"
        if _portioned(sentence, span, said, persons, basis):
            continue
        items = basis.every if said is None or not said.items else said.items
        names = ", ".join(one.title for one in items) if said is not None else "the whole"
        if denied:
            excluded = span.value in basis.excluded and not basis.having(span.value)
            if not excluded and (not items or any(span.value in one.categories for one in items)):
                return f"{span.value} is denied of {names}, and no fact does"
        elif said is None or not said.items or (said.kind == "they" and said.loose):
            shared = bool(items) and all(span.value in one.categories for one in items)
            if not (shared or span.value in basis.names or _partly(sentence, span, said, basis)):
                return f"{span.value} is said of the whole, and no fact says so"
        elif not all(span.value in one.categories for one in items):
            return f"{span.value} is said of {names}, and no fact says so"
        elif _only(sentence, span) and len(basis.having(span.value)) != len(items):
            return f"it says that no other one is {span.value}"
    return None


def _only(sentence: Sentence, name: Span) -> bool:
    """Whether "the only" stands before a name, or "only" before what it is said of: not "just crime"."""
    begin, _ = sentence.clause(name.start)
    return any(
        begin <= one.start and one.end <= name.start and (one.value not in _JUST or one.end + 1 < name.start)
        for one in sentence.find("only")
        if one.value != "just" or sentence.lower[one.end :].split()[:1] == ["one"]
    )


def _denied(sentence: Sentence, span: Span, negations: Sequence[Span]) -> bool:
    """Whether a negation stands before a name in its clause, or before the list it is in."""
    begin, end = sentence.clause(span.start)
    if any(begin <= one.start and one.end <= span.start for one in negations):
        return True
    behind = sentence.lower[span.end : end].split()
    if behind[:1] in (["out"], ["aside"], ["weg"]) and {"left", "leave", "leaving", "lasse"} & set(
        sentence.lower[begin : span.start].split()
    ):
        return True
    earlier = [one for one in sentence.names if one.end <= span.start]
    if earlier and re.fullmatch(
        r",? ?(?:(?:and|or|und|oder|y|o|et|ou|ni|nor) )?", sentence.between(earlier[-1], span)
    ):
        return _denied(sentence, earlier[-1], negations)
    return False


def counted_by(sentence: Sentence, span: Span) -> Span | None:
    """Return the number that counts the items of a category: "two comedies", "two of them are comedies"."""
    before = [
        one
        for one in sentence.numbers
        if one.end <= span.start and one.value.isdigit() and not sentence.is_base(one)
    ]
    if before and int(before[-1].value) <= 12:
        between = sentence.lower[before[-1].end : span.start]
        inside = any(before[-1].end <= one.start and one.end <= span.start for one in sentence.names)
        apart = re.search(r"[.;:()\u2022]", between) or (inside and re.search(r",|\b(?:and|or)\b", between))
        if len(between.split()) <= 5 and not apart:
            return before[-1]
    return None


def _counts_first(sentence: Sentence, said: Reference, span: Span) -> bool:
    return said.start >= span.end or said.kind == "they"


def _count_holds(
    count: Span, name: Span, said: Reference | None, basis: Basis, sentence: Sentence, *, denied: bool
) -> bool:
    n, having = int(count.value), len(basis.having(name.value))
    if denied:
        having = len(basis.every) - having
    if said is not None and said.kind == "title" and len(said.items) == n:
        return all((name.value in one.categories) != denied for one in said.items)
    if n == having or basis.counts.get(name.value) == n:
        return True
    # "Three comedies" where three were asked for; of several categories that were asked for, any.
    return n == len(basis.every) and name.value in basis.names and having > 0 and sentence.text.count(",") < 2


def _portioned(
    sentence: Sentence, span: Span, said: Reference | None, persons: Persons, basis: Basis
) -> bool:
    """Whether a name is one part of a list: "a thriller, a comedy and a drama", "one about science"."""
    if said is not None and said.items and said.kind not in ("they", "it"):
        return False
    if said is not None and said.kind == "it" and said.items:
        return False
    if _denied(sentence, span, persons.negations) or _only(sentence, span):
        return False
    return _partly(sentence, span, said, basis)


def _partly(sentence: Sentence, span: Span, said: Reference | None, basis: Basis) -> bool:
    """Whether a name stands behind "a" or "some", and at least one item is in the category."""
    if said is not None and said.kind == "they" and not said.loose:
        return False
    last = sentence.lower[: span.start].split()[-3:]
    return bool(basis.having(span.value)) and bool(set(last) & set(sentence.lexicon.parts))
