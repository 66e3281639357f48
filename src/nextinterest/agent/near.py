"""The user or item that is likely meant by an id or title that is not known, as a proposal only."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from nextinterest.domain import Catalog
from nextinterest.prompts import TitleGrounder

__all__ = ["meant", "near_id", "near_item"]

_ALIKE = 80.0
"""Of ids so alike (0 to 100) one is proposed."""


def meant(name: str | None) -> str:
    """Return the sentence that proposes a name, with a blank behind it; nothing without one."""
    return "" if name is None else f"Did you mean {name!r}? "


def near_id(wanted: str, ids: Sequence[str]) -> str | None:
    """Return the id that one is likely to mean: one that differs in capitals and blanks, else one alike.

    Numbers are alike without meaning each other, so none is proposed for them.

    Examples
    --------
    >>> near_id("c-0007", ["C-0007", "C-0008"]), near_id("C-00o7", ["C-0007", "X"]), near_id("7", ["77"])
    ('C-0007', 'C-0007', None)
    """
    key = _folded(wanted)
    same = next((one for one in ids if _folded(one) == key), None)
    if same is not None or not key or key.isdigit():
        return same
    found = process.extractOne(key, ids, scorer=fuzz.ratio, processor=_folded, score_cutoff=_ALIKE)
    return None if found is None else str(found[0])


def near_item(wanted: str, catalog: Catalog, grounder: TitleGrounder) -> str | None:
    """Return the title of the item that is likely meant, or its id where that is what was mistyped."""
    found = near_id(wanted, catalog.ids)
    if found is not None:
        return found
    near = grounder.titles.search(wanted, 1)
    return catalog.titles[near[0]] if near else None


def _folded(name: str) -> str:
    return "".join(name.casefold().split())
