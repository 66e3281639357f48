"""Recent times in words: "today", "this week", "the last 3 days", "not older than a month", "since monday".

Returns ranges of moments. Knows what the time is, and no catalogue.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nextinterest.agent.chat.reading.amounts import number_at, unit_at, unit_of
from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list

__all__ = ["DateReading", "read_dates"]

_DAY = timedelta(days=1)
_LEAST = timedelta(microseconds=1)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(slots=True)
class DateReading:
    """The times that a message asks for.

    Attributes
    ----------
    first, last
        The first and last moment; None for open.
    newest
        Whether the newest are asked for, without a time.
    taken
        Positions of the words read.
    """

    first: datetime | None = None
    last: datetime | None = None
    newest: bool = False
    taken: set[int] = field(default_factory=set)


def read_dates(text: Text, now: datetime, taken: Container[int] = (), *, days: bool = True) -> DateReading:
    """Read the recent times that a message asks for; those at which its writer did something are none.

    Parameters
    ----------
    text
        The message.
    now
        The time.
    taken
        Positions of words that mean something else.
    days
        Whether items have dates; else only years are read.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import tokenise
    >>> friday = datetime(2026, 11, 27, 15)
    >>> str(read_dates(tokenise("what's new this week"), friday).first)
    '2026-11-23 00:00:00'
    >>> str(read_dates(tokenise("nothing older than 3 days"), friday).first)
    '2026-11-24 15:00:00'
    >>> read_dates(tokenise("we saw it last week"), friday).first is None
    True
    """
    reading = DateReading()
    for at in range(len(text)):
        if at in taken or at in reading.taken or _is_reported(text, at):
            continue
        found = (_calendar(text, at, now) if days else None) or _span(text, at, now)
        if found is not None and (days or now - found[1] > 300 * _DAY):
            length, reading.first, reading.last = found
            reading.taken.update(range(at, at + length))
    for start, end in text.spans(word_list("newest")):
        if not reading.taken & set(range(start, end)) and start not in taken:
            reading.newest = reading.first is None
            reading.taken.update(range(start, end))
    return reading


def _calendar(text: Text, at: int, now: datetime) -> tuple[int, datetime, datetime | None] | None:
    """Return the length of the words, and the first and last moment of the day, week or month they mean."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - today.weekday() * _DAY
    word, two = text.words[at], text.words[at : at + 2]
    if word == "today" and two != ("today", "s"):
        return 1, today, None
    if word in {"todays", "heute"}:
        return 1, today, None
    if word in {"yesterday", "yesterdays", "gestern", "hier"}:
        return 1, today - _DAY, today - _LEAST
    if two in {("this", "week"), ("diese", "woche")}:
        return 2, monday, None
    if two == ("last", "week"):
        return 2, monday - 7 * _DAY, monday - _LEAST
    month = today.replace(day=1)
    if two == ("this", "month"):
        return 2, month, None
    if two == ("last", "month"):
        return 2, (month - _DAY).replace(day=1), month - _LEAST
    if word in {"since", "from", "in", "of"} and len(two) == 2 and two[1] in _MONTHS:
        number = _MONTHS.index(two[1]) + 1
        first = today.replace(year=today.year - (number > today.month), month=number, day=1)
        end = (first + 31 * _DAY).replace(day=1) - _LEAST
        return 2, first, None if word == "since" else end
    if word in {"since", "from"} and len(two) == 2 and two[1] in _WEEKDAYS:
        return 2, today - ((today.weekday() - _WEEKDAYS.index(two[1])) % 7) * _DAY, None
    return None


def _span(text: Text, at: int, now: datetime) -> tuple[int, datetime, None] | None:
    """Return what "the last 3 days" and "not older than a week" mean."""
    opens = text.phrase_at(at, word_list("not_older"))
    number = number_at(text, at + opens) if opens else None
    if opens and number is None and unit_at(text, at + opens):
        number = 1.0, at + opens, None  # "within the last week"
    if number is None:
        return None
    value, end, _ = number
    length = unit_at(text, end)
    unit = unit_of(text.words[end : end + length])
    if unit is None or unit[0] not in {"days", "time"}:
        return None
    days = unit[1] if unit[0] == "days" else unit[1] / 86400
    return end + length - at, now - timedelta(days=min(value * days, 36500)), None


def _is_reported(text: Text, at: int) -> bool:
    """Whether the writer says what they did then: "what I was reading yesterday"."""
    start = at
    while start and not text.tokens[start].after_stop and not text.tokens[start].after_comma:
        start -= 1
    return text.words[start] in single_words("did") or any(
        text.words[n] in {"i", "we", "ive", "weve"} and text.words[n + 1] in single_words("did")
        for n in range(start, at - 1)
    )
