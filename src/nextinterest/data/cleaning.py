"""From raw rows to a clean log and catalogue, with a report of everything that was dropped and why.

Every step is a mask over whole columns. This module knows nothing of file formats (see
`nextinterest.data.sources`) or of what is held out (`nextinterest.data.splits`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from nextinterest.counting import counted
from nextinterest.data.advice import about_repeats, advise
from nextinterest.data.details import read_details
from nextinterest.data.event_kinds import kind_codes, left_open, one_per_pair
from nextinterest.data.faults import (
    EXACT_DUPLICATE,
    LOW_RATING,
    NO_ITEM,
    REPEATED_ITEM,
    REPEATED_PAIR,
    TOO_FEW,
    Tally,
    judge_events,
    written_cells,
)
from nextinterest.data.log import EventLog
from nextinterest.data.names import doubtful_ids, read_names
from nextinterest.data.report import CleaningReport
from nextinterest.data.sources.raw import ITEM_SCHEMA, RawData
from nextinterest.data.spelling import match_ids
from nextinterest.data.times import check_time_format
from nextinterest.data.titles import normalise_titles
from nextinterest.domain import Catalog, IntArray
from nextinterest.errors import DataError

__all__ = ["CleaningConfig", "clean", "k_core"]


class CleaningConfig(BaseModel):
    """What cleaning does. The defaults keep every well-formed event but a user's repeats of an item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repeats: Literal["first", "last", "keep"] = "first"
    """Which event of a repeated (user, item) pair stays. The first is the moment the interest was new, which
    is what is predicted with seen items masked; a later one is often a changed rating. Where there are
    purchases or loans, views, clicks, carts, saves and shares only stay of items without another event."""

    ties: Literal["file", "item"] = "file"
    """Order of a user's events of one time: as in the file, or by item id (numeric ids as numbers)."""

    min_user_events: int = Field(default=0, ge=0)
    """Users with fewer events are dropped, again and again until nothing changes (k-core)."""

    min_item_events: int = Field(default=0, ge=0)
    """The same for items."""

    min_rating: float | None = None
    """Events rated lower are dropped; unrated ones stay."""

    unused_items: Literal["auto", "keep", "drop"] = "auto"
    """Whether items without events stay in the catalogue. ``auto`` keeps them unless a k-core was asked for,
    which published protocols count over the items that remain."""

    time_format: str = "auto"
    """How times are written: a unit of numbers (s, ms, us, ns), day-first, month-first, excel, or a pattern
    of strptime such as ``%d/%m/%Y %H:%M``. ``auto`` judges by the column, and refuses what can be read in two
    ways."""

    ids: Literal["exact", "loose"] = "exact"
    """Whether ids of events are those of the tables of items and users only where they are spelled the same,
    or also where they differ in capital letters, blanks, leading zeros or a trailing ``.0`` alone."""

    item_separator: str | None = None
    """What separates the items of cells that hold several, each of which is an event then; empty where a cell
    is one id. None refuses cells that certainly hold several."""

    latest: datetime | None = None
    """Events after this moment are in the future; None is the moment of the call."""

    @field_validator("time_format")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return check_time_format(value)
        except DataError as error:
            raise ValueError(str(error)) from None

    @classmethod
    def five_core(cls, ties: Literal["file", "item"] = "file") -> CleaningConfig:
        """Return the preset of most published numbers: at least five events per user and per item."""
        return cls(min_user_events=5, min_item_events=5, ties=ties)


def k_core(users: IntArray, items: IntArray, min_user_events: int, min_item_events: int) -> NDArray[np.bool_]:
    """Return which events remain when users and items with too few events are dropped until none is left.

    Each round drops all that fall short; the rounds end at the largest log that satisfies both numbers, which
    is unique, so the order of dropping does not matter.

    Parameters
    ----------
    users, items
        Index of the user and the item of each event, shape (n_events,).
    min_user_events, min_item_events
        The numbers to reach; below 2 nothing is dropped.

    Examples
    --------
    >>> users, items = np.array([0, 0, 1, 1, 2], np.int32), np.array([0, 1, 0, 1, 2], np.int32)
    >>> k_core(users, items, 2, 2).tolist()
    [True, True, True, True, False]
    """
    kept = np.ones(len(users), dtype=np.bool_)
    while True:
        at = np.flatnonzero(kept)
        u, i = users[at], items[at]
        enough = (np.bincount(u)[u] >= min_user_events) & (np.bincount(i)[i] >= min_item_events)
        if enough.all():
            return kept
        kept[at[~enough]] = False


def clean(
    raw: RawData, config: CleaningConfig | None = None, *, strict: bool = False, now: datetime | None = None
) -> tuple[Catalog, EventLog, pl.DataFrame | None, CleaningReport]:
    """Clean what a reader returned.

    Parameters
    ----------
    raw
        Rows as they stand in the files.
    config
        What to do; None for the defaults.
    strict
        Raise at the first bad row (malformed, badly dated or an exact duplicate) where the default drops it
        and reports it. Repeated pairs, low ratings and the k-core are policy, not faults.
    now
        The moment after which times are in the future, where `config` names none; None asks the clock.

    Returns
    -------
    The catalogue, the log, the table of users (one row per user of the log) and the report.

    Raises
    ------
    DataError
        If no event is left, times can be read in two ways, or with `strict` at the first bad row.
    """
    config = config or CleaningConfig()
    raw = read_names(raw)
    tally = Tally(raw.files, strict)
    items, about_items = _clean_items(raw, tally)
    latest = config.latest or now or datetime.now(UTC)
    latest = latest if latest.tzinfo is not None else latest.replace(tzinfo=UTC)
    rows, notes = judge_events(raw, int(latest.timestamp()), config.time_format)
    tally.problems(rows, "events", written_cells(raw))
    rows = rows.filter(pl.col("problem").is_null()).drop("problem")
    tables = {"item": items["item"]}
    if raw.users is not None:
        tables["user"] = raw.users["user"].drop_nulls().unique(maintain_order=True)
    rows, about_ids, doubts = match_ids(rows, tables, loose=config.ids == "loose")
    user_ids = _in_order(rows["user"], None if raw.users is None else raw.users["user"])
    item_ids = pl.concat(
        [items["item"], _in_order(rows["item"].filter(~rows["item"].is_in(items["item"].implode())))]
    )
    notes += (*about_items, *doubtful_ids(user_ids, "users"), *doubtful_ids(item_ids, "items"))
    raw = replace(raw, notes=(*raw.notes, *notes, *about_ids), warnings=(*raw.warnings, *doubts))
    users = rows["user"].cast(pl.Enum(user_ids)).to_physical().to_numpy().astype(np.int32)
    positions = rows["item"].cast(pl.Enum(item_ids)).to_physical().to_numpy().astype(np.int32)
    kept = np.ones(len(rows), dtype=np.bool_)

    def drop(reason: str, keep: NDArray[np.bool_], *, fault: bool = False) -> None:
        tally.drop("events", reason, rows, pl.Series(kept & ~keep), fault=fault)
        np.logical_and(kept, keep, out=kept)

    if raw.has_times:
        drop(EXACT_DUPLICATE, _first_of_equals(rows, users, positions, len(item_ids)), fault=True)
    tally.raise_if_strict()
    if config.min_rating is not None:
        drop(LOW_RATING, (rows["rating"].fill_null(config.min_rating) >= config.min_rating).to_numpy())
    order = _order(rows, users, positions, item_ids, config.ties)
    which = "first" if config.repeats == "keep" else config.repeats
    one = one_per_pair(users, positions, order[kept[order]], len(item_ids), which, left_open(rows["kind"]))
    repeated = int((kept & ~one).sum())
    if config.repeats != "keep":
        drop(REPEATED_PAIR, one)
        warnings = (*raw.warnings, *about_repeats(repeated, len(raw.events), which))
        raw = replace(raw, warnings=warnings)
    if config.min_user_events > 1 or config.min_item_events > 1:
        core = np.zeros(len(rows), dtype=np.bool_)
        at = np.flatnonzero(kept)
        core[at] = k_core(users[at], positions[at], config.min_user_events, config.min_item_events)
        drop(TOO_FEW, core)
    if len(kept) == 0 and not tally.summary():
        raise DataError(f"{', '.join(raw.files)} holds no rows.", remedy="Check the export.")
    if not kept.any():
        remedy, command = advise(tally.dropped)
        raise DataError(
            f"No event of {', '.join(raw.files)} is left after cleaning: {tally.summary()}.",
            remedy=remedy,
            command=command,
        )
    return _assemble(
        raw,
        config,
        tally,
        items,
        rows,
        (user_ids, item_ids),
        (users, positions),
        order[kept[order]],
        repeated,
    )


def _in_order(ids: pl.Series, first: pl.Series | None = None) -> pl.Series:
    """Return the distinct ids: those of `first` in its order, then the others as they appear."""
    distinct = ids.unique(maintain_order=True)
    if first is None:
        return distinct
    known = first.drop_nulls().unique(maintain_order=True)
    return pl.concat(
        [known.filter(known.is_in(distinct.implode())), distinct.filter(~distinct.is_in(known.implode()))]
    )


def _first_of_equals(rows: pl.DataFrame, users: IntArray, items: IntArray, n_items: int) -> NDArray[np.bool_]:
    """Return a mask without the events that equal an earlier one in everything that is read of them."""
    pairs = pl.Series("pair", users.astype(np.int64) * n_items + items)
    again = pairs.is_duplicated()
    keep = np.ones(len(rows), dtype=np.bool_)
    if again.any():  # only events of a repeated pair can be equal, and they are few
        suspects = rows.select("time", "nanoseconds", "rating", "kind", "weight", pairs).filter(again)
        keep[again.arg_true().to_numpy()] = suspects.select(
            pl.struct("pair", "time", "nanoseconds", "rating", "kind", "weight").is_first_distinct()
        ).to_series()
    return keep


def _order(
    rows: pl.DataFrame, users: IntArray, items: IntArray, item_ids: pl.Series, ties: Literal["file", "item"]
) -> NDArray[np.int64]:
    """Return the positions of the events sorted by user, time and the rule for ties."""
    if rows["time"].null_count() == len(rows):
        return np.argsort(users, kind="stable")
    keys = [rows["time"].to_numpy(), users]
    if (nanoseconds := _nanoseconds(rows)) is not None:
        keys.insert(0, nanoseconds)
    if ties == "item":
        numbers = item_ids.cast(pl.Int64, strict=False)
        rank = (item_ids if numbers.null_count() else numbers).rank("ordinal").to_numpy()
        keys.insert(0, rank.astype(np.int64)[items])
    return np.lexsort(keys)


def _nanoseconds(rows: pl.DataFrame) -> IntArray | None:
    """Return what the times are beyond their whole seconds, or None where nothing is."""
    column = rows["nanoseconds"]
    return column.to_numpy() if column.null_count() == 0 and (column > 0).any() else None


def _clean_items(raw: RawData, tally: Tally) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the item rows with an id each, titles normalised and categories distinct, and what was odd."""
    frame = raw.items if raw.items is not None else pl.DataFrame(schema=dict(ITEM_SCHEMA))
    frame = frame.with_columns(
        pl.coalesce("problem", pl.when(pl.col("item").is_null()).then(pl.lit(NO_ITEM))).alias("problem")
    )
    tally.problems(frame, "items")
    frame = frame.filter(pl.col("problem").is_null())
    first = frame["item"].is_first_distinct()
    tally.drop("items", REPEATED_ITEM, frame, ~first, fault=True)
    frame = frame.filter(first)
    given = frame["year"]
    frame = normalise_titles(frame).with_columns(
        pl.col("categories").fill_null([]).list.unique(maintain_order=True)
    )
    unread = given.filter(given.is_not_null() & frame["year"].is_null())
    notes = (
        (f"{counted(len(unread), 'year of an item', 'years of items')} cannot be read ({unread[0]})",)
        if len(unread)
        else ()
    )
    return frame, notes


def _assemble(
    raw: RawData,
    config: CleaningConfig,
    tally: Tally,
    items: pl.DataFrame,
    rows: pl.DataFrame,
    ids: tuple[pl.Series, pl.Series],
    codes: tuple[IntArray, IntArray],
    order: NDArray[np.int64],
    repeated: int,
) -> tuple[Catalog, EventLog, pl.DataFrame | None, CleaningReport]:
    """Renumber users and items to those that remain, and build the parts."""
    (user_ids, item_ids), (users, positions) = ids, codes
    users, positions = users[order], positions[order]
    unused = config.unused_items
    if unused == "auto":
        unused = "drop" if max(config.min_user_events, config.min_item_events) > 1 else "keep"
    used = np.bincount(positions, minlength=len(item_ids)) > 0
    stays = used if unused == "drop" else np.ones(len(item_ids), dtype=np.bool_)
    positions = (np.cumsum(stays) - 1).astype(np.int32)[positions]
    has_user = np.bincount(users, minlength=len(user_ids)) > 0
    users = (np.cumsum(has_user) - 1).astype(np.int32)[users]
    names = user_ids.filter(pl.Series(has_user))
    lengths = np.bincount(users, minlength=len(names))
    nanoseconds = _nanoseconds(rows[order])
    log = EventLog(
        tuple(names.to_list()),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        positions,  # in order already
        rows["time"].to_numpy()[order] if raw.has_times else None,
        rows["rating"].to_numpy()[order] if raw.has_ratings else None,
        nanoseconds,
        kind_codes(rows["kind"][order]),
        None if (weights := rows["weight"][order]).null_count() == len(weights) else weights.to_numpy(),
    )
    table = (
        item_ids.filter(pl.Series(stays))
        .alias("item")
        .to_frame()
        .join(items, on="item", how="left", maintain_order="left")
    )
    untitled = table["title"].null_count()
    table = table.with_columns(pl.col("title").fill_null(pl.col("item")), pl.col("categories").fill_null([]))
    details, about_details, doubts = read_details(table, raw.files)
    warnings = (*raw.warnings, *doubts)
    catalog = Catalog(
        table["item"].to_list(),
        table["title"].to_list(),
        [tuple(names) for names in table["categories"].to_list()],
        table["year"].to_list(),
        table["description"].to_list(),
        details,
    )
    profile = None
    if raw.users is not None:
        known = raw.users.unique("user", keep="first", maintain_order=True).rename({"user": "user_id"})
        profile = (
            names.alias("user_id").to_frame().join(known, on="user_id", how="left", maintain_order="left")
        )
    tied, tied_at_end = _ties(log)
    report = CleaningReport(
        files=raw.files,
        files_not_read=raw.files_not_read,
        events_read=len(raw.events),
        events_kept=log.n_events,
        users_read=raw.events["user"].drop_nulls().n_unique(),
        users_kept=log.n_users,
        items_read=len(item_ids),
        items_kept=len(catalog),
        items_without_title=untitled,
        items_without_events=int((~used[stays]).sum()),
        tied_events=tied,
        repeated_events=repeated,
        users_tied_at_the_end=tied_at_end,
        dropped=tally.dropped,
        notes=(*raw.notes, *about_details, *warnings),
        warnings=warnings,
    )
    return catalog, log, profile, report


def _ties(log: EventLog) -> tuple[int, int]:
    """Return the events that share user and time with another, and the users whose last two events do."""
    if log.moments is None:
        return 0, 0
    same = (log.users[1:] == log.users[:-1]) & (log.moments[1:] == log.moments[:-1])
    tied = np.zeros(log.n_events, dtype=np.bool_)
    tied[1:] |= same
    tied[:-1] |= same
    last = (
        log.offsets[1:][log.lengths >= 2] - 2
    )  # position of each user's last event but one; same[i] ties i, i + 1
    return int(tied.sum()), int(same[last].sum())
