"""Events in tables (CSV and its kin, Parquet, JSON lines), with columns that are mapped or known.

A table may be a file, or a folder of its parts. An item file and a user file may lie beside it, found by
name: ``NAME.items.csv`` or ``items.csv`` beside ``NAME.csv``, and the same with ``users`` and with the other
endings.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl

from nextinterest.data.ratings import bare_numbers, doubtful_numbers
from nextinterest.data.sources.archives import neighbour, stem, suffix
from nextinterest.data.sources.baskets import split_baskets
from nextinterest.data.sources.cells import spread_lists
from nextinterest.data.sources.columns import (
    Columns,
    bare_names,
    check_fields,
    is_positions,
    left_out,
    mapped_to_nothing,
    refuse_equals,
    sniff_columns,
    unread_status,
)
from nextinterest.data.sources.delimited import Selection, Table, read_delimited
from nextinterest.data.sources.folders import Tables, sort_out
from nextinterest.data.sources.headless import no_column
from nextinterest.data.sources.headless_parts import layout_without_header
from nextinterest.data.sources.item_table import item_columns, items_of, mapped_here, several_values
from nextinterest.data.sources.joined import KEY, Split, in_order, join
from nextinterest.data.sources.jsonlines import read_json_lines
from nextinterest.data.sources.kinds import KINDS, WORDS, Kind, content_kind, is_bare_part, kind_of
from nextinterest.data.sources.layout import judge_layout
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.parquet import read_parquet
from nextinterest.data.sources.parts import (
    base,
    contents,
    is_test,
    refuse_other_columns,
    shown,
    sort_parts,
    visible,
)
from nextinterest.data.sources.raw import ITEM_FIELDS, RawData, as_events, as_users, attributes
from nextinterest.data.sources.time_column import CANDIDATE, choose_time
from nextinterest.data.sources.usual_names import FIELDS, matches, names_an_id
from nextinterest.errors import DataError

__all__ = ["read_items", "read_tabular", "table_parts"]

_BESIDE = {"items": ("items", "item"), "users": ("users", "user")}
_MOST_BESIDE = 50
"""Of more files it is not asked whether one has what the given file lacks."""
_ENDINGS = (".csv", ".tsv", ".txt", ".psv", ".parquet", ".jsonl", ".ndjson", ".json")


def _is_beside(path: Path) -> bool:
    """Return whether a file is named as one of items or users."""
    last = stem(path).lower().rsplit(".", 1)[-1]
    return any(last in words for words in _BESIDE.values())


def table_parts(folder: Path, kind: Kind) -> list[Path]:
    """Return the files of a folder that are parts of its table of events, in order."""
    found = [p for p in visible(folder) if kind_of(p) == kind and not _is_beside(p)]
    tables = [p for p in found if suffix(p) not in (".txt", ".dat")]  # a README.txt is none
    return sort_parts(tables or found)


def _read(
    path: Path,
    select: Selection,
    needed: Collection[str],
    kind: Kind | None = None,
    columns: Columns | None = None,
    header: tuple[str, ...] | None = None,
) -> Table:
    """Read the selected columns of a file as what it is named, or as what it certainly is.

    Columns that are not needed are read where they can be text. `header` is that of a file without one.
    """
    named = kind_of(path)
    found = content_kind(path)
    table = _read_kind(path, select, needed, found or kind or named or "csv", columns, header)
    if found is None or named in (None, found) or is_bare_part(path):
        return table
    note = f"{path.name} holds {WORDS[found]}, not {WORDS[named]}, and was read as that"
    return replace(table, notes=(*table.notes, note))


def _read_kind(
    path: Path,
    select: Selection,
    needed: Collection[str],
    kind: Kind,
    columns: Columns | None,
    header: tuple[str, ...] | None,
) -> Table:
    if kind == "parquet":
        return read_parquet(path, select, needed)
    if kind == "jsonl":
        return read_json_lines(path, select)
    if header is None:
        layout = judge_layout(path, suffix(path), TextFile(path).numbered(), columns)
    else:
        layout = layout_without_header(path, header)
    table = read_delimited(
        path,
        layout.separator,
        header=header or layout.header,
        quotes=layout.quotes,
        select=select,
        dialect=layout.dialect,
    )
    return replace(table, notes=(*table.notes, *layout.notes))


def _beside(folder: Path, stems: tuple[str, ...], what: str) -> Path | None:
    """Return the item or user file that belongs to events of one of these names, whatever its case."""
    names = [f"{stem}.{word}" for word in _BESIDE[what] for stem in stems if stem] + [*_BESIDE[what]]
    found = (neighbour(folder, f"{name}{ending}") for name in names for ending in _ENDINGS)
    atomic = (neighbour(folder, f"{stem}.{what[:-1]}") for stem in stems if stem)
    capital = (neighbour(folder, f"{name.title()}{ending}") for name in _BESIDE[what] for ending in _ENDINGS)
    return next((path for source in (found, atomic, capital) for path in source if path is not None), None)


def _files(path: Path, kind: Kind) -> list[Path]:
    parts = table_parts(path, kind)
    if not parts:
        raise DataError(
            f"{path} has no file of events that ends in {', '.join(KINDS[kind])}: {contents(path)}.",
            remedy="Give the file to read itself.",
        )
    return parts


def read_items(path: Path, columns: Columns | None = None, file: int = 0) -> tuple[Table, pl.DataFrame]:
    """Read a table of items of any kind.

    Parameters
    ----------
    path
        The file.
    columns
        As in `read_tabular`; what is not of this file is passed over.
    file
        Number of the file among those of the data set.

    Raises
    ------
    DataError
        If it cannot be read, or no column is the item.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; a table of items is one file.", remedy="Give the file itself.")
    table = _read(path, partial(item_columns, path, columns), {"item", *(columns or {})})
    items, notes = items_of(table, file)
    return replace(table, notes=(*table.notes, *notes)), items


def read_tabular(
    path: Path,
    columns: Columns | None = None,
    kind: Kind | None = None,
    items_path: Path | None = None,
    item_separator: str | None = None,
) -> RawData:
    """Read a table of events, and the items and users beside it.

    Parameters
    ----------
    path
        The file of events, or a folder of its parts.
    columns
        From a field of `FIELDS` to the name of its column, in the file of events or items, or to its position
        in a file of events without a header; fields that are left out are recognised by their usual names.
    kind
        What the table is written as; None judges by the ending.
    items_path
        The table of items; None looks for one beside the events.
    item_separator
        As of `split_baskets`.

    Raises
    ------
    DataError
        If a mapped column is in none of the files, no column is the user or the item, or parts differ.
    """
    check_fields(columns)
    tables_of = Tables((path,))
    if path.is_dir():
        tables_of = sort_out(path, _files(path, kind or "csv"), kind or "csv", columns, items_path)
    paths = list(tables_of.events)
    folder = path if path.is_dir() else path.parent
    name = base(paths[0]) or (stem(paths[0]) if len(paths) == 1 else "") or folder.resolve().name
    if path.is_dir() and len(paths) > 1:
        name = base(paths[0]) or folder.resolve().name
    stems = tuple(dict.fromkeys((stem(paths[0]), base(paths[0]), name)))
    item_path = items_path or _beside(folder, stems, "items") or tables_of.items
    user_path = _beside(folder, stems, "users") or tables_of.users
    needed = {"user", "item", *(columns or {})}
    notes_of = tables_of.notes
    item_table = items = user_table = None
    if item_path is not None:
        item_table, items = read_items(item_path, columns, len(paths))
    if user_path is not None:
        user_table = _read(user_path, partial(_user_fields, user_path, columns), needed)
        if user_path == tables_of.users and user_table.frame["user"].is_duplicated().any():
            notes_of = (*notes_of, f"{user_path.name} has users several times and was passed over")
            user_table = None
    elsewhere = [table.columns for table in (item_table, user_table) if table is not None]
    split = tables_of.split
    if split is not None:
        tables = _joined(split, columns, elsewhere, needed, kind)
    else:
        tables = [
            _read(p, partial(_fields, p, columns, elsewhere), needed, kind, columns, tables_of.headers.get(p))
            for p in paths
        ]
    refuse_other_columns(paths, [table.columns for table in tables])
    named = [_fields(p, columns, elsewhere, table.columns) for p, table in zip(paths, tables, strict=True)]
    tables = [_events(table, names, item_separator) for table, names in zip(tables, named, strict=True)]
    files, notes = [p.name for p in paths], [*notes_of, *(note for table in tables for note in table.notes)]
    notes += [*left_out(tables[0].columns, named[0], columns), *unread_status(tables[0].columns, named[0])]
    events = pl.concat([as_events(table.frame, i) for i, table in enumerate(tables)])
    first = tables[0]
    if split is not None and "time" not in first.frame.columns:
        events = in_order(events, tables)
    if item_table is not None:
        files.append(item_table.path.name)
        notes.extend(item_table.notes)
    elif any(field in first.frame.columns for field in ITEM_FIELDS):
        # Titles may stand in the events themselves; the first of each item counts.
        found_in = [items_of(table, i) for i, table in enumerate(tables)]
        notes.extend(note for _, found in found_in for note in found)
        items = pl.concat([frame for frame, _ in found_in]).filter(pl.col("problem").is_null())
        notes += several_values(items)
        items = items.unique("item", keep="first", maintain_order=True)
    users: pl.DataFrame | None = None
    if user_table is not None:
        users = as_users(user_table.frame)
        files.append(user_table.path.name)
        notes.extend(user_table.notes)
    if split is not None:
        files.append(split.users.name)
    return RawData(
        name,
        tuple(files),
        events,
        items,
        users,
        warnings=(
            *_no_time(tables[0].columns, named[0]),
            *_doubtful([*tables, *([item_table] if item_table is not None else [])], named[0]),
        ),
        has_times="time" in first.frame.columns,
        has_ratings="rating" in first.frame.columns,
        notes=tuple(dict.fromkeys(notes)),
        columns={field: column for field, column in named[0].items() if not field.startswith(CANDIDATE)},
        test_files=tuple(i for i, p in enumerate(paths) if is_test(p)) if len(paths) > 1 else (),
    )


def _joined(
    split: Split,
    columns: Columns | None,
    elsewhere: Sequence[tuple[str, ...]],
    needed: Collection[str],
    kind: Kind | None,
) -> list[Table]:
    """Read events that are split over two tables."""

    def select(path: Path, mine: Collection[str], header: tuple[str, ...]) -> dict[str, str]:
        fields = _fields(path, columns, elsewhere, split.whole(header))
        return {field: column for field, column in fields.items() if column in mine} | {KEY: split.key}

    def of_items(path: Path) -> Table:
        return _read(path, lambda header: select(path, header, header), {*needed, KEY}, kind, columns)

    tables = [of_items(path) for path in split.items]
    header = tables[0].columns
    others = {*split.header} - {*header}
    users = _read(split.users, lambda _: select(split.users, others, header), {*needed, KEY}, kind, columns)
    tables[0] = replace(tables[0], notes=(*tables[0].notes, *users.notes))
    names = _fields(split.items[0], columns, elsewhere, split.whole(header))
    return [join(table, users, names, split) for table in tables]


def _events(table: Table, names: dict[str, str], item_separator: str | None) -> Table:
    """Return a table of events with a row for each, and one time; `names` gets the name of its column."""
    frame, time, note = choose_time(table.frame, names)
    if time is not None:
        names["time"] = time
    frame, notes = spread_lists(frame)
    if not notes:
        frame, notes = split_baskets(table.path, frame, names["item"], item_separator)
    return replace(table, frame=frame, notes=(*table.notes, *([note] if note else []), *notes))


def _no_time(header: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    """Report that a table has no time although some columns can only be one."""
    usual = {name for field in FIELDS for same in matches(header, field) for name in same}
    others = [n for n in header if n and n not in names.values() and n not in usual and not names_an_id(n)]
    if "time" in names or not others:
        return ()
    how = "name it with --column time=NAME (in Python columns={'time': 'NAME'})"
    if is_positions(header):
        how = f"give its number, as in --column time={others[0]} (in Python columns={{'time': {others[0]}}})"
    return (f"no column of {shown(others)} is the time: events are in the order of the file; {how}",)


def _doubtful(tables: Sequence[Table], names: Mapping[str, str]) -> tuple[str, ...]:
    """Report which numbers of files with semicolons may be thousands, though they are read as decimals."""
    found: list[str] = []
    for field in ("rating", "weight", "price"):
        cells = [t.frame[field] for t in tables if t.separator == ";" and field in t.frame.columns]
        if cells:
            bare = bare_numbers(pl.concat(cells).str.strip_chars())
            found += doubtful_numbers(bare, name=names.get(field, field))
    return tuple(found)


def _fields(
    path: Path, columns: Columns | None, elsewhere: Sequence[tuple[str, ...]], header: tuple[str, ...]
) -> dict[str, str]:
    """Select what a table of events must and may have; a mapping may also be of the tables beside it."""
    others = {field for other in elsewhere for field in mapped_here(other, columns)} - set(
        mapped_here(header, columns)
    )
    mine = {field: column for field, column in (columns or {}).items() if field not in others}
    names = sniff_columns(header, mine)
    for field, column in mine.items():
        if field not in names:
            raise mapped_to_nothing(path, field, column, header)
    missing = [field for field in ("user", "item") if field not in names]
    if missing:
        undated = ["time"] * (
            not {"time"} & {*names, *(columns or {})} and len(header) - len(names) > len(missing)
        )
        raise _split_beside(path, columns, missing[0]) or no_column(path, header, *missing, *undated)
    refuse_equals(path, header, names, columns)
    if "time" in names and "time" not in (columns or {}):
        usual = [name for same in matches(bare_names(header) or header, "time") for name in same]
        further = [name for name in header if name in usual and name not in names.values()]
        names |= {f"{CANDIDATE}{name}": name for name in further if list(header).count(name) == 1}
    return names


def _split_beside(path: Path, columns: Columns | None, field: str) -> DataError | None:
    """Return the error for a file of events whose other half lies beside it; None where that is not so."""
    kind, folder = kind_of(path), path.parent
    beside = table_parts(folder, kind) if kind is not None else []
    if kind is None or not 1 < len(beside) <= _MOST_BESIDE:
        return None
    try:
        split = sort_out(folder, beside, kind, columns, None).split
    except DataError:  # of other files, which nobody asked for
        return None
    if split is None or path not in (split.users, *split.items):
        return None
    other = split.users if path in split.items else split.items[0]
    return DataError(
        f"{path} has no column that is the {field}; {other.name} beside it has, and both have {split.key}.",
        remedy=f"Give their folder, {folder}: the two are joined.",
    )


def _user_fields(path: Path, columns: Columns | None, header: tuple[str, ...]) -> dict[str, str]:
    user = sniff_columns(header, mapped_here(header, columns)).get("user")
    if user is None:
        raise no_column(path, header, "user", beside=True)
    return attributes(header, user)
