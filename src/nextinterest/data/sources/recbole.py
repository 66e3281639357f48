"""RecBole atomic files: NAME.inter, NAME.item and NAME.user, tab-separated, columns typed in the header.

Format: https://recbole.io/docs/user_guide/data/atomic_files.html. A header cell is ``name:type`` with type
``token``, ``token_seq`` (space-separated), ``float`` or ``float_seq``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import polars as pl

from nextinterest.data.sources.archives import neighbour, stem, suffix
from nextinterest.data.sources.cells import split_words
from nextinterest.data.sources.columns import (
    Columns,
    bare_names,
    check_fields,
    mapped_to_nothing,
)
from nextinterest.data.sources.delimited import Table, fields_of, read_delimited
from nextinterest.data.sources.layout import separated_by
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.parts import (
    base,
    contents,
    is_part,
    is_test,
    refuse_other_columns,
    shown,
    sort_parts,
    visible,
)
from nextinterest.data.sources.raw import (
    ATTRIBUTE,
    ITEM_FIELDS,
    RawData,
    as_events,
    as_items,
    as_users,
    attributes,
    known,
    unused,
)
from nextinterest.data.sources.usual_names import FIELDS
from nextinterest.errors import DataError

__all__ = ["Typed", "needed", "read_items", "read_recbole", "read_typed", "typed_separator"]

TITLES = ("title", "movie_title", "name", "item_name", "product_title", "game_title", "business_name")
CATEGORIES = ("class", "genre", "genres", "categories", "category", "tags")
YEARS = ("release_year", "year")
DESCRIPTIONS = ("description", "summary")
RATINGS = ("rating", "stars", "overall", "score", "label")
TIMES = ("timestamp", "time")


class Typed:
    """An atomic file: its rows under bare column names, and the type of each column."""

    def __init__(self, table: Table, types: dict[str, str]) -> None:
        self.path, self.notes, self.frame, self.types = table.path, table.notes, table.frame, types


def read_typed(path: Path, select: Callable[[Sequence[str]], Mapping[str, str]]) -> Typed:
    """Read one atomic file.

    Parameters
    ----------
    path
        The file.
    select
        Given the bare names of its columns, which are needed: from the name in the frame to the bare name.

    Raises
    ------
    DataError
        If it cannot be read, its header has no types, or a needed column is missing.
    """
    types: dict[str, str] = {}

    def chosen(header: tuple[str, ...]) -> dict[str, str]:
        full = {name.split(":", 1)[0]: name for name in reversed(header) if name}
        types.update({bare: name.split(":", 1)[1] for bare, name in full.items() if ":" in name})
        if len(types) != len(full):
            raise DataError(
                f"{path}:1: the header {shown(header)} has no types, as in 'user_id:token'.",
                remedy="If this is not a RecBole atomic file, read it with format='csv'.",
                command="If this is not a RecBole atomic file, read it with --format csv.",
            )
        names = [name.split(":", 1)[0] for name in header]
        return {
            out: full[name] if names.count(name) == 1 else _repeated(path, name)
            for out, name in select(names).items()
        }

    separator = typed_separator(TextFile(path).head(1)[0])
    table = read_delimited(path, separator, select=chosen)
    if separator != "\t":
        table = replace(table, notes=(*table.notes, separated_by(path, separator)))
    return Typed(table, types)


def _repeated(path: Path, name: str) -> NoReturn:
    raise DataError(f"{path}:1: a column name appears twice in the header: {name!r}.", remedy="Rename one.")


def typed_separator(header: str) -> str:
    r"""Return what separates the cells of a typed header: a tab, or what else gives typed names throughout.

    Examples
    --------
    >>> typed_separator("user_id:token item_id:token"), typed_separator("user_id:token\titem id:token")
    (' ', '\t')
    """
    if "\t" in header:
        return "\t"
    cut = {separator: fields_of(header, separator, quotes=False) for separator in (" ", ",", ";", "|")}
    return next((separator for separator, cells in cut.items() if len(cells) > 1 and bare_names(cells)), "\t")


def needed(path: Path, names: Sequence[str], *wanted: str) -> None:
    """Raise unless a file has these columns."""
    for name in wanted:
        if names.count(name) > 1:
            _repeated(path, name)
        if name not in names:
            field = {"user_id": "user", "item_id": "item"}.get(name)
            raise DataError(
                f"{path}:1: no column {name!r} among {shown(names)}.",
                remedy=f"Map it, as in columns={{{field!r}: 'NAME'}}." if field else "Rename the column.",
                command=f"Map it, as in --column {field}=NAME." if field else "",
            )


def first_of(columns: Iterable[str], wanted: tuple[str, ...]) -> str | None:
    """Return the first wanted name that is among the columns."""
    present = set(columns)
    return next((name for name in wanted if name in present), None)


def find_inter(path: Path) -> list[Path]:
    """Return the ``.inter`` files that a path means: one, or the parts of one data set in order.

    Raises
    ------
    DataError
        If a folder holds none, or several that are not parts of one data set.
    """
    if not path.is_dir():
        if suffix(path) not in (".item", ".user"):
            return [path]
        events = neighbour(path.parent, f"{stem(path)}.inter")
        if events is not None:
            return [events]
        path = path.parent
    found = sort_parts(p for p in visible(path) if suffix(p) == ".inter")
    if len(found) == 1 or (found and all(map(is_part, found)) and len({base(p) for p in found}) == 1):
        return found
    raise DataError(
        f"{path} holds {len(found)} .inter files, not one: {contents(path)}.",
        remedy="Give the file to read itself.",
    )


def read_recbole(path: Path, columns: Columns | None = None) -> RawData:
    """Read a folder of atomic files, or one ``.inter`` file and its neighbours of the same name.

    Files named as parts (``NAME.train.inter``, ``NAME.valid.inter``, ``NAME.test.inter``) are one log.

    Parameters
    ----------
    path
        The folder or file.
    columns
        From a field to the name of its column in any of the files, with its type or without.

    Raises
    ------
    DataError
        If there is no ``.inter`` file, or it has no user or item column.
    """
    check_fields(columns)
    paths = find_inter(path)
    first = paths[0]
    stems = tuple(dict.fromkeys((stem(first), base(first))))
    item_file, user_file = (_neighbour(first.parent, stems, ending) for ending in ("item", "user"))
    read = None if item_file is None else read_items(item_file, len(paths), columns)
    user_table = None
    if user_file is not None:
        user_table = read_typed(user_file, partial(_user_columns, user_file, columns))
    elsewhere = {
        *(() if read is None else _mapped(list(read[0].types), columns)),
        *(() if user_table is None else _mapped(list(user_table.types), columns)),
    }
    tables = [read_typed(p, partial(_event_columns, p, columns, elsewhere)) for p in paths]
    refuse_other_columns(paths, [list(table.types) for table in tables])
    events = pl.concat([as_events(table.frame, i) for i, table in enumerate(tables)])
    files, notes = [p.name for p in paths], [note for table in tables for note in table.notes]
    name = stem(first) if len(paths) == 1 else base(first) or first.resolve().parent.name
    beside = [p.name for p in visible(first.parent) if suffix(p) == ".inter" and base(p) == base(first)]
    if len(paths) == 1 and len(beside) > 1 and is_part(first):
        notes.append(f"{first.name} is read alone; give the folder to read {', '.join(beside)} as one log")
    items = users = None
    if read is not None:
        item_table, items = read
        files.append(item_table.path.name)
        notes.extend(item_table.notes)
    if user_table is not None:
        users = as_users(user_table.frame)
        files.append(user_table.path.name)
        notes.extend(user_table.notes)
    return RawData(
        name,
        tuple(files),
        events,
        items,
        users,
        has_times="time" in tables[0].frame.columns,
        has_ratings="rating" in tables[0].frame.columns,
        notes=tuple(dict.fromkeys(notes)),
        test_files=tuple(i for i, p in enumerate(paths) if is_test(p)) if len(paths) > 1 else (),
    )


def _neighbour(folder: Path, stems: Sequence[str], ending: str) -> Path | None:
    names = (f"{stem}.{ending}" for stem in stems if stem)
    return next((path for name in names if (path := neighbour(folder, name)) is not None), None)


def _mapped(names: Sequence[str], columns: Columns | None) -> dict[str, str]:
    """Return the bare names of mapped columns by field, of those that are there."""
    given = {field: str(column).split(":", 1)[0] for field, column in (columns or {}).items()}
    return {field: name for field, name in given.items() if name in names}


def _event_columns(
    path: Path, columns: Columns | None, elsewhere: Collection[str], names: Sequence[str]
) -> dict[str, str]:
    """Select what events must and may have; fields mapped to a column of the files beside are not of them."""
    mapped = _mapped(names, columns)
    for field, column in (columns or {}).items():
        if field not in mapped and field not in elsewhere:
            raise mapped_to_nothing(path, field, column, names)
    needed(path, names, *(f"{field}_id" for field in ("user", "item") if field not in mapped))
    usual = {
        "user": "user_id",
        "item": "item_id",
        "time": first_of(names, TIMES),
        "rating": first_of(names, RATINGS),
        "kind": first_of(names, FIELDS["kind"]),
        "weight": first_of(names, FIELDS["weight"]),
    }
    found = usual | {field: name for field, name in mapped.items() if field in usual}
    return {field: name for field, name in found.items() if name is not None}


def _user_columns(path: Path, columns: Columns | None, names: Sequence[str]) -> dict[str, str]:
    user = _mapped(names, columns).get("user", "user_id")
    needed(path, names, user)
    return attributes(names, user)


def read_items(path: Path, file: int, columns: Columns | None = None) -> tuple[Typed, pl.DataFrame]:
    """Read an atomic file of items into `ITEM_SCHEMA`; whatever its columns are called.

    Raises
    ------
    DataError
        If it has no item column.
    """
    usual = {field: FIELDS[field] for field in ITEM_FIELDS} | {
        "title": TITLES,
        "year": YEARS,
        "description": DESCRIPTIONS,
        "categories": CATEGORIES,
    }
    chosen: dict[str, str] = {}

    def select(names: Sequence[str]) -> dict[str, str]:
        mapped = _mapped(names, columns)
        chosen["item"] = mapped.get("item", "item_id")
        needed(path, names, chosen["item"])
        for field, wanted in usual.items():
            name = mapped.get(field) or first_of(names, wanted)
            if name is not None:
                chosen[field] = name
        return chosen | unused(names, chosen.values())

    table = read_typed(path, select)
    texts = [f for f in ITEM_FIELDS if f in chosen and f != "categories"]
    parts = [pl.col("item"), *(known(field).alias(field) for field in texts)]
    for name in (name for name in table.frame.columns if name.startswith(ATTRIBUTE)):
        listed = table.types[name.removeprefix(ATTRIBUTE)].endswith("_seq")
        parts.append((known(name).str.replace_all(r"\s+", "|") if listed else known(name)).alias(name))
    if "categories" in chosen:
        # A token_seq is separated by spaces; a single token may hold them.
        separator = " " if table.types[chosen["categories"]].endswith("_seq") else None
        words, notes = split_words(table.frame["categories"], separator)
        table.frame, table.notes = table.frame.with_columns(words), (*table.notes, *notes)
        parts.append(pl.col("categories"))
    return table, as_items(table.frame.select(*parts, "line", "problem"), file)
