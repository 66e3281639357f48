"""Times as written in files, read as seconds since 1970 UTC. Whole columns; what cannot be read is null."""

from __future__ import annotations

import polars as pl

from nextinterest.data.sources.raw import TimeUnit

__all__ = ["seconds"]

MILLISECONDS_FROM = 10**11
"""A numeric time of this size is in milliseconds: as seconds it would lie in the year 5138."""
MICROSECONDS_FROM = 10**14
NANOSECONDS_FROM = 10**17


def seconds(column: pl.Series, unit: TimeUnit = "auto") -> pl.Series:
    """Read times: numbers in `unit`, or ISO 8601 dates; without a zone they are UTC.

    Parameters
    ----------
    column
        Times as strings.
    unit
        Of numbers; ``auto`` judges each by its size.

    Returns
    -------
    Int64, null where a time is missing or cannot be read.

    Examples
    --------
    >>> seconds(pl.Series(["881250949", "1588687728923", "1970-01-02T01:00:00+01:00", "x"])).to_list()
    [881250949, 1588687728, 86400, None]
    """
    text = column.str.strip_chars()
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() > text.null_count():
        fraction = text.cast(pl.Float64, strict=False)
        in_range = pl.when(fraction.abs() < 2.0**62).then(fraction.floor())
        whole = pl.select(pl.coalesce(whole, in_range.cast(pl.Int64))).to_series()
    number = pl.lit(whole) if unit == "s" else pl.lit(whole) // 1000
    if unit == "auto":
        size = pl.lit(whole).abs()
        number = (
            pl.when(size >= NANOSECONDS_FROM)
            .then(pl.lit(whole) // 1_000_000_000)
            .when(size >= MICROSECONDS_FROM)
            .then(pl.lit(whole) // 1_000_000)
            .when(size >= MILLISECONDS_FROM)
            .then(pl.lit(whole) // 1000)
            .otherwise(pl.lit(whole))
        )
    result = pl.select(number).to_series()
    left = result.is_null() & (text.str.len_bytes() > 0)
    if left.any():
        at = left.arg_true()
        result = result.scatter(at, _iso(text.gather(at)))
    return result.alias(column.name)


def _iso(text: pl.Series) -> pl.Series:
    text = text.str.replace(r"^(\d{4}-\d{2}-\d{2})[Tt]", "${1} ")
    zoned = text.str.replace(r"(?:[Zz]| ?UTC)$", "+0000").str.replace(r"([+-]\d{2}):(\d{2})$", "${1}${2}")
    formats = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
    read = [
        pl.lit(zoned).str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", strict=False).dt.replace_time_zone(None),
        *(pl.lit(text).str.to_datetime(form, strict=False, time_unit="us") for form in formats),
        pl.lit(text).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")),
    ]
    return pl.select(pl.coalesce(read).dt.epoch("s")).to_series()
