"""Times as written in files, read as seconds since 1970 UTC. Whole columns; what cannot be read is null.

A column is read as a whole: whether eight digits are a day, or which of two numbers is the month, can be seen
only from all of its cells. What can be read in two ways is refused, with a way to say which. Texts are
`nextinterest.data.dates`.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.dates import DateOrder, read_dates
from nextinterest.data.zones import in_regions, split_zones
from nextinterest.errors import DataError

__all__ = ["TIME_FORMATS", "TimeUnit", "Times", "check_time_format", "read_times"]

TimeUnit = Literal["auto", "s", "ms", "us", "ns"]
TIME_FORMATS = (*get_args(TimeUnit), *get_args(DateOrder)[1:], "excel")
"""What ``time_format`` may be, beside a pattern of strptime such as ``%d/%m/%Y %H:%M``."""

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_NAMES = {"ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_FROM = {"ms": 10**11, "us": 10**14, "ns": 10**17}
"""From this size on a number is in that unit: 10^11 seconds would lie in the year 5138."""
_BILLION = 10**9

_CALENDAR = {
    8: ("YYYYMMDD", "%Y%m%d"),
    10: ("YYYYMMDDHH", "%Y%m%d%H"),
    12: ("YYYYMMDDhhmm", "%Y%m%d%H%M"),
    14: ("YYYYMMDDhhmmss", "%Y%m%d%H%M%S"),
}
"""Calendar times written as one number, by their digits."""
_FIRST_DAY, _LAST_DAY = 19000101, 21001231
_MOST = 0.5
"""Calendar numbers are read as such where so many are valid: no column holds so many valid days by chance.
Where fewer are, or where others stand beside them, each number is judged by what it is near to."""
_NEAR = 20 * 365 * 86400
_SECONDS_FROM = 10**9
"""September 2001: smaller numbers beside calendar times are placeholders, not seconds."""

_EXCEL_FROM, _EXCEL_TO = 32874, 55153  # 1990 to 2050 in days of Excel
_EXCEL_EPOCH = -25569 * 86400  # 1899-12-30
_COUNT_BELOW = 10**8
"""Where all numbers are smaller (March 1973), they are hardly seconds since 1970."""


@dataclass(frozen=True, eq=False)
class Times:
    """A column of times.

    Attributes
    ----------
    seconds
        Int64, null where a time is missing or cannot be read.
    nanoseconds
        Int32, what is beyond the whole second; None where nothing is.
    notes
        How the column was read, where that is not plain.
    """

    seconds: pl.Series
    nanoseconds: pl.Series | None = None
    notes: tuple[str, ...] = ()


def check_time_format(form: str) -> str:
    """Return the format if it is one.

    Raises
    ------
    DataError
        If it is neither one of `TIME_FORMATS` nor a pattern.
    """
    if form in TIME_FORMATS or "%" in form:
        return form
    raise DataError(
        f"There is no time format {form!r}.",
        remedy=f"Give one of {', '.join(TIME_FORMATS)}, or a pattern such as '%d/%m/%Y %H:%M'.",
    )


def read_times(
    column: pl.Series,
    unit: TimeUnit = "auto",
    form: str = "auto",
    *,
    name: str = "time",
    file: str = "",
    stripped: bool = False,
) -> Times:
    """Read times: numbers in a unit, or dates with or without a time of day; without a zone they are UTC.

    Parameters
    ----------
    column
        Times as strings.
    unit
        Of numbers, where the source says it; ``auto`` judges by their size.
    form
        How the caller says they are written; see `TIME_FORMATS`.
    name, file
        Names of the column and of the file, for notes and errors.
    stripped
        Whether no cell has blanks around it, which need not be looked for then.

    Raises
    ------
    DataError
        If the column can be read in two ways, or the format is none.

    Examples
    --------
    >>> times = pl.Series(["881250949", "1588687728923", "1970-01-02T01:00:00+01:00", "x"])
    >>> read_times(times).seconds.to_list()
    [881250949, 1588687728, 86400, None]
    """
    text = column if stripped else column.str.strip_chars()
    where = f"{file}: column {name!r}" if file else f"Column {name!r}"
    if "%" in check_time_format(form):
        return _by_pattern(text, form, name, where)
    if form in _PER_SECOND:
        unit = form  # type: ignore[assignment]
    whole = text.cast(pl.Int64, strict=False)
    fraction: pl.Series | None = None
    rounded = 0
    if whole.null_count() > text.null_count():
        whole, fraction, rounded = _decimals(text, whole)
    notes = (
        [f"{counted(rounded, 'time', 'times')} of {name} in scientific notation, which rounds"]
        if rounded
        else []
    )
    if form == "excel":
        numbers = _serial_days(whole, fraction)
        notes.append(f"{name} as days of Excel")
    elif unit == "auto" and (calendar := _calendar(whole, fraction)) is not None:
        days, how = calendar
        numbers, found = _others_among_calendar(whole, fraction, days, name)
        notes += [f"{name} as {how}", *found]
    else:
        if form == "auto" and unit == "auto":
            _refuse_serial_days(whole, where)
        numbers, found = _in_unit(whole, fraction, unit, name)
        if unit == "auto":
            numbers, found = _calendar_among_others(whole, fraction, numbers, name, found)
        notes += found
    seconds, nanoseconds = numbers
    left = seconds.is_null() & whole.is_null() & (text.str.len_bytes() > 0)
    if left.any():
        at = left.arg_true()
        order: DateOrder = form if form in ("day-first", "month-first") else "auto"  # type: ignore[assignment]
        dates = read_dates(text.gather(at), order, name=name, where=where)
        seconds = seconds.scatter(at, dates.seconds)
        if nanoseconds is None:
            nanoseconds = pl.zeros(len(text), pl.Int32, eager=True)
        nanoseconds = nanoseconds.scatter(at, dates.nanoseconds)
        notes += dates.notes
    if nanoseconds is not None and not (nanoseconds > 0).any():
        nanoseconds = None
    return Times(seconds.alias(column.name), nanoseconds, tuple(notes))


Numbers = tuple[pl.Series, pl.Series | None]


def _decimals(text: pl.Series, whole: pl.Series) -> tuple[pl.Series, pl.Series | None, int]:
    """Return whole parts, nanoseconds of a unit where there are any, and how many numbers were rounded."""
    parts = text.str.extract_groups(r"^(-?)(\d{1,18})(?:\.(\d*)|,(\d+))$").struct.unnest()
    # Four digits and more before a comma are no number of thousands.
    comma = pl.when(pl.col("2").str.len_bytes() >= 4).then(pl.col("4"))
    digits = pl.coalesce("3", comma)
    scientific = pl.lit(text).str.contains(r"^[+-]?\d+(?:\.\d*)?[eE][+-]?\d+$")
    floats = pl.when(scientific).then(pl.lit(text).cast(pl.Float64, strict=False))
    floats = pl.when(floats.abs() < 2.0**62).then(floats)
    frame = parts.select(
        pl.lit(whole).alias("whole"),
        pl.when(digits.is_not_null()).then(pl.col("2").cast(pl.Int64)).alias("size"),
        (digits + "000000000").str.slice(0, 9).cast(pl.Int64).alias("rest"),
        (pl.col("1") == "-").alias("negative"),
        floats.floor().cast(pl.Int64).alias("float"),
        ((floats - floats.floor()) * _BILLION).cast(pl.Int64).alias("float_rest"),
    )
    below = pl.col("negative") & (pl.col("rest") > 0)  # -5.25 is .75 above -6
    size = pl.when("negative").then(-pl.col("size")).otherwise("size") - below.cast(pl.Int64)
    rest = pl.when(below).then(_BILLION - pl.col("rest")).otherwise("rest")
    read = frame.select(
        pl.coalesce("whole", size, "float").alias("whole"),
        pl.coalesce(rest, "float_rest").fill_null(0).alias("rest"),
        pl.col("float").is_not_null().alias("rounded"),
    )
    rest_of = read["rest"]
    return read["whole"], rest_of if (rest_of > 0).any() else None, int(read["rounded"].sum())


def _in_unit(
    whole: pl.Series, fraction: pl.Series | None, unit: TimeUnit, name: str
) -> tuple[Numbers, list[str]]:
    """Bring numbers to seconds and nanoseconds: in a stated unit, or each in the unit of its size."""
    if unit != "auto":
        return _scaled(whole, fraction, pl.lit(_PER_SECOND[unit])), []
    top = whole.abs().max()
    notes: list[str] = []
    if isinstance(top, int) and top < _COUNT_BELOW:
        notes.append(f"{name} as seconds since 1970, all before 1973: of a count, the dates mean nothing")
    if not isinstance(top, int) or top < _FROM["ms"]:
        return (whole, None if fraction is None else fraction.cast(pl.Int32)), notes
    size = pl.lit(whole).abs()
    per = pl.lit(1)
    for of in ("ms", "us", "ns"):
        per = pl.when(size >= _FROM[of]).then(_PER_SECOND[of]).otherwise(per)
    units = {"seconds": (size < _FROM["ms"]) & (size > 0)}
    units |= {_NAMES[of]: per == _PER_SECOND[of] for of in _NAMES}
    counts = pl.select(*(mask.sum().alias(key) for key, mask in units.items())).row(0, named=True)
    present = [(key, count) for key, count in counts.items() if count]
    if len(present) == 1:
        notes.append(f"{name} as {present[0][0]} since 1970")
    else:
        counted = ", ".join(f"{count:,} in {key}" for key, count in present)
        notes.append(f"{name} in several units: {counted}")
    return _scaled(whole, fraction, per), notes


def _scaled(whole: pl.Series, fraction: pl.Series | None, per: pl.Expr) -> Numbers:
    parts = pl.select(
        (pl.lit(whole) // per).alias("seconds"),
        (pl.lit(whole) % per * (_BILLION // per) + (0 if fraction is None else pl.lit(fraction) // per))
        .cast(pl.Int32)
        .alias("nanoseconds"),
    )
    return parts["seconds"], parts["nanoseconds"]


def _calendar(whole: pl.Series, fraction: pl.Series | None) -> tuple[pl.Series, str] | None:
    """Read a column of whole numbers that are calendar times, such as 20231225; None where it is not one."""
    low, high = whole.min(), whole.max()
    if not isinstance(low, int) or not isinstance(high, int):
        return None
    for digits, (how, pattern) in _CALENDAR.items():
        scale = 10 ** (digits - 8)
        if high < _FIRST_DAY * scale or low > (_LAST_DAY + 1) * scale:
            continue
        days = _of_digits(whole, fraction, digits)
        read = _epoch(whole.filter(days).cast(pl.String), pattern)
        if read.len() - read.null_count() >= _MOST * (len(whole) - whole.null_count()):
            result = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(whole))
            return result.scatter(days.arg_true(), read), how
    return None


def _of_digits(whole: pl.Series, fraction: pl.Series | None, digits: int) -> pl.Series:
    """Return where a number may be a calendar time of so many digits."""
    scale = 10 ** (digits - 8)
    may_be = whole.is_between(_FIRST_DAY * scale, (_LAST_DAY + 1) * scale - 1).fill_null(False)
    return may_be if fraction is None else may_be & (fraction == 0)


def _others_among_calendar(
    whole: pl.Series, fraction: pl.Series | None, days: pl.Series, name: str
) -> tuple[Numbers, list[str]]:
    """Read the other numbers of a column of calendar times, each by its size, where that is near to them.

    Placeholders such as 99999999 are near to nothing and stay null.
    """
    middle = days.median()
    others = whole.is_not_null() & days.is_null() & (whole >= _SECONDS_FROM)
    if not others.any() or not isinstance(middle, float):
        return (days, None), []
    (seconds, nanoseconds), _ = _in_unit(whole, fraction, "auto", name)
    near = others & ((seconds - middle).abs() < _NEAR)
    read = pl.select(pl.when(pl.lit(near)).then(pl.lit(seconds)).otherwise(pl.lit(days))).to_series()
    beyond = pl.when(pl.lit(near)).then(pl.lit(nanoseconds)).otherwise(0)
    notes = (
        [f"{counted(int(near.sum()), 'number')} of {name} by their size ({whole.filter(near)[0]})"]
        if near.any()
        else []
    )
    return (read, None if nanoseconds is None else pl.select(beyond.cast(pl.Int32)).to_series()), notes


def _calendar_among_others(
    whole: pl.Series, fraction: pl.Series | None, numbers: Numbers, name: str, found: list[str]
) -> tuple[Numbers, list[str]]:
    """Read the calendar times in a column of other numbers, each where that is nearer to most of the others.

    20231225 is 1970-08-23 as seconds: among times of 2023 it is the day, among counts it is a count. Given
    and returned are the numbers as read by their size, and what there is to say of them.
    """
    seconds, nanoseconds = numbers
    may_be = {digits: _of_digits(whole, fraction, digits) for digits in _CALENDAR}
    may_be = {digits: here for digits, here in may_be.items() if here.any()}
    if not may_be:
        return numbers, found
    others = seconds.filter(~pl.select(pl.any_horizontal(map(pl.lit, may_be.values()))).to_series())
    middle = others.median()
    if not isinstance(middle, float):
        return numbers, found
    notes: list[str] = []
    rest = whole.clone()
    seconds = seconds.clone()  # polars scatters in place
    nanoseconds = None if nanoseconds is None else nanoseconds.clone()
    for digits, here in may_be.items():
        how, pattern = _CALENDAR[digits]
        at = here.arg_true()
        read, as_number = _epoch(whole.gather(at).cast(pl.String), pattern), seconds.gather(at)
        nearer = (read - middle).abs() < (as_number - middle).abs()
        at, read = at.filter(nearer), read.filter(nearer)
        if len(at):
            seconds = seconds.scatter(at, read)
            rest = rest.scatter(at, None)
            nanoseconds = None if nanoseconds is None else nanoseconds.scatter(at, 0)
            notes.append(f"{counted(len(at), 'number')} of {name} as {how} ({whole[at[0]]})")
    if notes:
        _, found = _in_unit(rest, fraction, "auto", name)
    return (seconds, nanoseconds), [*found, *notes]


def _epoch(text: pl.Series, pattern: str) -> pl.Series:
    if "%H" not in pattern:
        return text.str.to_date(pattern, strict=False).dt.epoch("s")
    if "%M" not in pattern:
        text, pattern = text + "00", pattern + "%M"
    return text.str.to_datetime(pattern, strict=False, time_unit="us").dt.epoch("s")


def _serial_days(whole: pl.Series, fraction: pl.Series | None) -> Numbers:
    day = pl.lit(0 if fraction is None else fraction) * 86400
    # Excel keeps days as doubles, good to about a microsecond: rounded to the millisecond.
    beyond = ((day + 500_000) // 1_000_000) * 1_000_000
    parts = pl.select(
        (pl.lit(whole) * 86400 + _EXCEL_EPOCH + beyond // _BILLION).alias("seconds"),
        (beyond % _BILLION).cast(pl.Int32).alias("nanoseconds"),
    )
    nanoseconds = parts["nanoseconds"]
    if len(nanoseconds) != len(whole):
        nanoseconds = nanoseconds.new_from_index(0, len(whole))
    return parts["seconds"], nanoseconds


def _refuse_serial_days(whole: pl.Series, where: str) -> None:
    low, high = whole.min(), whole.max()
    if isinstance(low, int) and isinstance(high, int) and low >= _EXCEL_FROM and high <= _EXCEL_TO:
        raise DataError(
            f"{where} holds numbers from {low} to {high}: days as Excel counts them, or seconds of 1970?",
            remedy='Say which: time_format="excel" or time_format="s".',
            command="Say which: --time-format excel or --time-format s.",
        )


def _chrono(form: str, where: str) -> str:
    """Return a pattern of strptime as polars writes it, where ``%f`` would be a number of nanoseconds."""
    # "%%f" is a percent sign and an f; "%.f" is polars' own.
    pattern = re.sub(r"%%|\.%f", lambda found: found[0].replace(".%f", "%.f"), form)
    if "%f" in pattern.replace("%%", ""):
        raise DataError(
            f"{where} cannot be read by the pattern {form!r}: %f, a fraction of a second, is read only "
            "behind a point, as in %S.%f.",
            remedy="Give the fraction as .%f, or leave time_format out where times are as in ISO 8601.",
            command="Give the fraction as .%f, or leave --time-format out where times are as in ISO 8601.",
        )
    return pattern


def _by_pattern(text: pl.Series, form: str, name: str, where: str) -> Times:
    text, pattern, east, regions, notes = split_zones(text, _chrono(form, where), name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # polars' advice on patterns, which its own errors repeat
            # Microseconds reach all years, nanoseconds 1677 to 2262, beyond which they overflow.
            read = text.str.to_datetime(pattern, strict=False, time_unit="us")
            fine = text.str.to_datetime(pattern, strict=False, time_unit="ns") if "f" in pattern else None
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"{where} cannot be read by the pattern {form!r}: {str(error).splitlines()[0]}",
            remedy="Give a pattern of strptime, such as '%d/%m/%Y %H:%M'.",
        ) from None
    seconds, rest = _scaled(read.to_physical(), None, pl.lit(_PER_SECOND["us"]))
    if fine is not None:
        whole, beyond = _scaled(fine.to_physical(), None, pl.lit(_PER_SECOND["ns"]))
        rest = pl.select(pl.when(pl.lit(whole) == seconds).then(beyond).otherwise(rest)).to_series()
    rest = rest if rest is not None and (rest > 0).any() else None
    seconds, found = in_regions(seconds - east, regions, name)
    return Times(seconds, rest, (f"{name} as {form}", *notes, *found))
