"""What interests are called in a catalogue: its categories, or else what its items have in common.

Knows no history and no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nextinterest.domain import Catalog
from nextinterest.prompts.lines import MAX_CATEGORIES, MAX_CATEGORY_CHARS
from nextinterest.prompts.sanitise import neutralise
from nextinterest.titles.words import everyday_words, title_words

__all__ = ["NamedInterests", "name_interests"]

_ENOUGH = 0.5  # of the items must have one
_MOST_WORDS = 500
_LEAST_LETTERS = 3

Names = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class NamedInterests:
    """A catalogue whose categories are the interests of its items, clean enough for a prompt.

    Attributes
    ----------
    catalog
        The same items, in the same order.
    source
        What the names are: ``categories``, ``attribute NAME``, ``words of titles``, or ``nothing``.
    """

    catalog: Catalog
    source: str


def name_interests(catalog: Catalog, special_tokens: frozenset[str] = frozenset()) -> NamedInterests:
    """Return what the interests of a catalogue's items are called.

    Its categories, where half of the items have some. Else the attribute that most items have, at least half
    of them, whose values are shared by items. Else words that titles share. An item counts for eight names at
    most.

    Examples
    --------
    >>> named = name_interests(Catalog(["1", "2", "3"], ["Trail tent", "Winter tent", "Lamp"]))
    >>> named.source, named.catalog.categories
    ('words of titles', (('tent',), ('tent',), ()))
    """
    source, names = _names(catalog)
    kept = [tuple(dict.fromkeys(_clean(own, special_tokens))) for own in names]
    clean = Catalog(catalog.ids, catalog.titles, kept, catalog.years, catalog.descriptions, catalog.details)
    return NamedInterests(clean, source if clean.category_names else "nothing")


def _clean(names: Sequence[str], special_tokens: frozenset[str]) -> list[str]:
    cleaned = (
        neutralise(name, max_chars=MAX_CATEGORY_CHARS, special_tokens=special_tokens)
        for name in names[:MAX_CATEGORIES]
    )
    return [name for name in cleaned if name]


def _names(catalog: Catalog) -> tuple[str, Names]:
    if _coverage(catalog.categories) >= _ENOUGH:
        return "categories", catalog.categories
    columns = {
        name: [_texts(value) for value in values] for name, values in catalog.details.attributes.items()
    }
    best = max(columns, key=lambda name: _coverage(columns[name]), default=None)
    if best is not None and _coverage(columns[best]) >= _ENOUGH:
        return f"attribute {best}", columns[best]
    words = _shared_words(catalog.titles)
    if any(words) or not any(catalog.categories):
        return "words of titles", words
    return "categories", catalog.categories


def _coverage(names: Names) -> float:
    """Return the share of items with a name that another item has too."""
    counts = Counter(name for own in names for name in own)
    return sum(any(counts[name] > 1 for name in own) for own in names) / max(len(names), 1)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return value if isinstance(value, tuple) else ()


def _shared_words(titles: Sequence[str]) -> list[tuple[str, ...]]:
    common = everyday_words()
    words = [
        tuple(dict.fromkeys(w for w in title_words(title[:200]) if len(w) >= _LEAST_LETTERS and w.isalpha()))
        for title in titles
    ]
    counts = Counter(word for own in words for word in own if word not in common)
    kept = {word for word, n in counts.most_common(_MOST_WORDS) if n > 1}
    return [tuple(word for word in own if word in kept) for own in words]
