"""Conditions of a wish as a mask over the catalogue, and the nearest wish that can be met where none can.

A condition is a filter: an item whose year is unknown meets no condition on years.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from nextinterest.agent.chat.schema import ChatAction, Relaxation
from nextinterest.domain import BoolArray, Catalog

__all__ = ["Conditions"]

_DECADE = 10.0


class Conditions:
    """Which items of a catalogue meet a wish.

    Parameters
    ----------
    catalog
        The catalogue.

    Examples
    --------
    >>> from nextinterest.domain import Item
    >>> films = [Item("a", "Alien", ("Horror",), 1979), Item("e", "Emma", ("Romance",), 1996)]
    >>> catalog = Catalog.from_items(films)
    >>> Conditions(catalog).mask(ChatAction(intent="recommend", year_from=1990)).tolist()
    [False, True]
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    @cached_property
    def _has(self) -> BoolArray:
        return np.asarray(self.catalog.category_matrix > 0)

    @cached_property
    def _years(self) -> np.ndarray:
        return np.array([-1 if year is None else year for year in self.catalog.years], dtype=np.int64)

    @cached_property
    def _column(self) -> dict[str, int]:
        return {name: j for j, name in enumerate(self.catalog.category_names)}

    def mask(self, action: ChatAction, *, either: bool = False) -> BoolArray:
        """Return which items meet the categories and years of an action, bool, shape (n_items,).

        Parameters
        ----------
        action
            The action. A category that the catalogue does not have is met by no item.
        either
            Whether one of the included categories is enough; else all are needed.
        """
        fits = np.ones(len(self.catalog), dtype=bool)
        wanted = [self._of(name) for name in action.include_categories]
        if wanted:
            stacked = np.stack(wanted)
            fits &= stacked.any(axis=0) if either else stacked.all(axis=0)
        for name in action.exclude_categories:
            fits &= ~self._of(name)
        if action.year_from is not None:
            fits &= self._years >= action.year_from
        if action.year_to is not None:
            fits &= (self._years >= 0) & (self._years <= action.year_to)
        return fits

    def relaxation(
        self, action: ChatAction, open_items: BoolArray, *, either: bool = False
    ) -> Relaxation | None:
        """Return the nearest wish that more items meet than this one; None where there is none.

        One condition is loosened: years by as little as brings in an item, or one category dropped. A decade
        counts as much as a category.

        Parameters
        ----------
        action
            The wish.
        open_items
            Items that may be recommended at all, bool, shape (n_items,).
        either
            As in `mask`.
        """
        had = int((self.mask(action, either=either) & open_items).sum())
        best: tuple[float, Relaxation] | None = None
        for cost, loosened, wish in self._looser(action, open_items, either):
            matches = int((self.mask(wish, either=either) & open_items).sum())
            if matches > had and (best is None or cost < best[0]):
                best = (cost, Relaxation(action=wish, loosened=loosened, matches=matches))
        return None if best is None else best[1]

    def _looser(
        self, action: ChatAction, open_items: BoolArray, either: bool
    ) -> Iterator[tuple[float, str, ChatAction]]:
        if action.year_from is not None or action.year_to is not None:
            undated = action.model_copy(update={"year_from": None, "year_to": None})
            fits = self.mask(undated, either=either) & open_items & (self._years >= 0)
            outside = self._years[fits & ~self.mask(action, either=either)]
            if len(outside):
                below = action.year_from - outside if action.year_from is not None else np.zeros_like(outside)
                above = outside - action.year_to if action.year_to is not None else np.zeros_like(outside)
                distance = np.maximum(below, above)
                nearest = int(outside[int(np.argmin(distance))])
                changed = {
                    "year_from": None if action.year_from is None else min(action.year_from, nearest),
                    "year_to": None if action.year_to is None else max(action.year_to, nearest),
                }
                yield float(distance.min()) / _DECADE, "years", action.model_copy(update=changed)
        for name in action.include_categories:
            kept = tuple(one for one in action.include_categories if one != name)
            yield 1.0, "include_categories", action.model_copy(update={"include_categories": kept})
        for name in action.exclude_categories:
            kept = tuple(one for one in action.exclude_categories if one != name)
            yield 1.1, "exclude_categories", action.model_copy(update={"exclude_categories": kept})
        if action.include_categories and action.year_from != action.year_to:
            yield 2.5, "years", action.model_copy(update={"year_from": None, "year_to": None})
        if len(action.include_categories) > 1 or (action.include_categories and action.year_from is not None):
            yield 3.0, "include_categories", action.model_copy(update={"include_categories": ()})

    def _of(self, name: str) -> BoolArray:
        column = self._column.get(name)
        return np.zeros(len(self.catalog), dtype=bool) if column is None else self._has[:, column]
