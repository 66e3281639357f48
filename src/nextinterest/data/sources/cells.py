"""Several values in one cell: lists as programs write them, and words with a separator between them.

Lists are those of JSON, Python, numpy (no commas) and, of dictionaries, their names. Text that only begins
like a list stays text.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Mapping
from itertools import pairwise

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.missing import MISSING
from nextinterest.data.sources.raw import UNKNOWN

__all__ = ["LENGTHS", "NAMED", "NAMES", "list_of", "split_words", "spread_lists"]

LENGTHS = "lists of different lengths"
EMPTY = "empty list"

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_VALUE = rf"{_QUOTED}|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|None|null|nan|NaN|True|False|true|false"
_LIST = re.compile(rf"[\[(]\s*(?:(?:{_VALUE}|[\[\]])[\s,]*)*[\])]")
_VALUES = re.compile(_VALUE)
_QUOTES = re.compile(rf"(?:{_QUOTED})(?:\s*,\s*(?:{_QUOTED}))*")
_DICT = re.compile(r"""["'](?:name|title|label)["']\s*:\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_ESCAPED = re.compile(r"\\(.)")
NAMES = ("name", "title", "label")
"""Which field of an object is its name, the first that is there."""
NAMED = ("title", "categories")
"""What is a name, so that an object may stand for it."""
_NONE = ("None", "null", "nan", "NaN")
_LONGEST = 200_000
_INTO = " > "
"""Between a category and one that is part of it."""
_COMMA = re.compile(r"(?<!\\),")


def list_of(cell: str) -> list[str] | None:
    r"""Return the values of a cell that is a list as a program writes it; None where it is none.

    Examples
    --------
    >>> list_of("['Action', \"Children's\"]"), list_of("[1 2]"), list_of("[]"), list_of("[REC]")
    (['Action', "Children's"], ['1', '2'], [], None)
    >>> list_of("[{'id': 28, 'name': 'Action'}]")
    ['Action']
    """
    cell = cell.strip()
    if not cell.startswith(("[", "(")) or not cell.endswith(("]", ")")) or len(cell) > _LONGEST:
        return None
    if cell.startswith("["):
        try:
            return _flat(json.loads(cell))
        except (ValueError, RecursionError):
            pass
    balanced = cell.count("[") == cell.count("]")
    if balanced and _LIST.fullmatch(cell) and (cell.startswith("[") or "'" in cell or '"' in cell):
        return [_bare(value) for value in _VALUES.findall(cell) if value not in _NONE]
    if cell.startswith("[{") and (names := _DICT.findall(cell)):
        return [_bare(name) for name in names]
    return None


def _flat(value: object) -> list[str]:
    if isinstance(value, dict):
        named = next((value[key] for key in NAMES if key in value), None)
        return [] if named is None else _flat(named)
    if isinstance(value, list):
        return [text for part in value for text in _flat(part)]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [] if value is None or value != value else [str(value)]


def _bare(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if value[0] in "'\"" else value


def split_words(column: pl.Series, separator: str | None) -> tuple[pl.Series, tuple[str, ...]]:
    """Split a column of categories.

    Parameters
    ----------
    column
        As written.
    separator
        Between them; None where a cell is one, ``auto`` where the column is to show it.

    Returns
    -------
    Lists of words, without those for "not known", and how the column was read where that is not plain.
    """
    column = column.cast(pl.String)
    distinct = column.drop_nulls().unique(maintain_order=True)
    texts = [html.unescape(text) if "&" in text else text for text in distinct.to_list()]
    lists = {
        raw: found for raw, text in zip(distinct, texts, strict=True) if (found := _listed(text)) is not None
    }
    rest = [text for raw, text in zip(distinct, texts, strict=True) if raw not in lists]
    notes = [f"{column.name} as lists in cells"] if lists else []
    between = _separator(rest) if separator == "auto" else separator
    if separator == "auto" and between not in (None, "|"):
        notes.append(f"{column.name} separated by {between!r}")
    if between is None and any("," in text for text in rest):
        notes.append(f"{column.name} with commas that separate nothing")
    cells = {text: [text] if between is None else text.split(between) for text in rest}
    if between == _INTO and _have_several_paths(rest):
        notes.append(f"{column.name} with several paths in a cell, separated by ','")
        cells = {text: [part for path in _paths(text) for part in path.split(_INTO)] for text in rest}
    if separator == "auto":
        paths = {} if between == _INTO else _of_paths(cells)
        in_lists = _of_paths(lists)
        cells, lists = cells | paths, lists | in_lists
        if paths or in_lists:
            notes.append(f"{column.name} as paths of categories, separated by {_INTO!r}")
    words = []
    for raw, text in zip(distinct, texts, strict=True):
        parts = lists[raw] if raw in lists else cells[text]
        words.append([word for part in parts if _is_known(word := part.strip())])
    table = pl.DataFrame(
        {"raw": distinct, "words": words}, schema={"raw": pl.String(), "words": pl.List(pl.String())}
    )
    joined = column.alias("raw").to_frame().join(table, on="raw", how="left", maintain_order="left")
    return joined["words"].alias(column.name), tuple(notes)


def _listed(text: str) -> list[str] | None:
    bare = text.strip()
    if _QUOTES.fullmatch(bare):
        return [_bare(value) for value in _VALUES.findall(bare)]
    return list_of(bare)


def _is_known(word: str) -> bool:
    return word.lower() not in UNKNOWN and word not in MISSING


def _separator(texts: Collection[str]) -> str | None:
    """Return what separates the words of a column; a comma only where its parts also stand in other cells."""
    for sign in ("|", ";", _INTO):
        if any(sign in text for text in texts):
            return sign
    split = {text: {part.strip() for part in text.split(",")} for text in texts if "," in text}
    seen: dict[str, int] = {}
    for text in texts:
        for part in split.get(text, {text.strip()}):
            seen[part] = seen.get(part, 0) + 1
    return "," if any(seen[part] > 1 for parts in split.values() for part in parts) else None


def _of_paths(cells: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the cells in which a part is a path of categories, with the parts of the path."""
    return {
        cell: [name for part in parts for name in part.split(_INTO)]
        for cell, parts in cells.items()
        if any(_INTO in part for part in parts)
    }


def _paths(text: str) -> list[str]:
    """Cut a cell at its commas; one with a backslash before it is part of a name."""
    return [part.strip().replace(r"\,", ",") for part in _COMMA.split(text)]


def _have_several_paths(texts: Collection[str]) -> bool:
    """Return whether commas separate paths: what is behind one also begins a cell, or follows on other names.

    "A > B, A > C" are two paths. In "Food, Drinks > Tea" the comma is part of a name, unless "Drinks" begins
    a cell elsewhere or stands behind something else than "Food". Where some have a backslash, the others do.
    """
    if any(r"\," in text for text in texts):
        return True
    first: set[str] = set()
    before: dict[str, set[str]] = {}
    for text in texts:
        paths = [[name.strip() for name in path.split(_INTO)] for path in _paths(text)]
        first.add(paths[0][0])
        for path, following in pairwise(paths):
            before.setdefault(following[0], set()).add(path[-1])
    return any(root in first or len(names) > 1 for root, names in before.items())


def spread_lists(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Give each element of the lists in a table of events a row of its own.

    A table holds lists where every item there is stands in one. Lists of one row go side by side; where they
    differ in length the row has a problem, as it has where they are empty.
    """
    items = frame["item"].drop_nulls()
    items = items.filter(items.str.strip_chars() != "")
    if not len(items) or not items.str.contains(r"^\s*\[.*\]\s*$").all():
        return frame, ()
    names = [name for name in frame.columns if name not in ("line", "problem", "categories", "file")]
    lists: dict[str, list[list[str] | None]] = {}
    for name in names:
        found = [None if cell is None else list_of(cell) for cell in frame[name].to_list()]
        if any(one is not None for one in found):
            lists[name] = found
    if len([one for one in lists.get("item", ()) if one is not None]) < len(items):
        return frame, ()
    rows: dict[str, list[object]] = {name: [] for name in ("row", "problem", *lists)}
    problems = frame["problem"].to_list()
    for row, problem in enumerate(problems):
        cells = {name: found[row] for name, found in lists.items()}
        sizes = {len(cell) for cell in cells.values() if cell is not None}
        if problem is None and cells["item"] is not None and (len(sizes) > 1 or sizes == {0}):
            problem = LENGTHS if len(sizes) > 1 else EMPTY
        n = 1 if problem is not None or cells["item"] is None else sizes.pop()
        rows["row"] += [row] * n
        rows["problem"] += [problem] * n
        for name, cell in cells.items():
            alone = frame[name][row] if cell is None else None
            rows[name] += [alone] * n if cell is None or problem is not None else cell
    spread = pl.DataFrame(
        rows, schema={"row": pl.UInt32(), **dict.fromkeys(rows.keys() - {"row"}, pl.String())}
    )
    others = frame.with_row_index("row").drop("problem", *lists)
    joined = spread.join(others, on="row", how="left", maintain_order="left")
    return joined.select(frame.columns), (
        f"rows with lists: {counted(len(frame), 'row is', 'rows are')} {counted(len(joined), 'event')}",
    )
