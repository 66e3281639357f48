"""What fills a wording: counts, categories, years and titles of a catalogue, as people write them.

One `Filling` serves one utterance and remembers what it filled in, which is what the request is made of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from nextinterest.domain import Catalog
from nextinterest.finetune.utterances.noise import as_typed, mistyped, shortened

__all__ = ["Filling"]

_SLOT = re.compile(r"\{(\w+)\}")
_COUNTS = {
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
    12: "a dozen",
}
_DECADES = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_TITLES = ("liked", "liked2", "disliked", "like", "query", "other")
_FIELDS = {
    "n": "count",
    "years": "years",
    "like": "similar_to",
    "query": "query",
    "cat": "include",
    "cat2": "include",
    "nocat": "exclude",
    "nocat2": "exclude",
    "liked": "liked",
    "liked2": "liked",
    "disliked": "disliked",
}
_NAMES = {"include": "categories", "exclude": "excluded_categories"}


class Filling:
    """Fills the wordings of one utterance.

    Parameters
    ----------
    catalog
        Where titles, categories and years come from.
    rng
        Draws them.
    things
        What items are called.
    """

    def __init__(self, catalog: Catalog, rng: np.random.Generator, things: Sequence[str]) -> None:
        self.catalog, self.rng, self.things = catalog, rng, things
        self.values: dict[str, str | int | tuple[int | None, int | None]] = {}
        self._written: dict[str, str] = {}  # titles and categories as the wording has them
        counts = Counter(catalog.titles)
        self._items = [
            i for i, title in enumerate(catalog.titles) if counts[title] == 1 and _is_telling(title)
        ]
        self._years = sorted({year for year in catalog.years if year is not None})

    def can_fill(self, turns: Sequence[str]) -> bool:
        """Whether the catalogue has all that these wordings need."""
        slots = {slot for turn in turns for slot in _SLOT.findall(turn)}
        categories = len(self.catalog.category_names) >= 4 or not slots & {"cat", "cat2", "nocat", "nocat2"}
        dated = len(self._years) >= 2 or not slots & {"years", "before"}
        named = len(self._items) >= 6 or not slots & {*_TITLES, "shown", "only"}
        return categories and dated and named

    def fill(self, wording: str, *, assistant: bool) -> str:
        """Return a wording with its slots filled, as it may be typed."""
        text = _SLOT.sub(lambda match: self._write(match.group(1)), wording)
        if assistant:
            return text
        typed = as_typed(text, self.rng)
        for slot, words in self._written.items():
            self._written[slot] = next((form for form in _forms(words) if form in typed), words)
        return typed

    def request(
        self, then: Mapping[str, str] | None, *, written: bool = False
    ) -> dict[str, str | int | list[str]]:
        """Return the fields that what was filled in asks for.

        Parameters
        ----------
        then
            Field by slot; None takes every slot for what its name says.
        written
            Whether titles and categories are given as they were typed, in the order named, instead of as the
            catalogue has them, sorted.
        """
        pairs = (
            [(_FIELDS[slot], slot) for slot in self.values if slot in _FIELDS]
            if then is None
            else list(then.items())
        )
        fields: dict[str, str | int | list[str]] = {}
        for field, slot in pairs:
            value = self._written.get(slot, self.values[slot]) if written else self.values[slot]
            if isinstance(value, tuple):
                fields |= {
                    n: y for n, y in zip(("year_from", "year_to"), value, strict=True) if y is not None
                }
            elif field in {"count", "year_to", "query"}:
                fields[field] = value
            else:
                listed = fields.setdefault(_NAMES.get(field, field), [])
                if isinstance(listed, list):
                    listed.append(str(value))
                    if not written:
                        listed.sort()
        return fields

    def _write(self, slot: str) -> str:
        if slot == "things":
            return self.things[int(self.rng.integers(len(self.things)))]
        if slot in {"shown", "only"}:
            return self._list(3 if slot == "shown" else 1)
        if slot in self.values and slot in {"cat", "nocat"}:
            return str(self.values[slot]).lower()
        if slot == "n":
            count = list(_COUNTS)[int(self.rng.integers(len(_COUNTS)))]
            self.values["n"] = count
            return _COUNTS[count] if self.rng.random() < 0.5 else str(count)
        if slot in {"cat", "cat2", "nocat", "nocat2"}:
            return self._category(slot)
        if slot == "years":
            return self._span()
        return self._title(slot)

    def _category(self, slot: str) -> str:
        used = {value for value in self.values.values() if isinstance(value, str)}
        free = [name for name in self.catalog.category_names if name not in used]
        name = free[int(self.rng.integers(len(free)))]
        self.values[slot] = name
        self._written[slot] = name.lower()
        return name.lower()

    def _span(self) -> str:
        first, last = self._years[0], self._years[-1]
        a, b = sorted(int(y) for y in self.rng.integers(first, last + 1, 2))
        kind = int(self.rng.integers(6))
        if kind == 0 and first // 10 >= 192 and last < 2000:
            decade = int(self.rng.integers(first // 10, last // 10 + 1)) * 10
            self.values["years"] = (decade, decade + 9)
            return f"in the {_DECADES[decade // 10 % 10 - 2]}"
        spans: tuple[tuple[tuple[int | None, int | None], str], ...] = (
            ((None, a - 1), f"before {a}"),
            ((a + 1, None), f"after {a}"),
            ((a, None), f"since {a}"),
            ((a, b), f"between {a} and {b}"),
            ((a, a), f"in {a}"),
        )
        span, words = spans[max(0, kind - 1)]
        self.values["years"] = span
        return words

    def _title(self, slot: str) -> str:
        used = {value for value in self.values.values() if isinstance(value, str)}
        free = [i for i in self._items if self.catalog.titles[i] not in used]
        item = free[int(self.rng.integers(len(free)))]
        title = self.catalog.titles[item]
        self.values[slot] = title
        self._written[slot] = self._titled(title, self.catalog.years[item])
        return self._written[slot]

    def _titled(self, title: str, year: int | None) -> str:
        draw = self.rng.random()
        if draw < 0.2:
            return mistyped(title, self.rng)
        if draw < 0.35:
            return shortened(title, self.rng)
        if draw < 0.45 and year is not None:
            return f"{title} ({year})"
        return title

    def _list(self, n: int) -> str:
        chosen = [self._items[int(i)] for i in self.rng.choice(len(self._items), n, replace=False)]
        lines = []
        for position, item in enumerate(chosen, start=1):
            year = self.catalog.years[item]
            lines.append(f"{position}. {self.catalog.titles[item]}" + ("" if year is None else f" ({year})"))
        titles = [self.catalog.titles[item] for item in chosen]
        if n == 1:
            self.values["only_item"] = titles[0]
        else:
            self.values |= {"first": titles[0], "second": titles[1], "last": titles[-1]}
        years = [year for item in chosen if (year := self.catalog.years[item]) is not None]
        self.values["before"] = min(years) - 1 if years else 0
        return "Here you are:\n" + "\n".join(lines)


def _forms(words: str) -> tuple[str, ...]:
    """Return what `as_typed` may have made of some words."""
    plain = words.replace("'", "")
    return words, words.lower(), plain, plain.lower()


def _is_telling(title: str) -> bool:
    """Return whether a title differs from everyday words: two words of letters, or one long one."""
    words = re.findall(r"[^\W\d_]{2,}", title)
    return len(words) >= 2 or (len(words) == 1 and len(words[0]) >= 8)
