"""Which of several columns is the time: the finest that is one, or a date and a time of day together."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.missing import is_missing
from nextinterest.data.times import read_times
from nextinterest.errors import DataError

__all__ = ["CANDIDATE", "choose_time"]

CANDIDATE = "time of "
"""Before the name of a further column that may be the time."""

_TIME_OF_DAY = r"^\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?\s*$"
_FROM = 10**8  # March 1973: smaller numbers are durations and counts


def choose_time(frame: pl.DataFrame, names: Mapping[str, str]) -> tuple[pl.DataFrame, str | None, str]:
    """Leave one time in a table of events.

    Parameters
    ----------
    frame
        Columns ``time`` and those that begin with `CANDIDATE`.
    names
        Name of each in the file.

    Returns
    -------
    The frame with one ``time``, the name of its column, and what there is to say of the choice.
    """
    columns = ["time", *(name for name in frame.columns if name.startswith(CANDIDATE))]
    if "time" not in frame.columns or len(columns) == 1:
        return frame, names.get("time"), ""
    clocks = [column for column in columns if _is_clock(frame[column])]
    others = [column for column in columns if column not in clocks]
    best = max(others or columns, key=lambda column: _fineness(frame[column]))
    called, time = names[best], frame[best]
    if clocks and others:
        clock = frame[clocks[0]]
        both = _joined(time, clock)
        if _fineness(time) <= _fineness(both):
            called = f"{names[best]} and {names[clocks[0]]}"
            note = f"the time is {called} together{_without_clock(time, clock, names[clocks[0]])}"
            return _with(frame, columns, both), called, note
    rest = ", ".join(names[column] for column in columns if column != best)
    return _with(frame, columns, time), called, f"the time is {called}, not {rest}"


def _with(frame: pl.DataFrame, columns: list[str], time: pl.Series) -> pl.DataFrame:
    return frame.drop(columns[1:]).with_columns(time.alias("time"))


def _is_known(column: pl.Series) -> pl.Series:
    return ~pl.select(is_missing(pl.lit(column).str.strip_chars())).to_series()


def _is_clock(column: pl.Series) -> bool:
    """Return whether most cells that are not missing are times of day."""
    return 2 * int(_is_of_day(column).sum()) > int(_is_known(column).sum())


def _is_of_day(column: pl.Series) -> pl.Series:
    return column.str.contains(_TIME_OF_DAY).fill_null(False)


def _joined(date: pl.Series, clock: pl.Series) -> pl.Series:
    """Put dates and times of day together; without a time of day it is the start of the day."""
    of_day = pl.when(pl.lit(_is_of_day(clock))).then(pl.lit(clock)).otherwise(pl.lit("00:00"))
    both = pl.concat_str(pl.lit(date), of_day, separator=" ")
    return pl.select(pl.when(pl.lit(_is_known(date))).then(both)).to_series()


def _without_clock(date: pl.Series, clock: pl.Series, name: str) -> str:
    """Report how many dates have no time of day that can be read."""
    without = clock.filter(_is_known(date) & ~_is_of_day(clock))
    if not len(without):
        return ""
    unread = without.filter(_is_known(without))
    example = f" ({len(unread):,} cannot be read, such as {unread[0][:40]!r})" if len(unread) else ""
    return f"; {counted(len(without), 'row')} without {name}{example}, taken for the start of the day"


def _fineness(column: pl.Series) -> tuple[bool, int]:
    """Return whether a column can be a time, and how many moments it tells apart."""
    try:
        read = read_times(column)
    except DataError:  # refused, which is a time in two ways
        return True, column.n_unique() - 1
    seconds = read.seconds.drop_nulls()
    middle = seconds.median()
    if not isinstance(middle, float) or middle < _FROM:
        return False, len(seconds)
    rest = pl.lit(0) if read.nanoseconds is None else read.nanoseconds
    moments = read.seconds.to_frame("seconds").with_columns(rest.alias("nanoseconds"))
    return True, moments.drop_nulls("seconds").n_unique()
