"""Items of a request by the names it has for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from nextinterest.agent.chat.understanding import ChatContext
from nextinterest.domain import FoundItem
from nextinterest.titles import split_year
from nextinterest.titles.words import head_words, title_words

__all__ = ["N_FOUND", "Naming"]

N_FOUND = 5
_LEAST_MATCH = 0.72
_CLOSE = 0.85


class Naming:
    """Looks up what a request names.

    Parameters
    ----------
    context
        Has the catalogue and the index of its titles.
    """

    def __init__(self, context: ChatContext) -> None:
        self.titles, self.catalog = context.titles, context.catalog

    def resolved(self, titles: Sequence[str]) -> tuple[list[int], tuple[str, ...]]:
        """Return the items of titles, and the titles that no item has."""
        items: list[int] = []
        unknown: list[str] = []
        for title in titles:
            item = self.titles.resolve(title)
            if item is None:
                close = self.titles.find(title, 1)
                item = close[0].item if close and close[0].score >= _CLOSE else None
            if item is None:
                unknown.append(title)
            elif item not in items:
                items.append(item)
        return items, tuple(unknown)

    def positions(self, item_ids: Sequence[str]) -> tuple[int, ...]:
        """Return the items of ids, without those that the catalogue does not have."""
        return tuple(self.catalog.position(item_id) for item_id in item_ids if item_id in self.catalog)

    def look_up(self, words: str) -> tuple[FoundItem, ...]:
        """Return the items that words may mean, best match first; one alone where it is the very title."""
        exact = self.titles.resolve(words)
        if exact is not None:
            return (self.found(exact, words),)
        matches = [m for m in self.titles.find(words, N_FOUND) if m.score >= _LEAST_MATCH]
        return tuple(self.found(match.item, words, match.score) for match in matches)

    def series(self, words: str) -> tuple[int, ...]:
        """Return the items of a series, the oldest first: of one title or part of it, or its initials.

        Where no item has the words as its title, those that have all of them. Empty where one alone fits.
        """
        core, year = split_year(words)
        if year is not None:
            return ()
        wanted = title_words(core)
        items = set(self.titles.sharing(wanted))
        exact = self.titles.resolve(words)
        if wanted and (exact is None or self.titles.is_part(exact, wanted)):
            items |= frozenset.intersection(*(self.titles.having(word) for word in wanted))
        if len(wanted) == 1 and len(wanted[0]) > 2:
            items |= self._by_initials.get(wanted[0], frozenset())
        years = self.catalog.years
        return tuple(sorted(items, key=lambda item: (years[item] or 0, item))) if len(items) > 1 else ()

    @cached_property
    def _by_initials(self) -> dict[str, frozenset[int]]:
        found: dict[str, set[int]] = {}
        for item, title in enumerate(self.catalog.titles):
            words = head_words(title) or title_words(split_year(title)[0])
            if len(words) > 2:
                found.setdefault("".join(word[0] for word in words), set()).add(item)
        return {initials: frozenset(items) for initials, items in found.items()}

    def found(self, item: int, asked: str = "", match: float = 1.0) -> FoundItem:
        """Return an item as replies have it."""
        row = self.catalog[item]
        return FoundItem(
            item_id=row.id,
            title=row.title,
            categories=row.categories,
            year=row.year,
            asked=asked[:300],
            match=min(1.0, match),
        )
