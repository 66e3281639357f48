"""What can be wrong with a row, found by masks over whole columns, and the tally of what was dropped.

Knows nothing of policy: which repeats stay or how many events are enough is `nextinterest.data.cleaning`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.advice import advise
from nextinterest.data.event_kinds import read_kinds
from nextinterest.data.missing import is_missing
from nextinterest.data.ratings import read_ratings
from nextinterest.data.report import Dropped
from nextinterest.data.sources.raw import RawData
from nextinterest.data.times import read_times
from nextinterest.errors import DataError

__all__ = [
    "BAD_RATING",
    "BAD_TIME",
    "BAD_WEIGHT",
    "BEFORE_1970",
    "EXACT_DUPLICATE",
    "FUTURE",
    "LOW_RATING",
    "NEGATIVE_WEIGHT",
    "NO_ITEM",
    "NO_TIME",
    "NO_USER",
    "REPEATED_ITEM",
    "REPEATED_PAIR",
    "TOO_FEW",
    "Tally",
    "judge_events",
    "written_cells",
]

NO_USER = "no user id"
NO_ITEM = "no item id"
NO_TIME = "no time"
BAD_TIME = "unreadable time"
BEFORE_1970 = "time before 1970"
FUTURE = "time in the future"
BAD_RATING = "unreadable rating"
BAD_WEIGHT = "unreadable weight"
NEGATIVE_WEIGHT = "negative weight"
EXACT_DUPLICATE = "exact duplicate"
REPEATED_PAIR = "repeated user and item"
REPEATED_ITEM = "repeated item id"
LOW_RATING = "rating below the minimum"
TOO_FEW = "user or item with too few events"

_SHOWN = 40
"""So many characters of a cell are shown."""
_GAP = 20 * 365 * 86400
"""Times so many seconds before most others are hardly meant: days of Excel, counts, 1970-01-01 for none."""


def judge_events(
    raw: RawData, latest: int, time_format: str = "auto"
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Cast times, ratings and weights, and name what is wrong with each row.

    Parameters
    ----------
    raw
        Rows as a reader returned them, with names in one form (`nextinterest.data.names.read_names`).
    latest
        Seconds since 1970 after which a time is in the future.
    time_format
        How times are written; see `nextinterest.data.times`.

    Returns
    -------
    A frame with the columns ``user``, ``item``, ``time`` (Int64), ``nanoseconds`` (Int32, null where no time
    of the data has a fraction), ``rating`` and ``weight`` (Float32, null where missing), ``kind``, ``line``,
    ``file`` and ``problem`` (the first thing wrong with the row, or null); and how they were read, where that
    is not plain.

    Raises
    ------
    DataError
        If the times can be read in two ways.
    """
    written = raw.events.select(
        pl.when(~is_missing(text)).then(text).alias(name)
        for name, text in ((name, pl.col(name).str.strip_chars()) for name in ("time", "rating", "weight"))
    )
    times = read_times(
        written["time"],
        raw.time_unit,
        time_format,
        name=raw.columns.get("time", "time"),
        file=raw.files[0],
        stripped=True,
    )
    ratings, about_ratings = read_ratings(written["rating"], name=raw.columns.get("rating", "rating"))
    weights, about_weights = read_ratings(written["weight"], name=raw.columns.get("weight", "weight"))
    kinds, about_kinds = read_kinds(raw.events["kind"], name=raw.columns.get("kind", "kind"))
    none = pl.Series([None], dtype=pl.Int32).new_from_index(0, len(written))
    rows = raw.events.with_columns(
        times.seconds.alias("when"),
        (none if times.nanoseconds is None else times.nanoseconds).alias("nanoseconds"),
        ratings.alias("stars"),
        weights.alias("much"),
        kinds.alias("kind"),
        written["time"].is_null().alias("undated"),
        written["rating"].is_null().alias("unrated"),
        written["weight"].is_null().alias("unweighed"),
    )
    problem = (
        pl.when(pl.col("problem").is_not_null())
        .then(pl.col("problem"))
        .when(pl.col("user").is_null())
        .then(pl.lit(NO_USER))
        .when(pl.col("item").is_null())
        .then(pl.lit(NO_ITEM))
        .when(pl.col("undated") & raw.has_times)
        .then(pl.lit(NO_TIME))
        .when(pl.col("when").is_null() & ~pl.col("undated"))
        .then(pl.lit(BAD_TIME))
        .when(pl.col("when") < 0)
        .then(pl.lit(BEFORE_1970))
        .when(pl.col("when") > latest)
        .then(pl.lit(FUTURE))
        .when(pl.col("stars").is_null() & ~pl.col("unrated"))
        .then(pl.lit(BAD_RATING))
        .when(pl.col("much").is_null() & ~pl.col("unweighed"))
        .then(pl.lit(BAD_WEIGHT))
        .when((pl.col("much") < 0) & pl.col("kind").ne_missing("return"))
        .then(pl.lit(NEGATIVE_WEIGHT))
    )
    judged = rows.select(
        "user",
        "item",
        pl.col("when").alias("time"),
        "nanoseconds",
        pl.col("stars").alias("rating"),
        "kind",
        pl.col("much").alias("weight"),
        "line",
        "file",
        problem.alias("problem"),
    )
    return judged, (*times.notes, *_strays(judged, raw), *about_ratings, *about_weights, *about_kinds)


def _strays(judged: pl.DataFrame, raw: RawData) -> list[str]:
    """Report how many of the times that are kept lie a gap of 20 years or more before most of them."""
    low, high = judged["time"].min(), judged["time"].max()
    if not isinstance(low, int) or not isinstance(high, int) or high - low < _GAP:
        return []
    fine = pl.col("problem").is_null() & pl.col("time").is_not_null()
    times = judged.filter(fine)["time"].sort()
    gaps = (times.diff().slice(1, len(times) // 2) >= _GAP).arg_true()
    if not len(gaps):
        return []
    n = int(gaps[-1]) + 1
    stray = judged.filter(fine & (pl.col("time") < times[n]))
    first = stray.row(0, named=True)
    name, location = raw.columns.get("time", "time"), f"{raw.files[first['file']]}:{first['line']}"
    return [
        f"{counted(n, 'time')} of {name} more than 20 years before the rest, which begin {_day(times[n])}: "
        f"the first is {_day(first['time'])} at {location}"
    ]


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _cut(cell: str) -> str:
    return repr(cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}...")


def written_cells(raw: RawData) -> Mapping[str, pl.Series]:
    """Return the column in which what could not be read stands, by problem."""
    time, rating, weight = (raw.events[name] for name in ("time", "rating", "weight"))
    of_times = dict.fromkeys((BAD_TIME, BEFORE_1970, FUTURE), time)
    return {**of_times, BAD_RATING: rating, BAD_WEIGHT: weight, NEGATIVE_WEIGHT: weight}


@dataclass
class Tally:
    """Counts what is dropped, by reason, with the location of the first of each.

    Attributes
    ----------
    files
        Names of the files that the column ``file`` counts into.
    strict
        Whether faults are to be raised by `raise_if_strict`.
    """

    files: tuple[str, ...]
    strict: bool = False
    _dropped: list[Dropped] = field(default_factory=list)
    _faults: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """What was dropped so far, in the order of the steps."""
        return tuple(self._dropped)

    def problems(self, rows: pl.DataFrame, what: str, cells: Mapping[str, pl.Series] | None = None) -> None:
        """Count the rows that carry a problem, by problem; the most frequent first.

        `cells` are what stands in the rows, by the problem that they show.
        """
        found = (
            rows.lazy()
            .select("problem", "file", "line", pl.int_range(pl.len()).alias("row"))
            .filter(pl.col("problem").is_not_null())
            .group_by("problem", maintain_order=True)
            .agg(pl.len().alias("count"), pl.col("file", "line", "row").first())
            .sort("count", descending=True, maintain_order=True)
            .collect()
        )
        for reason, count, file, line, row in found.iter_rows():
            cell = (cells or {}).get(reason)
            shown = None if cell is None else _cut(str(cell[row]).strip())
            self._add(what, reason, count, file, line, shown, fault=True)

    def drop(
        self, what: str, reason: str, rows: pl.DataFrame, dropped: pl.Series, *, fault: bool = False
    ) -> None:
        """Count the rows where `dropped` is true."""
        at = dropped.arg_true()
        if len(at):
            first = rows.row(at[0], named=True)
            self._add(what, reason, len(at), first["file"], first["line"], None, fault=fault)

    def _add(
        self, what: str, reason: str, count: int, file: int, line: int, cell: str | None, *, fault: bool
    ) -> None:
        location = f"{self.files[file]}:{line}"
        self._dropped.append(Dropped(what=what, reason=reason, count=count, first=location, cell=cell))
        if fault:
            self._faults.append((file, line, reason))

    def raise_if_strict(self) -> None:
        """Raise at the first fault in the order of the files, where the tally is strict."""
        if self.strict and self._faults:
            file, line, reason = min(self._faults)
            location = f"{self.files[file]}:{line}"
            dropped = [d for d in self._dropped if (d.reason, d.first) == (reason, location)]
            cell = "" if dropped[0].cell is None else f" ({dropped[0].cell})"
            python, command = (f" {advice}" for advice in advise(dropped)) if cell else ("", "")
            raise DataError(
                f"{location}: {reason}{cell}.",
                remedy=f"Mend the row, or read without strict to drop such rows and count them.{python}",
                command=f"Mend the row, or leave --strict out to drop such rows and count them.{command}",
            )

    def summary(self) -> str:
        """Return the counts in one line."""
        return "; ".join(
            f"{counted(d.count, d.what.removesuffix('s'))} dropped ({d.reason}, first at {d.location})"
            for d in self._dropped
        )
