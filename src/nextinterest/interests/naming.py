"""The interests of a catalogue whose items have no categories: those by which `generate` names them, too."""

from __future__ import annotations

from functools import lru_cache

from nextinterest.domain import NO_CATEGORY, Catalog
from nextinterest.prompts.interest_names import name_interests

__all__ = ["interest_catalog"]

_ATTRIBUTE = "attribute "


@lru_cache(maxsize=2)  # a catalogue does not change, and is known by its identity
def interest_catalog(catalog: Catalog) -> tuple[Catalog, tuple[str, ...]]:
    """Return the same items with interests for categories, and a note of what those are.

    A catalogue that has categories comes back as it is, without a note.

    Examples
    --------
    >>> named, notes = interest_catalog(Catalog(["1", "2", "3"], ["Trail tent", "Winter tent", "Lamp"]))
    >>> named.interest_names, notes
    (('tent', '(none)'), ('The items have no categories: interests are words that their titles share.',))
    """
    if catalog.category_names:
        return catalog, ()
    named = name_interests(catalog)
    if named.source == "nothing":
        what = f"nor words that their titles share: all count as {NO_CATEGORY}."
        return catalog, (f"The items have no categories, {what}",)
    source = "words that their titles share"
    if named.source.startswith(_ATTRIBUTE):
        source = f"the values of {named.source.removeprefix(_ATTRIBUTE)}"
    return named.catalog, (f"The items have no categories: interests are {source}.",)
