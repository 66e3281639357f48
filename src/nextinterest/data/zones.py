"""Zones of times: abbreviations of one meaning and offsets, as seconds from UTC. Whole columns."""

from __future__ import annotations

import re

import polars as pl

__all__ = ["PLAIN_ZONES", "ZONES", "split_zones", "zone_offset"]

ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("CET", "WEST"), 1),
    **dict.fromkeys(("CEST", "EET"), 2),
    **dict.fromkeys(("EEST",), 3),
    **dict.fromkeys(("EDT",), -4),
    **dict.fromkeys(("EST",), -5),
    **dict.fromkeys(("MDT",), -6),
    **dict.fromkeys(("MST", "PDT"), -7),
    **dict.fromkeys(("PST",), -8),
}
"""Hours from UTC. Left out are abbreviations that several zones share, such as CST, IST and BST."""
PLAIN_ZONES = ("Z", "UTC", "GMT")

_DIRECTIVE = re.compile(r"(%[-_0]?:{0,3}#?\.?\d?[A-Za-z%])")
_LETTERS, _HALF = ("a", "A", "b", "B", "h"), ("p", "P")
_COMPOSED = ("c", "D", "x", "F", "v", "R", "T", "X", "r")
_ZONE = r"(?P<zone>[A-Za-z_/]+)?\s*(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?"


def zone_offset(zone: pl.Expr, offset: pl.Expr) -> pl.Expr:
    """Return seconds east of UTC by a zone in capitals and an offset such as ``+0200``.

    0 where both are null; null where the zone is not known, or its name and the offset do not fit.
    """
    named = zone.replace_strict(ZONES, default=None, return_dtype=pl.Int64) * 3600
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    digits = offset.str.replace(":", "").str.slice(1)
    hours = pl.when(digits.str.len_bytes() > 2).then(digits.str.head(-2)).otherwise(digits)
    minutes = pl.when(digits.str.len_bytes() > 2).then(digits.str.tail(2)).otherwise(pl.lit("0"))
    seconds = sign * (hours.cast(pl.Int64) * 3600 + minutes.cast(pl.Int64) * 60)
    both = zone.is_null() | (zone.is_in(PLAIN_ZONES) & (zone != "Z"))  # "UTC+2", never "CET+2"
    return (
        pl.when(offset.is_not_null())
        .then(pl.when(both & (seconds.abs() <= 18 * 3600)).then(seconds))
        .when(zone.is_not_null())
        .then(named)
        .otherwise(0)
    )


def split_zones(text: pl.Series, pattern: str, name: str) -> tuple[pl.Series, str, pl.Series, list[str]]:
    """Take the zones out of times that are written by a pattern with ``%Z`` or ``%z``.

    Parameters
    ----------
    text
        Times as written.
    pattern
        How, as polars has it.
    name
        Of the column, for the notes.

    Returns
    -------
    Times and pattern without zones; seconds east of UTC, null where a zone is missing or not known; and how
    abbreviations were read.
    """
    parts = _DIRECTIVE.split(re.sub(r"%Z\s*(?=%:{0,3}#?z)", "", pattern))
    at = next((i for i, part in enumerate(parts) if i % 2 and part[-1] in "zZ"), None)
    if at is None:
        return text, pattern, pl.zeros(len(text), pl.Int64, eager=True), []
    before, after = ("".join(map(_expression, some)) for some in (parts[:at], parts[at + 1 :]))
    found = text.str.extract_groups(rf"^(?P<before>{before}){_ZONE}(?P<after>{after})$").struct.unnest()
    zone = pl.col("zone").str.to_uppercase()
    read = found.select(
        (pl.col("before") + pl.col("after")).alias("text"),
        pl.when(zone.is_not_null() | pl.col("offset").is_not_null())
        .then(zone_offset(zone, pl.col("offset")))
        .alias("east"),
        zone.alias("zone"),
    )
    names = read.filter(pl.col("east").is_not_null())["zone"].drop_nulls().unique().sort()
    notes = [f"{name}: {zone} as UTC{ZONES[zone]:+d}" for zone in names if zone not in PLAIN_ZONES]
    return read["text"], "".join((*parts[:at], *parts[at + 1 :])), read["east"], notes


def _expression(part: str) -> str:
    """Return the regular expression of a directive, or of the text between two."""
    if not _DIRECTIVE.fullmatch(part):
        return r"\s*".join(map(re.escape, re.split(r"\s+", part)))
    if part == "%%":
        return "%"
    if part[-1] in _LETTERS:
        return "[A-Za-z]+"
    if part[-1] in _HALF:
        return r"[AaPp]\.?[Mm]\.?"
    if part[-1] == "f":
        return r"(?:\.\d+)?" if "." in part else r"\d+"
    return ".+?" if part[-1] in _COMPOSED else r"\s*[+-]?\d+"
