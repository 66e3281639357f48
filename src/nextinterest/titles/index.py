"""One index of a catalogue's titles: by what people, language models and files call its items.

What is called the same is found at once, misspelt and shortened titles through character trigrams and the
words they share: embeddings know paraphrases better than spelling (they find 8.6 % of misspelt titles).
`identify` reads a title in a history or an answer and never guesses, `find` one in a message, `search` what
is typed into a search box.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from nextinterest.domain import Catalog
from nextinterest.titles.normal import normalise_title, split_year, without_articles, without_brackets
from nextinterest.titles.prefixes import WordPrefixes
from nextinterest.titles.readings import readings
from nextinterest.titles.trigrams import TrigramIndex
from nextinterest.titles.words import Part, common_words, compared, head_words, title_forms, title_words

__all__ = ["TitleIndex", "TitleMatch"]

LONGEST = 300  # characters of a title, or of a text, that are looked at
LEAST_ABBREVIATION = 0.34
_LEAST_LIKENESS = 75.0  # of WRatio's 0 to 100: "blade runer" finds Blade Runner (96), "zzz" finds nothing
_SHORTLIST, _LONG_SHORTLIST = 24, 200

_KNOWN: WeakKeyDictionary[Catalog, TitleIndex] = WeakKeyDictionary()
_LOCK = Lock()


@dataclass(frozen=True, slots=True)
class TitleMatch:
    """An item that a text may mean.

    Attributes
    ----------
    item
        Catalogue position.
    score
        Between 0 and 1; 1 is a title word for word, articles, case and punctuation aside.
    how
        ``"exact"``, ``"mistyped"`` or ``"part"`` (some of the title's words, rare ones among them).
    """

    item: int
    score: float
    how: str


class TitleIndex:
    """Finds the items of one catalogue by what they are called. `TitleIndex.of` keeps one for each catalogue.

    Parameters
    ----------
    catalog
        The catalogue.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> films = ["The Shawshank Redemption", "Se7en", "Blade Runner"]
    >>> index = TitleIndex(Catalog.from_items(Item(str(i), title) for i, title in enumerate(films)))
    >>> [index.find(text)[0].item for text in ("shawshank", "blad runer", "SE7EN")]
    [0, 2, 1]
    >>> index.identify("the blade runner"), index.identify("blad runer"), index.search("run")
    ((2,), (), [2])
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._forms: list[str] = []  # a form is a way to write a title; its words joined by spaces
        self._owner: list[int] = []
        self._part: list[Part] = []
        self._by_form: dict[str, list[int]] = {}  # numbers of forms
        self._by_title: dict[str, list[int]] = {}  # positions, by the title as written
        self._frequency: Counter[str] = Counter()
        self.longest = 0
        for item, title in enumerate(catalog.titles):
            if title.strip():
                self._by_title.setdefault(title.strip(), []).append(item)
            self._frequency.update(set(title_words(title)))
            for form, part in title_forms(title[:LONGEST]).items():
                text = " ".join(form)
                self._by_form.setdefault(text, []).append(len(self._forms))
                self._forms.append(text)
                self._owner.append(item)
                self._part.append(part)
                self.longest = max(self.longest, len(form))

    @classmethod
    def of(cls, catalog: Catalog) -> TitleIndex:
        """Return the index of a catalogue, made at the first call and shared by all."""
        with _LOCK:
            index = _KNOWN.get(catalog)
        if index is None:
            index = cls(catalog)
            with _LOCK:
                index = _KNOWN.setdefault(catalog, index)
        return index

    def exact(self, words: Sequence[str], year: int | None = None, written: str = "") -> int | None:
        """Return the item one of whose forms these words are, as `title_words` gives them.

        Of several, the one of the year, or else the one that is `written` just so, articles included.
        """
        owners = self._owners(words)
        if not owners:
            return None
        if year is None and len(owners) > 1:
            just_so = [item for item in owners if normalise_title(self.catalog.titles[item]) == written]
            owners = just_so or owners
        return next((item for item in owners if year is not None and self._is_of(item, year)), owners[0])

    def identify(self, text: str) -> tuple[int, ...]:
        """Return the items a title means: as written, else without case, accents, articles and the like.

        Several items may have one title: a year in the text picks among them, else all are returned, lowest
        position first. Without its brackets or its edition a title is only taken where one item alone fits.
        Empty where the catalogue has none.
        """
        text = text.strip()
        core, year = split_year(text)
        as_written = self._by_title.get(text) or self._of_year(self._by_title.get(core, ()), year)
        if as_written:
            return tuple(as_written)
        text = text[:LONGEST]
        for reading in readings(text):
            fitting = self._fitting(*reading)
            if fitting:
                return fitting
        return ()

    def begun(self, text: str) -> tuple[int, ...]:
        """Return the items whose title begins with a text that reaches its subtitle at least.

        One item alone is meant; of several, which one is left open. Empty too where the text is one common
        word, and where it ends before a subtitle: "Dead Man" is another film than "Dead Man Walking".
        """
        for core, year, year_must_fit in readings(text.strip()[:LONGEST]):
            words = title_words(core)
            if not words or (len(words) == 1 and words[0] in common_words()):
                continue
            items = self._beginning_with(" ".join(words))
            heads = (head_words(self.catalog.titles[item][:LONGEST]) for item in items)
            if any(head is not None and len(head) <= len(words) for head in heads):
                of_year = self._of_year(items, year)
                if of_year or not year_must_fit:
                    return of_year or items
        return ()

    def _beginning_with(self, words: str) -> tuple[int, ...]:
        texts, items = self._alphabetical
        begin, end = bisect_left(texts, words), bisect_left(texts, f"{words} \U0010ffff")
        fits = {items[n] for n in range(begin, end) if texts[n] == words or texts[n].startswith(f"{words} ")}
        return tuple(sorted(fits))

    @cached_property
    def _alphabetical(self) -> tuple[list[str], list[int]]:
        """Titles as words in alphabetical order, and whose they are."""
        titles = (title[:LONGEST] for title in self.catalog.titles)
        rows = sorted(
            (" ".join(title_words(split_year(title)[0])), item) for item, title in enumerate(titles)
        )
        return [text for text, _ in rows], [item for _, item in rows]

    def _fitting(self, core: str, year: int | None, year_must_fit: bool) -> tuple[int, ...]:
        normal = normalise_title(core)
        whole = sorted({*self._wholes(title_words(core)), *self._wholes(without_articles(core).split())})
        same = [item for item in whole if normalise_title(self._core(item)) == normal]
        bare = without_articles(without_brackets(core)).split()
        for items, must_be_alone in (
            (same, False),
            (whole, False),
            (sorted(set(self._owners(bare, Part.WITHOUT_BRACKETS))), True),
        ):
            of_year = self._of_year(items, year)
            if of_year:
                return of_year
            if items and not year_must_fit and not (must_be_alone and len(items) > 1):
                return tuple(items)
        return ()

    def _wholes(self, words: Sequence[str]) -> list[int]:
        return self._owners(words, Part.WHOLE)

    def _owners(self, words: Sequence[str], most: Part = Part.SOME) -> list[int]:
        """Return whose form the words are: items of that title first, then those of which it is a part."""
        numbers = [n for n in self._by_form.get(" ".join(words), ()) if self._part[n] <= most]
        main = [n for n in numbers if self._is_first(n)]
        return [self._owner[n] for n in (*main, *(n for n in numbers if not self._is_first(n)))]

    def _is_first(self, number: int) -> bool:
        return number == 0 or self._owner[number - 1] != self._owner[number]

    def _of_year(self, items: Sequence[int], year: int | None) -> tuple[int, ...]:
        return () if year is None else tuple(item for item in items if self._is_of(item, year))

    def _is_of(self, item: int, year: int) -> bool:
        return self.catalog.years[item] == year

    def _core(self, item: int) -> str:
        return split_year(self.catalog.titles[item].strip()[:LONGEST])[0]

    def find(self, text: str, k: int = 5) -> list[TitleMatch]:
        """Return the k items that a text most likely means, best first; none where nothing comes near.

        A year behind the text decides between items of one title.
        """
        core, year = split_year(text.strip()[:LONGEST], bare=True)
        whole = title_words(text[:LONGEST])
        best: dict[int, TitleMatch] = {}
        as_written = tuple(without_articles(core).split())
        for words, of_year in dict.fromkeys(((whole, None), (title_words(core), year), (as_written, year))):
            if not words:
                continue
            for item in self._owners(words):
                fits = of_year is None or self._is_of(item, of_year)
                _keep(best, TitleMatch(item, 1.0 if fits else 0.85, "exact"))
            for match in (*self._mistyped(words), *self._shortened(words)):
                _keep(best, match)
        ranked = sorted(best.values(), key=lambda match: -match.score)
        if year is not None:
            ranked.sort(key=lambda m: -(m.score + (0.05 if self._is_of(m.item, year) else 0.0)))
        return ranked[:k]

    def search(self, text: str, limit: int = 10) -> list[int]:
        """Return the items whose title has what was typed at the beginning of a word, then those spelt alike.

        Returns
        -------
        list of int
            Catalogue positions, best first; empty for a text without letters.
        """
        wanted = normalise_title(text[:LONGEST])
        if not wanted:
            return []
        titles = self._prefixes.texts
        begins = self._prefixes.containing(wanted)
        found = sorted(begins, key=lambda i: (not titles[i].startswith(wanted), len(titles[i]), i))[:limit]
        if len(found) < limit and len(wanted) > 2:
            near = self._trigrams.nearest(wanted, _LONG_SHORTLIST, whole=False)
            items = list(dict.fromkeys(self._owner[number] for number in near))
            alike = process.extract(
                wanted,
                [titles[item] for item in items],
                scorer=fuzz.WRatio,
                limit=2 * limit,
                score_cutoff=_LEAST_LIKENESS,
            )
            found += [items[n] for _, _, n in alike if items[n] not in set(found)]
        return found[:limit]

    def called(self, item: int) -> str:
        """Return a title that means this item alone: with its year where another has the same."""
        title, year = self.catalog.titles[item], self.catalog.years[item]
        if year is not None and (
            self._by_title.get(title.strip(), [item])[0] != item or self.namesakes(item)
        ):
            return f"{title} ({year})"
        return title

    def namesakes(self, item: int) -> tuple[int, ...]:
        """Return the items of an item's title that years tell apart, the oldest first; empty for one alone.

        Of several of one title and year, the first stands for all.
        """
        by_year: dict[int, int] = {}
        for other in sorted(self._alike(item), key=lambda one: one != item):
            year = self.catalog.years[other]
            if year is not None:
                by_year.setdefault(year, other)
        return tuple(by_year[year] for year in sorted(by_year)) if len(by_year) > 1 else ()

    def of_title(self, item: int, *, same_year: bool = False) -> tuple[int, ...]:
        """Return all items of an item's title (and year), the oldest first; empty for one alone."""
        years = self.catalog.years
        alike = [one for one in self._alike(item) if not same_year or years[one] == years[item]]
        return tuple(sorted(alike, key=lambda one: (years[one] or 0, one))) if len(alike) > 1 else ()

    def _alike(self, item: int) -> Iterator[int]:
        """Yield the items of the same normalised title."""
        core = self._core(item)
        normal = normalise_title(core)
        for other in self._owners(title_words(core)):
            if normalise_title(self._core(other)) == normal:
                yield other

    def resolve(self, title: str) -> int | None:
        """Return the item of a title as `called` gives it, or of any form of a title; None for none."""
        if title.strip() in self._by_title:
            return self._by_title[title.strip()][0]
        core, year = split_year(title.strip()[:LONGEST])
        for words in (title_words(title), title_words(core)):
            item = self.exact(words, year)
            if item is not None:
                return item
        return None

    def is_part(self, item: int, words: Sequence[str]) -> bool:
        """Whether words are only a part of an item's title, such as what stands before a colon."""
        return item not in self._owners(compared(words), Part.WITHOUT_BRACKETS)

    def is_series(self, words: Sequence[str]) -> bool:
        """Whether several titles have words as the same part of theirs."""
        return len(set(self._owners(compared(words)))) > 1

    def sharing(self, words: Sequence[str]) -> frozenset[int]:
        """Return the items that have words as their title, or as the same part of it."""
        return frozenset(self._owners(compared(words)))

    def is_rare(self, word: str) -> bool:
        """Whether a word stands in few titles and is no everyday word."""
        return 0 < self._frequency[word] <= 3 and word not in common_words() and not word.isdigit()

    def knows_word(self, word: str) -> bool:
        """Whether a word stands in any title."""
        return word in self._frequency

    def having(self, word: str) -> frozenset[int]:
        """Return the items that have a word in their title."""
        return frozenset(self._owner[number] for number in self._by_word.get(word, ()))

    @cached_property
    def _trigrams(self) -> TrigramIndex:
        return TrigramIndex(self._forms)

    @cached_property
    def _prefixes(self) -> WordPrefixes:
        return WordPrefixes([normalise_title(title) for title in self.catalog.titles])

    @cached_property
    def _by_word(self) -> dict[str, list[int]]:
        """Numbers of the forms that have a word."""
        having: dict[str, list[int]] = {}
        for number, form in enumerate(self._forms):
            for word in set(form.split()):
                having.setdefault(word, []).append(number)
        return having

    def _mistyped(self, words: tuple[str, ...]) -> list[TitleMatch]:
        query = " ".join(words)
        if len(query) < 4:
            return []
        found: list[TitleMatch] = []
        joined = query.replace(" ", "")
        for number in self._trigrams.nearest(query, _SHORTLIST):
            form = self._forms[number]
            score = OSA.normalized_similarity(query, form)
            tight = form.replace(" ", "")
            if len(tight) > 5 and tight == joined:
                score = max(score, 0.98)
            score -= 0.005 * (not self._is_first(number))  # of equals, the one whose whole title it is
            if score >= 0.72 and (len(form) >= 5 or score == 1.0):
                found.append(TitleMatch(self._owner[number], min(0.99, score), "mistyped"))
        return found

    def _shortened(self, words: tuple[str, ...]) -> list[TitleMatch]:
        """Match some of a title's words: all words of the text are in the title, a rare one among them."""
        rare = [word for word in words if self.is_rare(word)]
        if not rare and len(words) < 2 and self._frequency[words[0]] != 1:
            return []
        numbers: set[int] | None = None
        for word in words:
            having = set(self._by_word.get(word, ()))
            numbers = having if numbers is None else numbers & having
            if not numbers:
                return []
        found: list[TitleMatch] = []
        for number in numbers or ():
            form = self._forms[number].split()
            weight = sum(self._weight(word) for word in form)
            share = sum(self._weight(word) for word in set(words)) / weight if weight else 0.0
            leads = tuple(form[: len(words)]) == words
            if share >= LEAST_ABBREVIATION and (rare or leads or share > 0.7):
                score = 0.7 + 0.25 * min(1.0, share) + (0.03 if leads else 0.0)
                found.append(TitleMatch(self._owner[number], min(0.97, score), "part"))
        return found

    def _weight(self, word: str) -> float:
        """Inverse document frequency among titles."""
        return float(np.log1p(len(self.catalog) / (1 + self._frequency[word])))


def _keep(best: dict[int, TitleMatch], match: TitleMatch) -> None:
    known = best.get(match.item)
    if known is None or known.score < match.score:
        best[match.item] = match
