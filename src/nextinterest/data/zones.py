"""Zones of times, whole columns: abbreviations of one meaning and offsets, as seconds from UTC, and regions.

How far the clocks of a region such as Europe/Berlin are from UTC depends on the time.
"""

from __future__ import annotations

import re

import polars as pl

from nextinterest.counting import counted

__all__ = ["PLAIN_ZONES", "REGION", "ZONES", "in_regions", "split_zones", "zone_offset"]

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

REGION = r"[A-Za-z]\w*(?:/[\w+-]+){1,2}"
"""How the name of a region is written, as a regular expression."""

_DIRECTIVE = re.compile(r"(%[-_0]?:{0,3}#?\.?\d?[A-Za-z%])")
_LETTERS, _HALF = ("a", "A", "b", "B", "h"), ("p", "P")
_COMPOSED = ("c", "D", "x", "F", "v", "R", "T", "X", "r")
_ZONE = rf"(?:(?P<region>{REGION})|(?P<zone>[A-Za-z]+)?\s*(?P<offset>[+-]\d{{1,2}}(?::?\d{{2}})?)?)"


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


def in_regions(local: pl.Series, regions: pl.Series, name: str) -> tuple[pl.Series, list[str]]:
    """Return times in UTC by the rules of the regions whose clocks they are of.

    Of an hour that clocks show twice the first counts.

    Parameters
    ----------
    local
        Seconds since 1970 on the clocks of the region.
    regions
        Names of regions, null where there is none.
    name
        Of the column, for the notes.

    Returns
    -------
    Seconds since 1970 UTC, as they are where there is no region, and null where the region is not known or
    its clocks never showed the time; and how they were read.
    """
    seconds = pl.select(pl.when(pl.lit(regions).is_null()).then(pl.lit(local))).to_series()
    notes: list[str] = []
    for region in filter(_is_region, regions.drop_nulls().unique().sort()):
        at = (regions == region).arg_true()
        clock = pl.from_epoch(local.gather(at), "s")
        early, late = (
            clock.dt.replace_time_zone(region, ambiguous=which, non_existent="null").dt.epoch("s")
            for which in ("earliest", "latest")
        )
        seconds = seconds.scatter(at, early)
        twice = int((early != late).sum())
        repeated = f", {counted(twice, 'time')} of a repeated hour as the first" if twice else ""
        notes.append(f"{name} by the clocks of {region}{repeated}")
    return seconds, notes


def _is_region(name: str) -> bool:
    if not name[:1].isalpha():
        return False
    try:
        pl.Series([0]).cast(pl.Datetime("us")).dt.replace_time_zone(name)
    except pl.exceptions.PolarsError:
        return False
    return True


def split_zones(
    text: pl.Series, pattern: str, name: str
) -> tuple[pl.Series, str, pl.Series, pl.Series, list[str]]:
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
    Times and pattern without zones; seconds east of UTC, null where a zone is missing or not known, 0 where
    it is a region; these regions, see `in_regions`; and how abbreviations were read.
    """
    parts = _DIRECTIVE.split(re.sub(r"%Z\s*(?=%:{0,3}#?z)", "", pattern))
    at = next((i for i, part in enumerate(parts) if i % 2 and part[-1] in "zZ"), None)
    if at is None:
        none = pl.Series([None], dtype=pl.String).new_from_index(0, len(text))
        return text, pattern, pl.zeros(len(text), pl.Int64, eager=True), none, []
    before, after = ("".join(map(_expression, some)) for some in (parts[:at], parts[at + 1 :]))
    found = text.str.extract_groups(rf"^(?P<before>{before}){_ZONE}(?P<after>{after})$").struct.unnest()
    zone = pl.col("zone").str.to_uppercase()
    read = found.select(
        (pl.col("before") + pl.col("after")).alias("text"),
        pl.when(pl.any_horizontal(pl.col("zone", "offset", "region").is_not_null()))
        .then(zone_offset(zone, pl.col("offset")))
        .alias("east"),
        zone.alias("zone"),
        "region",
    )
    names = read.filter(pl.col("east").is_not_null())["zone"].drop_nulls().unique().sort()
    notes = [f"{name}: {zone} as UTC{ZONES[zone]:+d}" for zone in names if zone not in PLAIN_ZONES]
    return read["text"], "".join((*parts[:at], *parts[at + 1 :])), read["east"], read["region"], notes


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
