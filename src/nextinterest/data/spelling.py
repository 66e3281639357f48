"""Ids of events that a table of items or users spells otherwise: counted, and joined where that is asked for.

``7`` and ``007``, ``B01`` and ``b01`` are two ids until the caller says that they are one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

import polars as pl

from nextinterest.counting import counted

__all__ = ["match_ids"]

_RULES: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "capital letters": lambda ids: ids.str.to_lowercase(),
    "blanks": lambda ids: ids.str.replace_all(r"\s+", ""),
    "a trailing .0": lambda ids: ids.str.replace(r"^(\d+)\.0+$", "${1}"),
    "leading zeros": lambda ids: ids.str.replace_all(r"(^|[A-Za-z_#\-])0+(\d)", "${1}${2}"),
}
_CLOSE = 2000
"""Among so many ids the closest spelling is looked for."""


def _pairs(others: pl.Series, table: pl.Series, *rules: str) -> pl.DataFrame:
    """Return which other id is which of the table but for some rules, where that is no other of the table."""

    def keyed(ids: pl.Series, name: str) -> pl.DataFrame:
        key = pl.col(name)
        for rule in rules:
            key = _RULES[rule](key)
        return ids.alias(name).to_frame().with_columns(key.alias("key"))

    known = keyed(table, "known").filter(pl.col("key").is_unique())
    return keyed(others, "other").join(known, on="key", maintain_order="left").select("other", "known")


def _apart(ids: pl.Series, table: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the ids of events that the table does not have, and those of the table without events."""
    distinct = ids.unique(maintain_order=True)
    return (
        distinct.filter(~distinct.is_in(table.implode())),
        table.filter(~table.is_in(distinct.implode())),
    )


def match_ids(
    rows: pl.DataFrame, tables: Mapping[str, pl.Series], *, loose: bool
) -> tuple[pl.DataFrame, list[str], list[str]]:
    """Match the ids of events with those of the tables beside them.

    Parameters
    ----------
    rows
        Events, with a column for each of the tables.
    tables
        Distinct ids by what they are of: item or user.
    loose
        Whether ids are joined that are spelled otherwise.

    Returns
    -------
    The events, notes, and what of them is likely to be a mistake.
    """
    notes: list[str] = []
    warnings: list[str] = []
    for what, table in tables.items():
        if len(table) == 0:
            continue
        if loose:
            ids, found = _join(rows[what], table, what)
            rows, notes = rows.with_columns(ids), [*notes, *found]
        if (apart := _unmatched(rows[what], table, what)) is not None:
            note, likely = apart
            (warnings if likely else notes).append(note)
    return rows, notes, warnings


def _join(ids: pl.Series, table: pl.Series, what: str) -> tuple[pl.Series, list[str]]:
    """Spell ids of events as a table does, but for capital letters, blanks, leading zeros and a trailing .0.

    Parameters
    ----------
    ids
        Of events.
    table
        The distinct ids of the table.
    what
        What they are of: item or user.

    Returns
    -------
    The ids, and what was joined. An id that may be two of the table stays as it is.
    """
    pairs = _pairs(_apart(ids, table)[0], table, *_RULES)
    if not len(pairs):
        return ids, []
    note = (
        f"{counted(len(pairs), f'id of {what}s was', f'ids of {what}s were')} joined to the spelling of the "
        f"table of {what}s, such as {pairs['other'][0]!r} to {pairs['known'][0]!r}"
    )
    return ids.replace(pairs["other"], pairs["known"]), [note]


def _unmatched(ids: pl.Series, table: pl.Series, what: str) -> tuple[str, bool] | None:
    """Report which ids of events are not in a table that has ids without events; None where none is.

    Parameters
    ----------
    ids, table, what
        As of `_join`.

    Returns
    -------
    A note, and whether it is likely to be a mistake: most of the ids match in another spelling, or none does.
    """
    missing, unused = _apart(ids, table)
    if not len(missing) or not len(unused):
        return None
    n = int(ids.is_in(missing.implode()).sum())
    distinct = ids.n_unique()
    note = (
        f"{counted(n, 'event names', 'events name')} {counted(len(missing), what)} that the table of {what}s "
        f"does not have, and {len(unused):,} of its {counted(len(table), what)} "
        f"{'has' if len(unused) == 1 else 'have'} no event"
    )
    pairs = _pairs(missing, table, *_RULES)
    if not len(pairs):
        close = get_close_matches(str(missing[0]), unused.head(_CLOSE).to_list(), 1)
        closest = f"; closest to {missing[0]!r} is {close[0]!r}" if close else ""
        return f"{note}{closest}", len(missing) == distinct
    alone = [rule for rule in _RULES if len(_pairs(missing, table, rule))]
    rules = " or ".join(alone or _RULES)
    return (
        f"{note}: but for {rules}, {len(pairs):,} of the {len(missing):,} match, such as "
        f"{pairs['other'][0]!r} and {pairs['known'][0]!r}; --ids loose joins them (in Python "
        "cleaning=CleaningConfig(ids='loose'))",
        2 * len(pairs) >= len(missing) or len(missing) == distinct,
    )
