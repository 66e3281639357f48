"""JSON lines as a table: an object a line, the keys are the columns.

Whole blocks are decoded as columns of strings; lines that this cannot do are parsed one by one. Lists are
read where categories are wanted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from nextinterest.data.sources.cells import NAMED, list_of
from nextinterest.data.sources.delimited import Selection, Table
from nextinterest.data.sources.lines import TextFile
from nextinterest.data.sources.objects import (
    id_of,
    nested_events,
    python_object,
    refuse_documents,
    refuse_objects,
    value_of,
)
from nextinterest.data.sources.panics import panics_unprinted
from nextinterest.data.sources.raw import ATTRIBUTE
from nextinterest.data.sources.surrogates import json_blocks
from nextinterest.errors import DataError

__all__ = ["NOT_JSON", "decode", "json_object", "keys", "printable", "read_json_lines"]

NOT_JSON = "line that is not a JSON object"

_FEW = 64
"""Pieces of so many lines are decoded one by one once a larger piece has failed."""
_LISTED = ("item", "time", "rating", "categories")
"""What may be a list: categories of an item, or the events of a user in one line."""
_KEYS_FROM = 200
"""The keys of so many first lines are the columns."""


def json_object(text: str) -> dict[str, object] | None:
    """Parse one line, or return None where it is no object of JSON, nor one as Python writes it."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return python_object(text)
    return parsed if isinstance(parsed, dict) else None


def printable(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON may spell and UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def _cell(value: object, listed: bool, named: bool) -> str | None:
    value = value_of(value)
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict) and named:
        names = list_of(json.dumps([value]))
        return _cell(names if listed else names[0], listed, False) if names else None
    if isinstance(value, list) and listed:
        return printable(json.dumps(value, ensure_ascii=False))
    return str(value) if isinstance(value, int | float) else None


def _value(fields: Mapping[str, object], name: str, ids: Collection[str]) -> object:
    return id_of(fields.get(name)) if name in ids else fields.get(name)


def decode(
    lines: pl.DataFrame,
    names: Sequence[str],
    listed: Collection[str] = (),
    named: Collection[str] = (),
    ids: Collection[str] = (),
) -> pl.DataFrame:
    """Decode lines as `TextFile.blocks` yields them.

    Parameters
    ----------
    lines
        Columns ``line``, ``text`` and ``problem``.
    names
        Keys to decode.
    listed
        Which of them may hold lists, which stay JSON; a list elsewhere is as nothing.
    named
        Which of them may hold objects, for which their names stand.
    ids
        Which of them may hold objects, for which their ids stand. An object elsewhere is as nothing, but for
        those of MongoDB (`value_of`).

    Returns
    -------
    Columns ``_0``, ``_1``, ... for the names, strings, and ``line`` and ``problem``.
    """
    whole = pl.col("text").str.strip_chars_end().str.ends_with("}") & pl.col(
        "text"
    ).str.strip_chars_start().str.starts_with("{")
    problem = pl.coalesce("problem", pl.when(~whole).then(pl.lit(NOT_JSON)))
    lines = lines.with_columns(problem.alias("problem"))
    good = lines.filter(pl.col("problem").is_null())
    cells = [f"_{i}" for i in range(len(names))]
    schema = {cell: pl.String() for cell in cells} | {"decoded": pl.Boolean()}
    fields = pl.concat(
        [*_decode(good["text"], names, schema, listed, named, ids), pl.DataFrame(schema=schema)]
    )
    decoded = good.select("line").hstack(fields)
    bad = lines.filter(pl.col("problem").is_not_null()).select("line", "problem")
    problem = pl.when(~pl.col("decoded")).then(pl.lit(NOT_JSON)).alias("problem")
    return pl.concat([decoded.select("line", *cells, problem), bad], how="diagonal").sort("line")


def _decode(
    texts: pl.Series,
    names: Sequence[str],
    schema: Mapping[str, pl.DataType],
    listed: Collection[str],
    named: Collection[str],
    ids: Collection[str],
) -> Iterator[pl.DataFrame]:
    """Decode JSON objects in order, as one column as long as none is broken, in halves where one is."""
    if len(texts) == 0:
        return
    try:
        with panics_unprinted():
            frame = texts.str.json_decode(pl.Struct(dict.fromkeys(names, pl.String()))).struct.unnest()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        frame = pl.DataFrame()
    if len(frame) == len(texts):  # not so where one line held two objects
        frame.columns = [name for name in schema if name != "decoded"]
        yield frame.with_columns(pl.lit(True).alias("decoded"))
    elif listed or len(texts) <= _FEW:  # halves would hold lists too
        objects = [json_object(text) for text in texts]
        rows = [
            [*(_cell(_value(o or {}, n, ids), n in listed, n in named) for n in names), o is not None]
            for o in objects
        ]
        yield pl.DataFrame(rows, schema=schema, orient="row")
    else:
        middle = len(texts) // 2
        yield from _decode(texts[:middle], names, schema, listed, named, ids)
        yield from _decode(texts[middle:], names, schema, listed, named, ids)


def keys(path: Path) -> tuple[str, ...]:
    """Return the keys of the first lines, in the order in which they appear.

    Raises
    ------
    DataError
        If none of them is a JSON object.
    """
    lines = TextFile(path).head(_KEYS_FROM)
    found = [fields for line in lines if (fields := json_object(line)) is not None]
    refuse_documents(path, lines, found[0] if found else None)
    if not found:
        whole = lines[0].lstrip().startswith("[")
        what = "one JSON document, not JSON lines" if whole else "not JSON lines"
        raise DataError(
            f"{path} is {what}: none of its first {len(lines)} lines is a JSON object.",
            remedy="Write one object a line, as `jq -c '.[]' FILE` does with a list of them.",
        )
    return tuple(dict.fromkeys(printable(key) for fields in found for key in fields))


def read_json_lines(path: Path, select: Selection) -> Table:
    """Read JSON lines as strings, the selected keys only.

    Raises
    ------
    DataError
        If it cannot be read, or holds no JSON objects.
    """
    names = keys(path)
    first = [fields for line in TextFile(path).head(_KEYS_FROM) if (fields := json_object(line)) is not None]
    try:
        chosen = dict(select(names))
    except DataError as error:  # a list of objects may hold what was looked for
        raise nested_events(path, first) or error from None
    source = TextFile(path)
    wanted = list(dict.fromkeys(chosen.values()))
    listed = [name for out, name in chosen.items() if out in _LISTED or out.startswith(ATTRIBUTE)]
    named = [name for out, name in chosen.items() if out in NAMED]
    ids = [name for out, name in chosen.items() if out in ("user", "item")]
    if "item" in chosen and (nested := nested_events(path, first, chosen["item"])) is not None:
        raise nested
    notes = refuse_objects(path, first, chosen)
    cell = {name: f"_{i}" for i, name in enumerate(wanted)}
    parts = [
        decode(block, wanted, listed, named, ids).select(
            *(pl.col(cell[name]).alias(out) for out, name in chosen.items()), "line", "problem"
        )
        for block in json_blocks(source)
    ]
    return Table(path, names, pl.concat(parts, rechunk=True), (*source.notes, *notes))
