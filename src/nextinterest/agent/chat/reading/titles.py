"""Titles as people type them: misspelt, abbreviated, without article, with a year.

Embeddings know paraphrases better than spelling (they find 8.6 % of misspelt titles), so this index looks at
letters: character trigrams in an inverted index put a few titles forward, and edit distance and the words
they share decide. It holds strings and integers only; a title costs about as many integers as it has letters.

Knows no messages; see `nextinterest.agent.chat.reading.mentions`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rapidfuzz.distance import OSA

from nextinterest.agent.chat.reading.numbers import NUMBER_WORDS
from nextinterest.agent.chat.reading.tokens import common_words
from nextinterest.domain import Catalog
from nextinterest.prompts.titles import normalise_title, split_year, without_articles, without_brackets

__all__ = ["TitleIndex", "TitleMatch", "compared", "title_words"]

_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_NUMBERS = {word: str(n) for word, n in NUMBER_WORDS.items() if 1 <= n <= 12}
_SPELT = (
    _ROMAN
    | _NUMBERS
    | {"pt": "part", "vol": "volume", "dr": "doctor", "mr": "mister", "st": "saint", "vs": "versus"}
)
_ARTICLES = frozenset({"the", "a", "an", "le", "la", "les", "el", "il", "der", "das"})
_BRACKETED = re.compile(r"[(\[]([^()\[\]]+)[)\]]")
_AKA = re.compile(r"^(?:a\.?k\.?a\.?|or)\s+", re.I)
_CUT = re.compile(r":| - | or: |, or | \u2013 ")
_SHORTLIST = 24
_COMMONEST = 400  # trigrams of more titles than this, or than a twentieth of a large catalogue, tell little
LEAST_ABBREVIATION = 0.34


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


def title_words(text: str) -> tuple[str, ...]:
    """Return the words a title is compared by: numbers in digits, no article in front.

    Examples
    --------
    >>> title_words("The Godfather: Part II") == title_words("godfather part two")
    True
    """
    return compared(normalise_title(text).split())


def compared(words: Sequence[str]) -> tuple[str, ...]:
    """Return normalised words as `title_words` does a text."""
    spelt = tuple(_SPELT.get(word, word) for word in words)
    return spelt[1:] if len(spelt) > 1 and spelt[0] in _ARTICLES else spelt


class TitleIndex:
    """Finds the items of one catalogue by what people call them.

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
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._forms: list[str] = []  # a form is a way to write a title; its words joined by spaces
        self._owner: list[int] = []
        self._minor: list[bool] = []  # whether it is only a part of the title
        self._exact: dict[tuple[str, ...], list[int]] = {}
        for item, title in enumerate(catalog.titles):
            for n, form in enumerate(_forms(title[:300])):
                owners = self._exact.setdefault(form, [])
                if not owners or owners[-1] != item:
                    # The title itself comes before what is only a part of another title.
                    owners.insert(0, item) if n == 0 and not self._is_main(owners, form) else owners.append(
                        item
                    )
                self._forms.append(" ".join(form))
                self._minor.append(n > 0)
                self._owner.append(item)
        self._written: dict[str, int] = {}
        for item, title in enumerate(catalog.titles):
            self._written.setdefault(title, item)
        self._words = [frozenset(form.split()) for form in self._forms]
        frequency: Counter[str] = Counter()
        for title in catalog.titles:
            frequency.update(set(title_words(title)))
        self._frequency = frequency
        self._lengths = np.array([len(form) + 2 for form in self._forms], dtype=np.int32)
        self._postings, self._offsets, self._grams = _inverted(self._forms)
        self._by_word: dict[str, list[int]] = {}
        for number, words in enumerate(self._words):
            for word in words:
                self._by_word.setdefault(word, []).append(number)
        self.longest = max((len(form.split()) for form in self._forms), default=0)

    def _is_main(self, owners: Sequence[int], form: tuple[str, ...]) -> bool:
        return bool(owners) and title_words(self.catalog.titles[owners[0]]) == form

    def __len__(self) -> int:
        return len(self.catalog)

    def exact(self, words: tuple[str, ...], year: int | None = None, written: str = "") -> int | None:
        """Return the item one of whose forms these words are, as `title_words` gives them.

        Of several, the one of the year, or else the one that is `written` just so, articles included.
        """
        owners = self._exact.get(words)
        if not owners:
            return None
        if year is None and len(owners) > 1:
            just_so = [item for item in owners if normalise_title(self.catalog.titles[item]) == written]
            owners = just_so or owners
        return next(
            (item for item in owners if year is not None and self.catalog.years[item] == year), owners[0]
        )

    def find(self, text: str, k: int = 5) -> list[TitleMatch]:
        """Return the k items that a text most likely means, best first; none where nothing comes near.

        A year behind the text decides between items of one title.
        """
        core, year = split_year(text.strip()[:300], bare=True)
        whole = title_words(text[:300])
        best: dict[int, TitleMatch] = {}
        as_written = tuple(without_articles(core).split())
        for words, of_year in dict.fromkeys(((whole, None), (title_words(core), year), (as_written, year))):
            if not words:
                continue
            for item in self._exact.get(words, ()):
                fits = of_year is None or self.catalog.years[item] == of_year
                _keep(best, TitleMatch(item, 1.0 if fits else 0.85, "exact"))
            for match in (*self._mistyped(words), *self._parts(words)):
                _keep(best, match)
        ranked = sorted(best.values(), key=lambda match: -match.score)
        if year is not None:
            ranked.sort(key=lambda m: -(m.score + (0.05 if self.catalog.years[m.item] == year else 0.0)))
        return ranked[:k]

    def called(self, item: int) -> str:
        """Return a title that means this item alone: with its year where another has the same."""
        title, year = self.catalog.titles[item], self.catalog.years[item]
        if year is not None and (self._written.get(title) != item or self.namesakes(item)):
            return f"{title} ({year})"
        return title

    def namesakes(self, item: int) -> tuple[int, ...]:
        """Return the items of an item's title that years tell apart, the oldest first; empty for one alone.

        Of several of one title and year, the first stands for all.
        """
        titles = self.catalog.titles
        by_year: dict[int, int] = {}
        core = normalise_title(split_year(titles[item][:300])[0])
        for other in sorted(self._exact.get(_forms(titles[item][:300])[0], ()), key=lambda one: one != item):
            year = self.catalog.years[other]
            if year is not None and normalise_title(split_year(titles[other][:300])[0]) == core:
                by_year.setdefault(year, other)
        return tuple(by_year[year] for year in sorted(by_year)) if len(by_year) > 1 else ()

    def of_title(self, item: int, *, same_year: bool = False) -> tuple[int, ...]:
        """Return all items of an item's title (and year), the oldest first; empty for one alone."""
        titles, years = self.catalog.titles, self.catalog.years
        core = normalise_title(split_year(titles[item][:300])[0])
        alike = [
            other
            for other in self._exact.get(_forms(titles[item][:300])[0], ())
            if normalise_title(split_year(titles[other][:300])[0]) == core
            and (not same_year or years[other] == years[item])
        ]
        return tuple(sorted(alike, key=lambda one: (years[one] or 0, one))) if len(alike) > 1 else ()

    def resolve(self, title: str) -> int | None:
        """Return the item of a title as `called` gives it, or of any form of a title; None for none."""
        if title in self._written:
            return self._written[title]
        core, year = split_year(title.strip()[:300])
        for words in (title_words(title), title_words(core)):
            item = self.exact(words, year)
            if item is not None:
                return item
        return None

    def is_rare(self, word: str) -> bool:
        """Whether a word stands in few titles and is no everyday word."""
        return 0 < self._frequency[word] <= 3 and word not in common_words() and not word.isdigit()

    def knows_word(self, word: str) -> bool:
        """Whether a word stands in any title."""
        return word in self._frequency

    def _mistyped(self, words: tuple[str, ...]) -> list[TitleMatch]:
        query = " ".join(words)
        if len(query) < 4:
            return []
        found: list[TitleMatch] = []
        joined = query.replace(" ", "")
        for number in self._shortlist(query):
            form = self._forms[number]
            score = OSA.normalized_similarity(query, form)
            tight = form.replace(" ", "")
            if len(tight) > 5 and tight == joined:
                score = max(score, 0.98)
            score -= 0.005 * self._minor[number]  # of equals, the one whose whole title it is
            if score >= 0.72 and (len(form) >= 5 or score == 1.0):
                found.append(TitleMatch(self._owner[number], min(0.99, score), "mistyped"))
        return found

    def _parts(self, words: tuple[str, ...]) -> list[TitleMatch]:
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

    def _shortlist(self, query: str) -> list[int]:
        """Return the forms that share most trigrams with a text, by Dice's coefficient."""
        grams = _trigrams(query)
        rows = [self._grams[gram] for gram in grams if gram in self._grams]
        # A trigram of half the catalogue tells nothing and costs most; keep the rarest where there are many.
        rows.sort(key=lambda row: int(self._offsets[row + 1] - self._offsets[row]))
        limit = max(_COMMONEST, len(self._forms) // 20)
        kept = [
            row for n, row in enumerate(rows) if n < 4 or self._offsets[row + 1] - self._offsets[row] <= limit
        ]
        if not kept:
            return []
        hits = np.concatenate([self._postings[self._offsets[row] : self._offsets[row + 1]] for row in kept])
        numbers, shared = np.unique(hits, return_counts=True)
        dice = 2 * shared / (self._lengths[numbers] + len(grams))
        order = np.argsort(-dice, kind="stable")[:_SHORTLIST]
        return [int(numbers[i]) for i in order]


def _keep(best: dict[int, TitleMatch], match: TitleMatch) -> None:
    known = best.get(match.item)
    if known is None or known.score < match.score:
        best[match.item] = match


@lru_cache(maxsize=1 << 17)  # of catalogue titles alone: what people say is kept nowhere
def _forms(title: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways a title is written, the whole one first."""
    core = split_year(title)[0]
    bare = without_brackets(core) or core
    texts = [core, bare, without_articles(core), *(_AKA.sub("", part) for part in _BRACKETED.findall(core))]
    head, *rest = _CUT.split(bare)
    texts.append(head)
    texts += [part for part in rest if len(normalise_title(part).split()) > 1]
    head_words = title_words(head)
    kept: list[tuple[str, ...]] = []
    for n, text in enumerate(texts):
        form = title_words(text)
        only_number = normalise_title(text).replace(" ", "").isdigit()
        too_plain = (
            n > 0 and len(form) == 1 and form == head_words and form[0] in common_words() and bool(rest)
        )
        if form and form not in kept and (n == 0 or not (only_number or too_plain)):
            kept.append(form)
    as_written = without_articles(core).split()
    if as_written and tuple(as_written) not in kept:  # "twelve monkeys" beside "12 monkeys"
        kept.append(tuple(as_written))
    return tuple(kept)


def _trigrams(text: str) -> list[str]:
    padded = f" {text} "
    return sorted({padded[i : i + 3] for i in range(len(padded) - 2)})


def _inverted(forms: Sequence[str]) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Return postings of trigrams in compressed rows: numbers of forms, offsets, and the row of each."""
    grams: dict[str, int] = {}
    rows: list[int] = []
    numbers: list[int] = []
    for number, form in enumerate(forms):
        for gram in _trigrams(form):
            rows.append(grams.setdefault(gram, len(grams)))
            numbers.append(number)
    row = np.array(rows, dtype=np.int32)
    order = np.argsort(row, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(grams)))]).astype(np.int64)
    return np.array(numbers, dtype=np.int32)[order], offsets, grams
