"""JSON that is no table of plain values: objects in cells, dictionaries of Python, documents of one object.

mongoexport writes ``{"$oid": "..."}`` and ``{"$date": ...}``, APIs ``{"id": ...}``; both stand for one value.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nextinterest.data.sources.parts import shown
from nextinterest.data.sources.usual_names import matches
from nextinterest.errors import DataError

__all__ = ["id_of", "nested_events", "python_object", "refuse_documents", "refuse_objects", "value_of"]

_VALUES = ("$oid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$date")
_IDS = ("id", "_id")
_LONGEST = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CALL = re.compile(r"\s*([\w.$]+)\(\s*[\[{]")


def value_of(value: object) -> object:
    """Return the value for which an object of MongoDB's extended JSON stands; others as they are.

    Examples
    --------
    >>> value_of({"$oid": "5f"}), value_of({"$date": {"$numberLong": "1700000000500"}})
    ('5f', '2023-11-14T22:13:20.500000+00:00')
    >>> value_of({"$date": "2023-11-14T22:13:20Z"}), value_of({"id": 3})
    ('2023-11-14T22:13:20Z', {'id': 3})
    """
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((key, inner),) = value.items()
    if key not in _VALUES:
        return value
    inner = value_of(inner)
    if key == "$date" and not isinstance(
        inner, dict | list
    ):  # a number is of milliseconds, whatever its size
        try:
            return (_EPOCH + timedelta(milliseconds=int(str(inner)))).isoformat()
        except (ValueError, OverflowError):
            return inner
    return inner


def id_of(value: object) -> object:
    """Return the id of an object that has one; others as they are."""
    found = value
    if isinstance(value, dict):
        found = next((value[key] for key in _IDS if key in value), value)
    return value_of(found)


def python_object(text: str) -> dict[str, object] | None:
    """Return a dictionary written by Python, with single quotes, as the Amazon reviews of 2014 are.

    Examples
    --------
    >>> python_object("{'asin': 'B1', 'overall': 5.0, 'helpful': (0, 1)}"), python_object("{'a'")
    ({'asin': 'B1', 'overall': 5.0, 'helpful': [0, 1]}, None)
    """
    if not text.lstrip().startswith(("{'", '{"')) or len(text) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in texts
            parsed = json.loads(json.dumps(ast.literal_eval(text.strip())))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def nested_events(
    path: Path, rows: Sequence[Mapping[str, object]], name: str | None = None
) -> DataError | None:
    """Return the error for rows whose events stand in a list of objects; None where they do not.

    `name` is the key of the list; without it any key counts.
    """
    names = dict.fromkeys(key for row in rows for key in row) if name is None else [name]
    for key in names:
        cells = [row[key] for row in rows if row.get(key)]
        if cells and all(isinstance(cell, list) and _has_items(cell[0]) for cell in cells):
            how = f"""`jq -c 'del(.["{key}"]) + .["{key}"][]' FILE`"""
            return DataError(
                f"{path}: {key!r} holds lists of objects; an event is one object a line.",
                remedy=f"Write an object for each of them, as {how} does.",
            )
    return None


def _has_items(value: object) -> bool:
    return isinstance(value, dict) and bool({*_IDS} & value.keys() or matches(list(value), "item"))


def refuse_objects(path: Path, rows: Sequence[Mapping[str, object]], chosen: Mapping[str, str]) -> list[str]:
    """Raise where the user, the item or the time is an object in all rows, of which no value is known.

    Returns
    -------
    Notes of those whose id was read.
    """
    notes = []
    for field in ("user", "item", "time"):
        name = chosen.get(field)
        cells = [value_of(row[name]) for row in rows if row.get(name or "") is not None] if name else []
        first = next((cell for cell in cells if isinstance(cell, dict)), None)
        if name is None or first is None:
            continue
        if field != "time" and not isinstance(id_of(first), dict | list):
            key = next(key for key in _IDS if key in first)
            notes.append(f"{path.name}: {name!r} holds objects, whose {key!r} was read")
        elif all(isinstance(cell, dict) for cell in cells):
            inner = next((k for k, v in first.items() if isinstance(v, str | int | float)), "NAME")
            raise DataError(
                f"{path}: {name!r}, the {field}, holds objects with {shown(list(first))}, not values.",
                remedy="Put a field of each in its place, as "
                f'`jq -c \'.["{name}"] |= .["{inner}"]\' FILE` does.',
            )
    return notes


def refuse_documents(path: Path, lines: Sequence[str], first: Mapping[str, object] | None) -> None:
    """Raise where a file is one document that holds the rows, with how to write one object a line.

    Raises
    ------
    DataError
        If it is a table of columns as pandas writes it, a list within an object, or a call of JavaScript.
    """
    if first is None:
        if (call := _CALL.match(lines[0])) is not None:
            raise DataError(
                f"{path} is JSON within a call of JavaScript, {call[1]}(...), not JSON lines.",
                remedy="Take the call off and write one object a line, as "
                f"`sed -e '1s/^ *{call[1]}(//' -e '$s/) *;* *$//' FILE | jq -c '.[]'` does.",
            )
        return
    if len(lines) > 1:
        return
    inner = list(first.values())
    split = {"columns", "data"} <= first.keys() and isinstance(first["data"], list)
    columns = len(inner) > 1 and all(isinstance(v, dict) and v.keys() == _keys(inner[0]) for v in inner)
    if split or (columns and _keys(inner[0])):
        raise DataError(
            f"{path} is one JSON document with a column after the other, as pandas writes tables by default, "
            "not JSON lines.",
            remedy="Write the table with orient='records' and lines=True (DataFrame.to_json), or as CSV.",
            command="Write the table as JSON lines (in pandas records, one a line) or as CSV.",
        )
    lists = [v for v in inner if isinstance(v, list)]
    if len(inner) > 1 and len(lists) == len(inner) and len({*map(len, lists)}) == 1:
        raise DataError(
            f"{path} is one JSON document with a list for each column, not JSON lines.",
            remedy="Read it with nextinterest.data.from_events(polars.DataFrame(json.load(open(FILE)))).",
            command="Write one object a line, as `jq -c 'keys_unsorted as $k | [.[]] | transpose[] as $v | "
            "[$k, $v] | [transpose[] | {(.[0]): .[1]}] | add' FILE` does.",
        )
    listed = [
        k for k, v in first.items() if isinstance(v, list) and v and all(isinstance(o, dict) for o in v)
    ]
    if len(listed) == 1 and not {"user", "user_id", "userId"} & first.keys():
        raise DataError(
            f"{path} is one JSON document, whose {listed[0]!r} is a list of objects, not JSON lines.",
            remedy=f"Write one object a line, as `jq -c '.[\"{listed[0]}\"][]' FILE` does.",
        )


def _keys(value: object) -> set[str]:
    return set(value) if isinstance(value, dict) else set()
