"""Which reader a path is for, judged by its name and its first line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast, get_args

import polars as pl

from nextinterest.data.obtain import MANIFEST
from nextinterest.data.sources.amazon import is_metadata, is_reviews, read_amazon
from nextinterest.data.sources.archives import bare_name, begins_as_parquet, neighbour, suffix
from nextinterest.data.sources.columns import Columns, GivenColumns, check_fields
from nextinterest.data.sources.jsonlines import keys, printable
from nextinterest.data.sources.kinds import KINDS, Kind, content_kind, kind_of, refuse_other_kind
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.movielens import EVENT_FILES, is_movielens_csv, read_movielens
from nextinterest.data.sources.parts import contents, unread, unread_note, visible
from nextinterest.data.sources.raw import RawData
from nextinterest.data.sources.recbole import read_recbole
from nextinterest.data.sources.sequences import is_sequence_header, read_sequences
from nextinterest.data.sources.tabular import read_items, read_tabular, table_parts
from nextinterest.errors import DataError

__all__ = ["FORMATS", "Format", "detect", "read"]

Format = Literal["auto", "recbole", "movielens", "amazon", "csv", "parquet", "jsonl", "sequences"]
FORMATS: tuple[Format, ...] = get_args(Format)

_READERS: Mapping[str, Callable[[Path], RawData]] = {
    "movielens": read_movielens,
    "amazon": read_amazon,
    "sequences": read_sequences,
}
_ATOMIC = (".inter", ".item", ".user")
_READ = (
    "Read are CSV and TSV (.csv, .tsv, .psv, .txt, .dat), Parquet (.parquet), JSON lines (.jsonl, .json), "
    "RecBole's atomic files (.inter) and MovieLens's (u.data, ratings.dat, ratings.csv), packed or not."
)


def detect(path: Path) -> Format:
    """Return the format of a file or folder.

    Raises
    ------
    DataError
        If there is no such path, or it looks like none of the formats.
    """
    if path.is_dir():
        return _detect_folder(path)
    if not path.exists():
        raise DataError(f"There is no file or folder {path}.", remedy="Check the path.")
    if not path.is_file():
        raise DataError(
            f"{path} is neither a file nor a folder: a pipe or a device cannot be read twice.",
            remedy="Write the data to a file.",
        )
    if begins_as_parquet(path):
        return "parquet"
    if suffix(path) in _ATOMIC:
        return "sequences" if is_sequence_header(_first_line(path)) else "recbole"
    if bare_name(path) in EVENT_FILES and _is_movielens(path):
        return "movielens"
    kind = kind_of(path)
    kind = kind and (content_kind(path) or kind)
    if kind == "jsonl":
        return "amazon" if is_reviews(keys(path)) else "jsonl"
    if kind is not None:
        return kind
    _first_line(path)  # what is binary or packed is named as that
    raise DataError(
        f"{path} looks like none of the formats that are read. {_READ}",
        remedy=f"Name its format, as in format='csv': {', '.join(FORMATS[1:])}.",
        command=f"Name its format, as in --format csv: {', '.join(FORMATS[1:])}.",
    )


def _is_movielens(path: Path) -> bool:
    return not bare_name(path).endswith(".csv") or is_movielens_csv(_first_line(path))


def _detect_folder(path: Path) -> Format:
    events = [file for name in EVENT_FILES if (file := neighbour(path, name)) is not None]
    if any(_is_movielens(file) for file in events):
        return "movielens"
    inter = [p for p in visible(path) if suffix(p) == ".inter"]
    if inter:
        return "sequences" if is_sequence_header(_first_line(inter[0])) else "recbole"
    parts = {kind: table_parts(path, kind) for kind in KINDS}
    found: list[Kind] = [kind for kind, paths in parts.items() if paths]
    if len(found) > 1 and all(suffix(p) in (".txt", ".dat") for p in parts["csv"]):
        found.remove("csv")
    if len(found) > 1:
        raise DataError(
            f"{path} holds tables of several kinds ({', '.join(found)}): {contents(path)}.",
            remedy=f"Give the file to read itself, or name the kind, as in format={found[0]!r}.",
            command=f"Give the file to read itself, or name the kind, as in --format {found[0]}.",
        )
    if found == ["jsonl"]:
        reviews = [p for p in parts["jsonl"] if not is_metadata(p)]
        one = len(reviews) == 1 and content_kind(reviews[0]) in (None, "jsonl")
        return "amazon" if one and is_reviews(keys(reviews[0])) else "jsonl"
    if found:
        return found[0]
    raise DataError(
        f"{path} looks like none of the formats that are read: {contents(path)}. {_READ}",
        remedy="Give the file to read itself.",
    )


def _first_line(path: Path) -> str:
    return TextFile(path).head(1)[0]


def read(
    path: Path,
    format: Format = "auto",  # noqa: A002 - the word a caller looks for
    columns: GivenColumns | None = None,
    items: Path | None = None,
    item_separator: str | None = None,
) -> RawData:
    """Read a path in a format.

    Parameters
    ----------
    path
        A file or a folder.
    format
        How; ``auto`` judges, and where columns are mapped reads as a table what is not an atomic file.
    columns
        From a field to the name of its column, or to its position in a table without a header; None leaves
        that field out.
    items
        A table of the items, in place of what lies beside the events.
    item_separator
        What separates the items of cells that hold several; see `CleaningConfig`.

    Raises
    ------
    DataError
        If the format is unknown or does not fit, or columns are mapped for a format that names its own.
    """
    left_out = [field for field, column in (columns or {}).items() if column is None]
    mapped = {field: column for field, column in (columns or {}).items() if column is not None}
    raw = _read(path, format, mapped or None, items, item_separator)
    return _without(raw, left_out) if left_out else raw


def _without(raw: RawData, fields: Sequence[str]) -> RawData:
    """Return the data without some of its fields."""
    check_fields(dict.fromkeys(fields, ""))
    if needed := [field for field in fields if field in ("user", "item")]:
        raise DataError(f"Events need the {needed[0]}.", remedy=f"Map {needed[0]} to a column.")

    def blank(frame: pl.DataFrame) -> pl.DataFrame:
        none = {field: frame.schema[field] for field in fields if field in frame.columns}
        return frame.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in none.items())

    return replace(
        raw,
        events=blank(raw.events),
        items=None if raw.items is None else blank(raw.items),
        has_times=raw.has_times and "time" not in fields,
        has_ratings=raw.has_ratings and "rating" not in fields,
    )


def _read(
    path: Path,
    format: Format,  # noqa: A002
    columns: Columns | None,
    items: Path | None,
    item_separator: str | None,
) -> RawData:
    if format not in FORMATS:
        raise DataError(f"There is no format {format!r}.", remedy=f"The formats are {', '.join(FORMATS)}.")
    chosen = detect(path) if format == "auto" or not (path.is_file() or path.is_dir()) else format
    if columns and format == "auto":
        by_position = any(isinstance(column, int) for column in columns.values())
        if chosen == "amazon":
            chosen = "jsonl"
        elif chosen == "movielens" or (chosen == "recbole" and by_position):
            chosen = "csv"
    if columns and chosen in _READERS:
        raise DataError(
            f"{path} is read as {chosen}, whose columns have names of their own.",
            remedy="Leave the mapping out, or give format='csv' (format='jsonl' for JSON lines).",
            command="Leave the mapping out, or give --format csv (--format jsonl for JSON lines).",
        )
    if chosen in KINDS:
        if format != "auto" and path.is_file():
            refuse_other_kind(path, cast("Kind", chosen))
        raw = read_tabular(path, columns, cast("Kind", chosen), items, item_separator)
    elif item_separator:
        raise DataError(
            f"{path} is read as {chosen}, whose cells hold one item each.",
            remedy="Leave item_separator out, or give format='csv'.",
            command="Leave --item-separator out, or give --format csv.",
        )
    elif chosen == "recbole":
        raw = read_recbole(path, columns)
    else:
        raw = _READERS[chosen](path)
    if items is not None and chosen not in KINDS:
        raw = _with_items(raw, items, columns)
    if path.is_dir():
        beside = unread(path, raw.files)
        tables = tuple(printable(name) for name in beside if _may_be_table(path / name))
        raw = replace(raw, notes=(*raw.notes, *unread_note(beside)), files_not_read=tables)
    # A file's name need not be text; what is reported of it is.
    files, notes, warnings = (tuple(map(printable, said)) for said in (raw.files, raw.notes, raw.warnings))
    return replace(raw, name=printable(raw.name), files=files, notes=notes, warnings=warnings)


def _may_be_table(path: Path) -> bool:
    """Return whether a file that was not read is named as tables are."""
    text = suffix(path) in (".txt", ".dat") or path.name == MANIFEST
    return path.is_file() and not text and (kind_of(path) is not None or suffix(path) in _ATOMIC)


def _with_items(raw: RawData, path: Path, columns: Columns | None) -> RawData:
    """Return the data with another table of items."""
    table, items = read_items(path, columns, len(raw.files))
    return replace(raw, items=items, files=(*raw.files, path.name), notes=(*raw.notes, *table.notes))
