"""Ways to read a title that somebody wrote into a list or with a year behind it."""

from __future__ import annotations

import re

from nextinterest.titles.normal import split_year

__all__ = ["readings"]

_LIST_MARK = re.compile(r"^\s*(?:[-*\u2022]|\d{1,3}[.)])\s+")


def readings(text: str) -> list[tuple[str, int | None, bool]]:
    """Return ways to read a text as (title, year, whether the year must be the item's), likeliest first.

    Examples
    --------
    >>> readings("2. Heat 1995")
    [('2. Heat 1995', None, False), ('2. Heat', 1995, True), ('Heat 1995', None, False), ('Heat', 1995, True)]
    """
    found: list[tuple[str, int | None, bool]] = []
    for form in (text, _LIST_MARK.sub("", text)):
        core, year = split_year(form)
        found.append((core, year, False))
        bare, bare_year = split_year(core, bare=True)
        if bare_year is not None:
            found.append((bare, bare_year, True))
    return list(dict.fromkeys(found))
