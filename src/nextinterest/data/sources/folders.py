"""Which files of a folder hold the events, the items and the users, by the names of their columns.

Files of the same columns are parts of one table; of other columns, other tables. A part may lack the header
that another part has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nextinterest.data.sources.archives import suffix
from nextinterest.data.sources.columns import Columns, positions, sniff_columns
from nextinterest.data.sources.headless import is_headless, no_header
from nextinterest.data.sources.headless_parts import find_headless
from nextinterest.data.sources.item_table import mapped_here
from nextinterest.data.sources.joined import Split, find_split
from nextinterest.data.sources.jsonlines import keys
from nextinterest.data.sources.kinds import Kind, content_kind
from nextinterest.data.sources.layout import judge_layout
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.parquet import parquet_columns
from nextinterest.data.sources.parts import is_split, shown
from nextinterest.data.sources.raw import ITEM_FIELDS
from nextinterest.errors import DataError

__all__ = ["Tables", "sort_out"]

_SMALL = 4096
"""Only files of fewer bytes are looked into for having none: archives of nothing have a few."""


@dataclass(frozen=True)
class Tables:
    """The files of a folder: the parts of the table of events, and what lies beside it."""

    events: tuple[Path, ...]
    items: Path | None = None
    users: Path | None = None
    notes: tuple[str, ...] = ()
    split: Split | None = None
    """Where the users of the events stand in a table of their own."""
    headers: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    """The names of the columns of parts without a header."""


def sort_out(
    folder: Path, files: Sequence[Path], kind: Kind, columns: Columns | None, items: Path | None
) -> Tables:
    """Sort the tables of a folder by what they hold.

    Parameters
    ----------
    folder
        The folder.
    files
        Its files of one kind, in the order of parts.
    kind
        What they are written as, by their names.
    columns
        The caller's mapping.
    items
        The table of items that the caller names; None looks for one.

    Raises
    ------
    DataError
        If no table has a user and an item, several tables may be that of the items, or a part of the events
        cannot be read as one.
    """
    empty = [p for p in files if not is_split(p) and _is_empty(p)]
    if len(empty) == len(files):
        empty = []
    notes = tuple(f"{p.name} is empty and was passed over" for p in empty)
    named = None if items is None else items.resolve()
    files = [p for p in files if p not in empty and p.resolve() != named]
    if len(files) < 2 or positions(columns):
        return Tables(tuple(files), notes=notes)
    headers = {path: _header(path, kind, columns) for path in files}
    if len({frozenset(names) for names in headers.values()}) == 1:
        return Tables(tuple(files), notes=notes)
    roles = {path: _role(names, columns) for path, names in headers.items()}
    of = {role: [p for p in files if roles[p] == role] for role in ("events", "items", "users", "other")}
    split = None if of["events"] else find_split(folder, headers, columns)
    if split is not None:
        of["events"] = list(split.items)
        taken = (split.users, *split.items)
        of |= {role: [p for p in of[role] if p not in taken] for role in ("items", "users")}
    borrowed = find_headless(of["events"], of["other"], headers, columns) if split is None else {}
    if borrowed:
        of["events"] = [p for p in files if p in of["events"] or p in borrowed]
        first = next(p.name for p in of["events"] if p not in borrowed)
        notes += tuple(f"{p.name} has no header and was read with that of {first}" for p in borrowed)
    if not of["events"]:
        if all(is_headless(path, names) for path, names in headers.items()):
            raise no_header(files[0])
        held = "; ".join(f"{p.name} has {shown(names)}" for p, names in list(headers.items())[:8])
        raise DataError(
            f"{folder} holds several tables, and none is known to have a user and an item: {held}.",
            remedy="Name the columns of the events, as in columns={'user': 'NAME', 'item': 'NAME'}, or where "
            "there is no header their positions, as in columns={'user': 0, 'item': 1}.",
            command="Name the columns of the events, as in --column user=NAME --column item=NAME, or where "
            "there is no header their positions, as in --column user=0 --column item=1.",
        )
    if len(of["items"]) > 1 and items is None:
        raise DataError(
            f"{folder} holds several tables of items: {shown(p.name for p in of['items'])}.",
            remedy=f"Name the one, as in items={str(of['items'][0])!r}.",
            command=f"Name the one, as in --items {of['items'][0]}.",
        )
    users = of["users"][0] if len(of["users"]) == 1 else None
    items_file = next(iter(of["items"]), None) if items is None else None
    return Tables(tuple(of["events"]), items_file, users, notes, split, borrowed)


def _is_empty(path: Path) -> bool:
    if content_kind(path) == "parquet" or path.stat().st_size >= _SMALL:
        return False
    return not TextFile(path).begin().strip()


def _header(path: Path, kind: Kind, columns: Columns | None) -> tuple[str, ...]:
    found = content_kind(path) or kind
    if found == "parquet":
        return parquet_columns(path)
    if found == "jsonl":
        return keys(path)
    return judge_layout(path, suffix(path), TextFile(path).numbered(), columns).names


def _role(names: tuple[str, ...], columns: Columns | None) -> str:
    """Return what a table holds."""
    known = sniff_columns(names, mapped_here(names, columns)).keys()
    if {"user", "item"} <= known:
        return "events"
    if "item" in known and known & {*ITEM_FIELDS}:
        return "items"
    return "users" if "user" in known and not known & {"time", "rating", "kind", "weight"} else "other"
