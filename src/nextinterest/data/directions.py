"""Direction-changing characters in loaded files: they are removed, and the cells that held them counted.

Such a character (U+202E and the like) reverses how the text behind it is shown, so that a name looks like
another; no request over HTTP may hold one. Whole columns.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from nextinterest.characters import DIRECTION_CONTROLS
from nextinterest.counting import counted
from nextinterest.data.sources.raw import ATTRIBUTE, RawData

__all__ = ["DIRECTIONS", "without_directions"]

DIRECTIONS = f"[{''.join(sorted(DIRECTION_CONTROLS))}]"
"""Pattern of one such character."""
_EVENTS = {"user": "user id", "item": "item id", "kind": "kind of event"}
_ITEMS = {"item": "item id", "title": "title", "categories": "category", "description": "description"}
_MANY = {"category": "categories", "kind of event": "kinds of events"}


def without_directions(raw: RawData) -> RawData:
    """Return the data without direction-changing characters in texts, noted by what held them.

    A text is counted once, however many rows have it.
    """
    found: dict[str, set[str]] = {}
    events, items, users = _cleaned(raw.events, _EVENTS, found), raw.items, raw.users
    if items is not None:
        more = {name: "attribute" for name in items.columns if name.startswith(ATTRIBUTE)}
        items = _cleaned(items, _ITEMS | more, found)
    if users is not None:
        users = _cleaned(users, dict.fromkeys(users.columns, "attribute") | {"user": "user id"}, found)
    if not found:
        return raw
    counts = ", ".join(counted(len(texts), what, _MANY.get(what)) for what, texts in found.items())
    note = f"direction-changing characters (U+202E and the like) were removed from {counts}"
    return replace(raw, events=events, items=items, users=users, notes=(*raw.notes, note))


def _cleaned(frame: pl.DataFrame, columns: dict[str, str], found: dict[str, set[str]]) -> pl.DataFrame:
    """Return the frame without them in some columns, each with what a cell of it is called."""
    for name, what in columns.items():
        column = frame[name]
        nested = isinstance(column.dtype, pl.List)
        texts = column.explode(empty_as_null=False).drop_nulls() if nested else column
        if texts.dtype != pl.String or not (texts.str.len_bytes() != texts.str.len_chars()).any():
            continue
        held = texts.filter(texts.str.contains(DIRECTIONS)).unique()
        if len(held):
            found.setdefault(what, set()).update(held)
            bare = pl.element() if nested else pl.col(name)
            bare = bare.str.replace_all(DIRECTIONS, "")
            frame = frame.with_columns(pl.col(name).list.eval(bare) if nested else bare)
    return frame
