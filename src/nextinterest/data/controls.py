"""Control characters in names: escape codes of terminals among them. They are kept, counted and noted."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog

__all__ = ["control_note"]


def control_note(catalog: Catalog, log: EventLog) -> str | None:
    """Report how many ids, titles and categories hold control characters; None where none does."""
    columns: dict[tuple[str, str], Iterable[str]] = {
        ("user id", "user ids"): log.user_ids,
        ("item id", "item ids"): catalog.ids,
        ("title", "titles"): catalog.titles,
        ("category", "categories"): catalog.category_names,
    }
    found = {what: _with_controls(texts) for what, texts in columns.items()}
    counts = [counted(len(texts), *what) for what, texts in found.items() if len(texts)]
    if not counts:
        return None
    first = next(texts[0] for texts in found.values() if len(texts))
    where = ", ".join(counts)
    return f"control characters, such as terminals obey, stand in {where}; the first is {first[:40]!r}"


def _with_controls(texts: Iterable[str]) -> pl.Series:
    column = pl.Series(list(texts), dtype=pl.String)
    return column.filter(column.str.contains(r"\p{Cc}"))
