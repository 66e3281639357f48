"""Looking items up by part of a title: where the typed text begins a word, then what is spelt alike.

For choosing an item by hand. What a message or a history *means* by a title is decided elsewhere, and more
strictly (`nextinterest.prompts.grounding`).
"""

from __future__ import annotations

from functools import cached_property

from rapidfuzz import fuzz, process

from nextinterest.domain import Catalog
from nextinterest.prompts import normalise_title

__all__ = ["TitleIndex"]

_LEAST_LIKENESS = 75.0  # of WRatio's 0 to 100: "blade runer" finds Blade Runner (96), "zzz" finds nothing


class TitleIndex:
    """Titles of one catalogue, to be looked up by what people type.

    Parameters
    ----------
    catalog
        The catalogue.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> index = TitleIndex(Catalog.from_items([Item("1", "Blade Runner"), Item("2", "Running Scared")]))
    >>> index.find("run"), index.find("blade runer"), index.find("  ")
    ([1, 0], [0], [])
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def find(self, text: str, limit: int = 10) -> list[int]:
        """Return catalogue positions, best first; none for a text without letters."""
        wanted = normalise_title(text[:300])
        if not wanted:
            return []
        titles = self._titles
        begins = [i for i, title in enumerate(titles) if f" {wanted}" in f" {title}"]
        found = sorted(begins, key=lambda i: (not titles[i].startswith(wanted), len(titles[i]), i))
        if len(found) < limit and len(wanted) > 2:
            alike = process.extract(
                wanted, titles, scorer=fuzz.WRatio, limit=2 * limit, score_cutoff=_LEAST_LIKENESS
            )
            found += [i for _, _, i in alike if i not in set(found)]
        return found[:limit]

    @cached_property
    def _titles(self) -> list[str]:
        return [normalise_title(title) for title in self.catalog.titles]
