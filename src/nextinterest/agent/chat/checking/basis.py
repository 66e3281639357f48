"""What sentences about an outcome are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nextinterest.agent.chat.named import Done, Named

__all__ = ["Basis"]


@dataclass(frozen=True, eq=False)
class Basis:
    """The facts of an outcome as values.

    Attributes
    ----------
    items
        Items that are listed, explained or found, by title.
    done
        What was done with the items of the history that may be named, by title.
    names
        Categories that the request asks for.
    excluded
        Categories that it excludes.
    lowest, highest
        Its first and last year, and its lowest and highest price.
    wanted
        How many items it asks for.
    listed
        Whether the items are a list, so that they can be counted.
    events
        How many events the history has; None where that is not known.
    counts
        How many of them are in each category, as far as it is known.
    rising, fading
        Categories that the history turns to, and away from, lately.
    said
        What the person wrote last, in lower case.
    left_out
        Words of what the request's conditions leave out, in lower case: of no item of the list.
    queried
        Words that the list was ordered by, in lower case.
    matching
        How many items of the catalogue meet the request's conditions; None where that is not known.
    """

    items: Mapping[str, Named]
    done: Mapping[str, Done]
    names: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    lowest: frozenset[float] = frozenset()
    highest: frozenset[float] = frozenset()
    wanted: int | None = None
    listed: bool = True
    events: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    rising: frozenset[str] = frozenset()
    fading: frozenset[str] = frozenset()
    said: str = ""
    left_out: frozenset[str] = frozenset()
    queried: frozenset[str] = frozenset()
    matching: int | None = None

    @property
    def every(self) -> tuple[Named, ...]:
        """All items, in the order of their ranks."""
        return tuple(self.items.values())

    def having(self, name: str) -> tuple[Named, ...]:
        """Return the items in a category."""
        return tuple(one for one in self.every if name in one.categories)
