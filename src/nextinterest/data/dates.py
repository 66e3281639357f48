"""Dates with or without a time of day, as people and programs write them, whole columns at a time.

Read: year first (ISO 8601 and its neighbours), numbers with the day or the month first, English names of
months, the form of e-mail headers and that of C. Two-digit years are refused. Which of two numbers is the
month is decided by the whole column, and refused where the column does not show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.zones import PLAIN_ZONES, REGION, ZONES, in_regions, zone_offset
from nextinterest.errors import DataError

__all__ = ["DateOrder", "Dates", "read_dates"]

DateOrder = Literal["auto", "day-first", "month-first"]

_TIME = (
    r"(?:[Tt\s,_]+(?P<hour>\d{1,2})(?::?(?P<minute>\d{2}))?(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    # A region before what ends the hour: "America/New_York" begins like "am".
    rf"(?:\s*(?P<region>{REGION})|\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>[A-Za-z]{1,4})?(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?(?P<comment>\s*\([^)]*\))?"
    rf"(?:\s*\[!?(?P<bracket>[^\]=]*)\]|\s+(?P<beside>{REGION}))?(?:\[[^\]]*=[^\]]*\])*))?$"
)
_MONTH = r"(?P<name>[A-Za-z]{3,9})\.?"
_WEEKDAY = r"^(?:(?:[Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|[Ss]un)[a-z]*\.?,?\s+)?"
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME
_COMPACT = r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})" + _TIME
_NUMBERS = r"^(?P<first>\d{1,2})(?P<sign>[-/.])(?P<other>\d{1,2})[-/.](?P<year>\d{4})" + _TIME
_NAMED = (
    _WEEKDAY + r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s\-./]+" + _MONTH + r"[\s\-./,]+(?P<year>\d{4})" + _TIME,
    _WEEKDAY + _MONTH + r"\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + _TIME,
    # As C and Twitter write it: Mon Dec 25 18:30:00 +0000 2023
    _WEEKDAY + _MONTH + r"\s+(?P<day>\d{1,2})\s+(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2})"
    r"(?:\s+(?P<zone>[A-Za-z]{1,4}))?(?:\s*(?P<offset>[+-]\d{4}))?\s+(?P<year>\d{4})$",
)
_TWO_DIGITS = (
    r"^(?:\d{1,2}[-/.]\d{1,2}|\d{1,2}[\s\-./]+[A-Za-z]{3,9}|[A-Za-z]{3,9}\s+\d{1,2},)"
    r"[-/.,\s]+'?\d{2}(?:[^\d:]|$)"
)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH_NUMBERS = {
    **{name: i for i, name in enumerate(_MONTHS, start=1)},
    **{name: i for i, name in enumerate(_LONG, start=1)},
    "sept": 9,
}
_FIELDS = (
    *("year", "month", "day", "hour", "minute", "second", "fraction", "half"),
    *("zone", "offset", "region", "bracket", "beside", "comment"),
)


@dataclass(frozen=True, eq=False)
class Dates:
    """A column of dates.

    Attributes
    ----------
    seconds
        Int64, since 1970 UTC, null where it cannot be read.
    nanoseconds
        Int32, what is beyond the whole second.
    notes
        How they were read, where that is not plain.
    """

    seconds: pl.Series
    nanoseconds: pl.Series
    notes: tuple[str, ...]


def read_dates(text: pl.Series, order: DateOrder = "auto", *, name: str, where: str) -> Dates:
    """Read dates.

    Parameters
    ----------
    text
        Dates, without blanks around them.
    order
        Which number comes first where neither is the year; ``auto`` asks the column.
    name, where
        The column, for notes and for errors.

    Raises
    ------
    DataError
        If the column can be read with the day or the month first, or most of its years have two digits.
    """
    left = pl.int_range(len(text), dtype=pl.UInt32, eager=True)
    parts: list[pl.DataFrame] = []
    notes: list[str] = []
    for pattern in (_YEAR_FIRST, _COMPACT, _NUMBERS, *_NAMED):
        rest = text.gather(left)
        fits = rest.str.contains(pattern)
        if not fits.any():
            continue
        fields = rest.filter(fits).str.extract_groups(pattern).struct.unnest()
        if pattern == _NUMBERS:
            fields, found = _ordered(fields, rest.filter(fits), order, name, where)
            notes += found
        elif "name" in fields.columns:
            month = pl.col("name").str.to_lowercase().replace_strict(_MONTH_NUMBERS, default=None)
            fields = fields.with_columns(month.cast(pl.String).alias("month"))
            notes.append(f"{name} with names of months")
        moments, found = _moments(fields, left.filter(fits), name)
        parts.append(moments)
        notes += found
        left = left.filter(~fits)
    if len(left):
        _refuse_two_digits(text.gather(left), len(text), where)
    seconds = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(text))
    nanoseconds = pl.zeros(len(text), pl.Int32, eager=True)
    if parts:
        read = pl.concat(parts)
        seconds = seconds.scatter(read["at"], read["seconds"])
        nanoseconds = nanoseconds.scatter(read["at"], read["nanoseconds"])
        notes += _about_zones(read, name)
    return Dates(seconds, nanoseconds, tuple(dict.fromkeys(notes)))


def _moments(fields: pl.DataFrame, at: pl.Series, name: str) -> tuple[pl.DataFrame, list[str]]:
    """Return seconds, nanoseconds and zones of dates in parts, null where they are none; and notes."""
    absent = [pl.lit(None, dtype=pl.String).alias(field) for field in _FIELDS if field not in fields.columns]
    fields = fields.with_columns(absent)
    two = {field: pl.col(field).str.zfill(2) for field in ("month", "day")}
    date = pl.concat_str("year", two["month"], two["day"], separator="-").str.to_date(
        "%Y-%m-%d", strict=False
    )
    hour, minute, second = (pl.col(part).cast(pl.Int64).fill_null(0) for part in ("hour", "minute", "second"))
    half = pl.col("half").str.slice(0, 1).str.to_lowercase()
    in_half = half.is_null() | hour.is_between(1, 12)
    hour = pl.when(half.is_null()).then(hour).otherwise(hour % 12 + 12 * (half == "p").cast(pl.Int64))
    # An hour alone is a time of day only as "6 PM"; 24:00 is the midnight that ends a day.
    whole = pl.col("hour").is_null() | pl.col("minute").is_not_null() | half.is_not_null()
    of_day = ((hour <= 23) | ((hour == 24) & (minute == 0) & (second == 0))) & (minute <= 59) & (second <= 60)
    zone = pl.col("zone").str.to_uppercase()
    east = zone_offset(zone, pl.col("offset"))
    # Behind an offset a region or a comment repeats it; without one the region counts.
    alone = zone.is_null() & pl.col("offset").is_null()
    region = pl.coalesce("region", pl.when(alone).then(pl.coalesce("bracket", "beside")))
    valid = in_half & whole & of_day & ~(alone & pl.col("comment").is_not_null())
    seconds = date.dt.epoch("s") + hour * 3600 + minute * 60 + second - east
    fraction = (pl.col("fraction").fill_null("") + "000000000").str.slice(0, 9).cast(pl.Int32)
    read = fields.select(
        pl.lit(at).alias("at"),
        pl.when(valid).then(seconds).alias("seconds"),
        fraction.alias("nanoseconds"),
        pl.when(~zone.is_in(PLAIN_ZONES)).then(zone).alias("zone"),
        (pl.col("hour").is_not_null() & alone & region.is_null()).alias("local"),
        (~alone | region.is_not_null()).alias("zoned"),
        region.alias("region"),
    )
    utc, notes = in_regions(read["seconds"], read["region"], name)
    return read.drop("region").with_columns(utc.alias("seconds")), notes


def _about_zones(read: pl.DataFrame, name: str) -> list[str]:
    zones = read.filter(pl.col("seconds").is_not_null())["zone"].drop_nulls().unique().sort()
    notes = [f"{name}: {zone} as UTC{ZONES[zone]:+d}" for zone in zones]
    local, zoned = int(read["local"].sum()), int(read["zoned"].sum())
    if local and zoned:
        notes.append(
            f"{name}: {counted(local, 'time without a zone was', 'times without a zone were')} read as "
            f"UTC, beside {zoned:,} with one"
        )
    return notes


def _ordered(
    fields: pl.DataFrame, text: pl.Series, order: DateOrder, name: str, where: str
) -> tuple[pl.DataFrame, list[str]]:
    """Decide which of two numbers is the month."""
    first, other = pl.col("first").cast(pl.Int64), pl.col("other").cast(pl.Int64)
    dotted = pl.col("sign") == "."
    slashed = fields.filter(~dotted)
    note = "day" if order != "month-first" else "month"
    if order == "auto" and len(slashed):
        note = _first_number(slashed, text.filter(fields["sign"] != "."), where)
    day_first = pl.lit(note == "day") | (dotted if order == "auto" else pl.lit(False))
    fields = fields.with_columns(
        pl.when(day_first).then(other).otherwise(first).cast(pl.String).alias("month"),
        pl.when(day_first).then(first).otherwise(other).cast(pl.String).alias("day"),
    )
    # The same date either way needs no word.
    plain = len(slashed) == 0 or bool(
        (slashed["first"].cast(pl.Int64) == slashed["other"].cast(pl.Int64)).all()
    )
    if plain and len(slashed) == len(fields):
        return fields, []
    return fields, [f"{name} with the {note} first"]


def _first_number(fields: pl.DataFrame, text: pl.Series, where: str) -> Literal["day", "month"]:
    """Return what the first number of a column is.

    Raises
    ------
    DataError
        If the column does not show it, or shows both.
    """
    first, other = fields["first"].cast(pl.Int64), fields["other"].cast(pl.Int64)
    days = (first > 12) & (first <= 31) & (other <= 12)
    months = (other > 12) & (other <= 31) & (first <= 12)
    if days.any() != months.any():
        return "day" if days.any() else "month"
    if not days.any() and bool((first == other).all()):
        return "day"
    if days.any():
        found = (
            f"has dates with the day first ({text.filter(days)[0]}) and with the month first "
            f"({text.filter(months)[0]})"
        )
    else:
        found = f"can be read with the day or the month first ({text.filter(first != other)[0]})"
    raise DataError(
        f"{where} {found}.",
        remedy='Say which: time_format="day-first", time_format="month-first", or a pattern.',
        command="Say which: --time-format day-first, --time-format month-first, or a pattern.",
    )


def _refuse_two_digits(left: pl.Series, n: int, where: str) -> None:
    short = left.filter(left.str.contains(_TWO_DIGITS))
    if 2 * len(short) > n:
        raise DataError(
            f"{where} has years of two digits ({short[0]}).",
            remedy="Give their pattern, such as time_format='%d/%m/%y' or time_format='%m/%d/%y %H:%M'.",
            command="Give their pattern, such as --time-format '%d/%m/%y' or --time-format '%m/%d/%y %H:%M'.",
        )
