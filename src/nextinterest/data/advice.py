"""What helps against each reason for which rows are dropped: in Python and on the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nextinterest.data.report import Dropped

__all__ = ["ELSE", "about_repeats", "advise"]

_DUPLICATES = ("exact duplicate", "repeated user and item")
"""Reasons for which one event of several stays, so that they never leave nothing."""
_NOTED = 0.05
"""The share of events above which dropped repeats are a warning."""

_TIMES = (
    "say how times are written, as in time_format='%d/%m/%Y %H:%M' or time_format='ms', or leave the times "
    "out with columns={'time': None}",
    "say how times are written, as in --time-format '%d/%m/%Y %H:%M' or --time-format ms, or leave the times "
    "out with --column time=",
)
_MONTHS = re.compile(
    r"(?i)\d.*\b(?:januar\b|jän|janvier|janeiro|f[eé]vr|februar\b|febrero|febbraio|märz|maerz|mars\b|marzo|maart|"
    r"avril|abril|aprile|mai\b|mayo|maggio|mei\b|juin|jun(?:i|io|ho)\b|juil|jul(?:i|io|ho)\b|ao[uû]t|agosto|"
    r"sep(?:tembre|tiembre)|set(?:embre|embro)|okt|octobre|octubre|ottobre|outubro|nov(?:embre|iembre|embro)|"
    r"dez|d[eé]cembre|diciembre|dicembre)"
)
"""Names of months in other languages than English, behind a number."""
_IN_ENGLISH = (
    "write months in English or as numbers, as in 2024-03-01, or leave the times out with "
    "columns={'time': None}",
    "write months in English or as numbers, as in 2024-03-01, or leave the times out with --column time=",
)
_BEFORE = (
    "give the date beside the time of day, or count from 1970; else leave the times out with "
    "columns={'time': None}",
    "give the date beside the time of day, or count from 1970; else leave the times out with --column time=",
)
_FUTURE = (
    "these times lie in the future: check the clock or the unit that wrote them; if they are no seconds, "
    "say so as in time_format='ms', else mend the file or leave the times out with columns={'time': None}",
    "these times lie in the future: check the clock or the unit that wrote them; if they are no seconds, "
    "say so as in --time-format ms, else mend the file or leave the times out with --column time=",
)
_WITHOUT = ("leave the {0}s out with columns={{'{0}': None}}", "leave the {0}s out with --column {0}=")
_ROWS = (
    "write all rows with the separator of the header and as many cells, or leave the others out of the file",
) * 2
_ADVICE = {
    "wrong number of fields": _ROWS,
    "quote that is never closed": ("mend the quotes, or double those within a cell",) * 2,
    "NUL byte in the line": ("save the file as UTF-8 text without NUL bytes, as tr -d '\\000' does",) * 2,
    "bytes that are not UTF-8": ("save the file as UTF-8 text",) * 2,
    "unreadable time": _TIMES,
    "time before 1970": _BEFORE,
    "time in the future": _FUTURE,
    "no time": tuple(form.format("time") for form in _WITHOUT),
    "unreadable rating": tuple(form.format("rating") for form in _WITHOUT),
    "unreadable weight": tuple(form.format("weight") for form in _WITHOUT),
    "negative weight": tuple(form.format("weight") for form in _WITHOUT),
    "rating below the minimum": ("lower min_rating of the CleaningConfig",) * 2,
    "user or item with too few events": (
        "lower min_user_events and min_item_events of the CleaningConfig",
        "lower --k-core, --user-core or --item-core",
    ),
}
ELSE = (
    "Check which columns were read, and map others as in columns={'user': 'NAME', 'item': 'NAME'}.",
    "Check which columns were read, and map others as in --column user=NAME --column item=NAME.",
)
"""What helps in Python and on the command line where nothing else does."""


def advise(dropped: Sequence[Dropped]) -> tuple[str, str]:
    """Return what helps against the most frequent reason, in Python and on the command line."""
    reasons = [one for one in dropped if one.reason not in _DUPLICATES]
    events = [one for one in reasons if one.what == "events"] or reasons
    most = max(events, key=lambda one: one.count, default=None)
    if most is None or most.reason not in _ADVICE:
        return ELSE
    python, command = _ADVICE[most.reason]
    if most.reason == "unreadable time" and most.cell is not None and _MONTHS.search(most.cell):
        python, command = _IN_ENGLISH
    return f"{python[0].upper()}{python[1:]}.", f"{command[0].upper()}{command[1:]}."


def about_repeats(dropped: int, read: int, which: str) -> tuple[str, ...]:
    """Return the warning that many events were dropped as repeats of a user and an item; none where few were.

    Examples
    --------
    >>> about_repeats(1, 100, "first"), len(about_repeats(29, 100, "first"))
    ((), 1)
    """
    if dropped <= _NOTED * read:
        return ()
    kept, others = ("last", "earlier") if which == "last" else ("first", "later")
    return (
        f"{dropped:,} of {read:,} events ({dropped / read:.0%}) repeat a user and an item and were dropped: "
        f"the {kept} of each stays, {others} ones do not count; --repeats keep (in Python "
        "CleaningConfig(repeats='keep')) keeps all",
    )
