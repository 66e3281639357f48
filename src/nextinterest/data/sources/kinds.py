"""Which kind of table a file holds: by its name, and where the content is certainly another, by that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from nextinterest.data.sources.archives import bare_name, begins_as_parquet, suffix
from nextinterest.data.sources.columns import sniff_columns
from nextinterest.data.sources.delimited import fields_of
from nextinterest.data.sources.jsonlines import json_object
from nextinterest.data.sources.lines import TextFile
from nextinterest.errors import DataError

__all__ = ["KINDS", "WORDS", "Kind", "content_kind", "is_bare_part", "kind_of", "refuse_other_kind"]

Kind = Literal["csv", "parquet", "jsonl"]

KINDS: Mapping[Kind, tuple[str, ...]] = {
    "parquet": (".parquet", ".pq"),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "csv": (".csv", ".tsv", ".psv", ".txt", ".dat"),
}
"""Endings by which each kind of table is recognised."""

WORDS: Mapping[Kind, str] = {"csv": "CSV", "parquet": "Parquet", "jsonl": "JSON"}
"""What each kind is called."""

_BARE_PART = re.compile(r"(?:part-(?:[rm]-)?\d+|\d{6}_\d+)[^.]*(?:\.c?\d+)?")
_LIST = re.compile(r"\s*\[\s*\{")


def is_bare_part(path: Path) -> bool:
    """Return whether a file is a part as Spark, Hadoop and Hive write them, without an extension.

    Examples
    --------
    >>> [is_bare_part(Path(name)) for name in ("part-00000", "part-r-00001.gz", "000000_0", "part-0.crc")]
    [True, True, True, False]
    """
    return _BARE_PART.fullmatch(bare_name(path)) is not None


def kind_of(path: Path) -> Kind | None:
    """Return the kind of table that a file is by its name; None where it is none."""
    found = next((kind for kind, endings in KINDS.items() if suffix(path) in endings), None)
    return "csv" if found is None and is_bare_part(path) else found


def content_kind(path: Path) -> Kind | None:
    """Return the kind of table that the first bytes of a file certainly are; None where they do not say.

    Raises
    ------
    DataError
        If the file is text or an archive that holds no table.
    """
    if begins_as_parquet(path):
        return "parquet"
    begin = TextFile(path).begin()
    if _LIST.match(begin):  # no JSON lines, but the reader of those says what to do
        return "jsonl"
    line = next((line for line in begin.splitlines() if line.strip()), "")
    if json_object(line):
        return "jsonl"
    if line.lstrip().startswith(("{", "[")):
        return None
    found = (
        sniff_columns([cell.strip() for cell in fields_of(line, sign)]) for sign in (",", ";", "\t", "|")
    )
    return "csv" if any({"user", "item"} & names.keys() and len(names) > 1 for names in found) else None


def refuse_other_kind(path: Path, kind: Kind) -> None:
    """Raise where a file certainly holds another kind of table than a caller asked for.

    Raises
    ------
    DataError
        With the format to ask for.
    """
    found = content_kind(path)
    if found is not None and found != kind:
        raise DataError(
            f"{path} is a Parquet file, not text."
            if found == "parquet"
            else f"{path} holds {WORDS[found]}, not {WORDS[kind]}.",
            remedy=f"Read it with format={found!r}.",
            command=f"Read it with --format {found}.",
        )
