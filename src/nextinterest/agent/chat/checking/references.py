"""Which items a sentence speaks of, and where: by title, as "both" and "the second one", as "the cheapest".

A fact is said of the items named before it in the sentence, else of those behind it, else of the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from nextinterest.agent.chat.checking.sentence import MASK, Sentence, Span
from nextinterest.agent.chat.named import Named
from nextinterest.counting import counted

__all__ = ["Reference", "References", "extreme", "value_of"]

_LENGTHS = ("minutes", "duration", "length", "runtime", "pages", "hours", "running time")


@dataclass(frozen=True, slots=True)
class Reference:
    """Words that point to items.

    Attributes
    ----------
    start, end
        Where they stand.
    items
        The items; none where it cannot be known which.
    kind
        title, they, it, others, ordinal or superlative.
    loose
        Whether it is enough that one of the items is meant, as in "these".
    """

    start: int
    end: int
    items: tuple[Named, ...]
    kind: str
    loose: bool = False


def value_of(item: Named, field: str) -> float | None:
    """Return the value of an item that a comparison is about: year, price, rank or length."""
    if field == "length":
        return next((item.amounts[name] for name in _LENGTHS if name in item.amounts), None)
    value = {"year": item.year, "price": item.price, "rank": item.rank}[field]
    return None if value is None else float(value)


def extreme(items: Sequence[Named], key: str, n: int = 1) -> tuple[Named, ...]:
    """Return the items that have the lowest or highest value of a field, more than n where some are equal.

    None where a value is not known of all.
    """
    field, _, end = key.partition("_")
    values = {item.title: value for item in items if (value := value_of(item, field)) is not None}
    if not items or len(values) < len(items):
        return ()
    ordered = sorted(values.values(), reverse=end == "max")
    last = ordered[min(n, len(ordered)) - 1]
    return tuple(
        one for one in items if (values[one.title] >= last if end == "max" else values[one.title] <= last)
    )


class References:
    """The references of a sentence, in order.

    Parameters
    ----------
    sentence
        The sentence.
    items
        The items that are listed, explained or found, by title.
    about
        Items that the sentence before was about.
    """

    def __init__(self, sentence: Sentence, items: dict[str, Named], about: Sequence[Named] = ()) -> None:
        self.sentence, self.items, self.about = sentence, items, tuple(about)
        self.every = tuple(items.values())
        self.faults: list[str] = []
        self.taken: list[Span] = []  # names and numbers that say which items are meant
        found = [*self._titles()]
        self.titled = tuple(found)
        found += self._by_words(found)
        for read in (self._superlatives, self._ordinals, self._groups, self._others, self._single):
            for one in read(found):
                if not any(one.start < other.end and other.start < one.end for other in found):
                    found.append(one)
        found.sort(key=lambda one: one.start)
        self.found: tuple[Reference, ...] = tuple(one for one in found if not self._is_base(one, found))

    def _titles(self) -> list[Reference]:
        """Titles of items, joined where nothing but "and" or a comma stands between them."""
        groups: list[list[Span]] = []
        together = {*self.sentence.lexicon.together, ""}
        for span in self.sentence.titles:
            if span.value not in self.items:
                groups.append([])  # an event stands between
                continue
            if groups and groups[-1]:
                between = self.sentence.between(groups[-1][-1], span)
                if re.sub(r"\(\d{4}\)|,", " ", between).strip() in together:
                    groups[-1].append(span)
                    continue
            groups.append([span])
        return [
            Reference(g[0].start, g[-1].end, tuple(self.items[span.value] for span in g), "title")
            for g in groups
            if g
        ]

    def _is_base(self, ref: Reference, found: Sequence[Reference]) -> bool:
        """Whether words say only of what others are a part: "the last of the three"."""
        starts = [one.end for one in found if one.kind in ("ordinal", "superlative")]
        starts += [one.end for one in self.superlatives]
        return ref.kind == "they" and any(
            _OF.fullmatch(self.sentence.lower[end : ref.start]) for end in starts if end <= ref.start
        )

    def _by_words(self, found: Sequence[Reference]) -> list[Reference]:
        """Return items by a word of their title, or by category: "the piece on the comet", "the grinder"."""
        lower, read = self.sentence.lower, list[Reference]()
        for match in self.sentence.words:
            owners = [one for one in self.every if match[0] in one.title_words]
            plain = self.sentence.lexicon.says_nothing(match[0]) or len(match[0]) < 5
            if len(owners) == 1 and len(self.every) > 1 and not plain:
                read.append(Reference(match.start(), match.end(), (owners[0],), "word"))
        for name in self.sentence.names:
            owners = [one for one in self.every if name.value in one.categories]
            begin, _ = self.sentence.clause(name.start)
            starts = [one.start for one in (*found, *read)] + [one.start for one in self.sentence.titles]
            early = any(begin <= at < name.start for at in starts)
            definite = _DEFINITE.search(lower[begin : name.start])
            if len(owners) == 1 and definite and not early and not self.sentence.find("only"):
                read.append(Reference(name.start, name.end, (owners[0],), "word"))
        return [one for one in read if not any(a.start < one.end and one.start < a.end for a in found)]

    def _superlatives(self, found: Sequence[Reference]) -> list[Reference]:
        """Return the items that superlatives point to, where no title beside them does: "the oldest"."""
        read: list[Reference] = []
        for span in self.superlatives:
            if self.title_beside(span) is None:
                items = extreme(self.every, span.value)
                read.append(Reference(span.start, span.end, items if len(items) == 1 else (), "superlative"))
        return read

    @cached_property
    def superlatives(self) -> tuple[Span, ...]:
        """Superlatives, and comparatives that are used as such: "the older of the two"."""
        spans = [one for one in self.sentence.find("superlatives") if one.value != "none"]
        for span in self.sentence.find("comparatives"):
            before = self.sentence.lower[: span.start].split()[-1:]
            _, end = self.sentence.clause(span.start)
            than = [one for one in self.sentence.find("than") if span.end <= one.start < end]
            if not than and before and before[0] in _BEFORE_SUPERLATIVES:
                spans.append(span)
        inside = [(one.start, one.end) for one in spans]
        return tuple(
            one
            for one in spans
            if not any(a <= one.start and one.end <= b and (a, b) != one[1:3] for a, b in inside)
        )

    def title_beside(self, span: Span) -> Reference | None:
        """Return the titles a superlative is said of: before it in its clause, else behind, else before."""
        titled = self.titled
        before = [one for one in titled if one.end <= span.start]
        behind = [one for one in titled if one.start >= span.end]
        begin, _ = self.sentence.clause(span.start)
        if before and before[-1].start >= begin:
            return before[-1]
        if behind and ";" not in self.sentence.lower[span.end : behind[0].start]:
            return behind[0]
        return before[-1] if before else None

    def _ordinals(self, found: Sequence[Reference]) -> list[Reference]:
        """Return items by rank, unless the title stands beside it: "the second one", "the first two"."""
        read: list[Reference] = []
        for span in self.sentence.find("ordinals"):
            rank, n = int(span.value), 1
            for number in self.sentence.numbers:
                if self.sentence.lower[span.end : number.start].isspace() and number.value.isdigit():
                    n = int(number.value)
                    self.taken.append(number)
                    span = span._replace(end=number.end)
            ranked = sorted(
                (one for one in self.every if one.rank is not None), key=lambda one: one.rank or 0
            )
            if n == 1 and rank > 0:
                items = tuple(one for one in ranked if one.rank == rank)
            else:
                items = tuple(ranked[:n]) if rank > 0 else tuple(ranked[-n:])
            said = self._beside(span)
            if self._event_beside(span):
                self.faults.append(f"rank {rank} is said of an event of the history")
                continue
            if said is not None and n == 1:
                if [one.title for one in said.items] != [one.title for one in items]:
                    self.faults.append(f"rank {rank} is said of {said.items[0].title}, and it has another")
                continue
            if not items or len(items) < n:
                self.faults.append(f"there is no item of rank {rank}")
            read.append(Reference(span.start, span.end, items, "ordinal"))
        return read

    def _beside(self, span: Span) -> Reference | None:
        """Return the one title that an ordinal belongs to: nearest, in its sentence."""
        single = [one for one in self.titled if len(one.items) == 1]
        near = [one for one in single if self._near(one, span)]
        return min(near, key=lambda one: abs(one.start - span.start)) if near else None

    def _event_beside(self, span: Span) -> bool:
        begin, end = self.sentence.clause(span.start)
        titles = [one for one in self.sentence.titles if begin <= one.start < end]
        return bool(titles) and not any(one.value in self.items for one in titles)

    def _near(self, one: Reference, span: Span) -> bool:
        between = self.sentence.lower[min(one.end, span.end) : max(one.start, span.start)]
        return len(between.split()) <= 6 and ";" not in between and MASK not in between

    def _groups(self, found: Sequence[Reference]) -> list[Reference]:
        """Return the items named before, or the list: "both", "all three", "these two films"."""
        read: list[Reference] = []
        spans = [*self.sentence.find("they")]
        last = -1
        for span in sorted(spans, key=lambda one: one.start):
            if span.start < last:
                continue
            if re.match(r" (?:an?|right|days)\b", self.sentence.lower[span.end :]):
                continue  # "both a comedy and a drama"
            if any(one.start - span.end in range(5) and len(one.items) > 1 for one in self.titled):
                continue  # "both Heat and Alien"
            earlier = [
                one for one in found if one.end <= span.start and len(one.items) > 1 and one.kind == "title"
            ]
            items = earlier[-1].items if earlier else self.about if len(self.about) > 1 else self.every
            end, items = self._restricted(span.end, items, said=self._is_said(span))
            last = end
            read.append(Reference(span.start, end, items, "they", loose=span.value in _LOOSE))
        for number in self.sentence.numbers:
            before = self.sentence.lower[: number.start].split()[-1:]
            if number in self.taken or not set(before) & _BEFORE_NUMBERS:
                continue
            n = int(number.value) if number.value.isdigit() else 0
            if not 1 < n <= 12:
                continue
            end, items = self._restricted(number.end, self.every)
            earlier = [one for one in found if one.end <= number.start and len(one.items) == n]
            if earlier and len(items) != n:
                items = earlier[-1].items
            following = [one for one in self.titled if one.start >= number.end]
            if following and len(following[0].items) == n != len(items):
                items = following[0].items
            if len(items) != n and len(self.every) != n:
                continue
            self.taken.append(number)
            read.append(Reference(number.start, end, items, "they"))
        return read

    def _restricted(
        self, end: int, items: tuple[Named, ...], *, said: bool = False
    ) -> tuple[int, tuple[Named, ...]]:
        """Return the items that a name right behind leaves, as in "both comedies", and where it ends."""
        for span in self.sentence.names:
            between = self.sentence.lower[end : span.start] if span.start >= end else "x"
            words = set(between.split())
            if words <= _DETERMINERS | set(self.sentence.lexicon.numbers) and "," not in between:
                own = tuple(one for one in items if span.value in one.categories)
                if own and not (said and self._said_behind(span)):
                    self.taken.append(span)
                    self.taken += [one for one in self.sentence.numbers if end <= one.start < span.start]
                    return span.end, own
        for number in self.sentence.numbers:
            between = self.sentence.lower[end : number.start] if number.start >= end else "x"
            counts = number.value.isdigit() and int(number.value) == len(items)
            if counts and set(between.split()) <= _DETERMINERS and "," not in between:
                self.taken.append(number)
                return number.end, items
        return end, items

    def _is_said(self, span: Span) -> bool:
        """Whether a name behind "both" is what is said: "they are both comedies"."""
        last = self.sentence.lower[: span.start].split()[-1:]
        return span.value in _LOOSE or bool(set(last) & set(self.sentence.lexicon.verbs))

    def _said_behind(self, name: Span) -> bool:
        """Whether the sentence ends behind a name, so that it is what is said: "they all comedies"."""
        return not self.sentence.lower[name.end :].strip(" .!?")

    def _others(self, found: Sequence[Reference]) -> list[Reference]:
        """Return those of the list that are not named before: "the other two"."""
        read: list[Reference] = []
        for span in self.sentence.find("others"):
            named = {one.title for ref in found if ref.end <= span.start for one in ref.items}
            if not named:
                named = {one.title for one in self.about} if len(self.about) < len(self.every) else set()
            items = tuple(one for one in self.every if one.title not in named)
            inside = [n for n in self.sentence.numbers if span.start <= n.start < span.end]
            self.taken += inside
            wrong = [n for n in inside if n.value.isdigit() and int(n.value) != len(items)]
            if named and wrong:
                self.faults.append(f"it says that there are {counted(int(wrong[0].value), 'other')}")
            if named:
                read.append(Reference(span.start, span.end, items, "others"))
        return read

    def _single(self, found: Sequence[Reference]) -> list[Reference]:
        """Return the one item named before, else that of the sentence before: "it", "this one"."""
        read: list[Reference] = []
        for span in self.sentence.find("it"):
            earlier = [one for one in found if one.end <= span.start and len(one.items) == 1]
            behind = [one for one in found if one.start >= span.end and one.kind == "title"]
            if earlier:
                items = max(earlier, key=lambda one: one.end).items
            elif len(self.about) == 1:
                items = self.about
            elif len(self.every) == 1:
                items = self.every
            else:
                items = behind[0].items if behind else ()
            read.append(Reference(span.start, span.end, items, "it"))
        return read

    def before(self, at: int) -> Reference | None:
        """Return the reference that ends nearest before a position."""
        return next((one for one in reversed(self.found) if one.end <= at), None)

    def behind(self, at: int) -> Reference | None:
        """Return the reference that begins nearest behind a position."""
        return next((one for one in self.found if one.start >= at), None)

    def of(self, span: Span) -> Reference | None:
        """Return what a fact is said of; None for the whole."""
        before, behind = self.before(span.start), self.behind(span.end)
        if before is not None and before.kind == "it" and not before.items:
            before = next((one for one in reversed(self.found) if one.end <= span.start and one.items), None)
        if before is None:
            apart = (
                behind is not None
                and behind.kind == "they"
                and behind.start > self.sentence.clause(span.start)[1]
            )
            return None if apart else behind
        if behind is not None and self.sentence.lower[span.end : behind.start].strip() == ":":
            return behind
        if behind is not None and self._nearer(before, span, behind):
            return behind
        return before

    def _nearer(self, before: Reference, span: Span, behind: Reference) -> bool:
        """Whether what stands behind a fact is in its clause, and what stands before it is not."""
        begin, end = self.sentence.clause(span.start)
        colon = self.sentence.lower[span.end : behind.start].strip() in {":", ",", "", ": the", ", the"}
        return before.end <= begin and (behind.start < end or colon)


_LOOSE = frozenset(
    {"these", "those", "them", "they", "list", "picks", "suggestions", "recommendations", "any"}
)
_DETERMINERS = frozenset(
    [
        "of",
        "the",
        "these",
        "those",
        "my",
        "your",
        "our",
        "other",
        "remaining",
        "de",
        "las",
        "los",
        "des",
        "der",
        "die",
        "den",
        "davon",
        "ones",
    ]
)
_OF = re.compile(
    r"(?: (?:ones?|two|three|picks?|options?))? (?:of|among|in|from|de|von|des|der) ?"
    r"(?:all )?(?:the |these |those |los |las |les |den )?"
)
_DEFINITE = re.compile(r"\bthe (?:(?!other)\w+ )?$")
_BEFORE_SUPERLATIVES = frozenset({"the", "le", "la", "der", "die", "das", "el"})
_BEFORE_NUMBERS = frozenset(
    ["the", "these", "those", "die", "der", "den", "diese", "las", "los", "les", "des", "ces", "dos"]
)
