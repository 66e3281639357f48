"""Which kind of table a file holds: by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from nextinterest.data.sources.archives import suffix

__all__ = ["KINDS", "Kind", "kind_of"]

Kind = Literal["csv", "parquet", "jsonl"]

KINDS: Mapping[Kind, tuple[str, ...]] = {
    "parquet": (".parquet", ".pq"),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "csv": (".csv", ".tsv", ".psv", ".txt", ".dat"),
}
"""Endings by which each kind of table is recognised."""


def kind_of(path: Path) -> Kind | None:
    """Return the kind of table that a file is by its name; None where it is none."""
    return next((kind for kind, endings in KINDS.items() if suffix(path) in endings), None)
