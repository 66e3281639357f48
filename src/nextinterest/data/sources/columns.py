"""Which column of a table is what: the caller's mapping, usual names, and what the first lines say.

A mapping names a column, or gives its position in a table without a header. Headers of atomic files
(``user_id:token``) are known with their types and without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from nextinterest.data.sources.parts import shown
from nextinterest.data.sources.usual_names import FIELDS, fold, matches
from nextinterest.errors import DataError

__all__ = [
    "DATA",
    "Columns",
    "GivenColumns",
    "bare_names",
    "check_fields",
    "is_positions",
    "left_out",
    "mapped_to_nothing",
    "positions",
    "refuse_equals",
    "sniff_columns",
    "unread_status",
]

GivenColumns = Mapping[str, str | int | None]
"""As `Columns`, and None for a field that is to be left out."""
Columns = Mapping[str, str | int]
"""From a field to its column: a name, or a position from 0 in a table without a header."""

TYPES = ("token", "token_seq", "float", "float_seq")
"""Types of columns in the header of an atomic file."""

_STATUS = ("status", "orderstatus", "financialstatus", "fulfillmentstatus", "paymentstatus")

DATA = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|\d{4}-\d\d-\d\d.*")
"""A number or a date: a cell of data, hardly the name of a column."""


def check_fields(columns: Columns | None) -> None:
    """Raise unless a mapping is of known fields, all by name or all by position.

    Raises
    ------
    DataError
        With what is allowed.
    """
    for field, column in (columns or {}).items():
        if field not in FIELDS:
            raise DataError(
                f"There is no field {field!r} to map.", remedy=f"The fields are {', '.join(FIELDS)}."
            )
        if (
            isinstance(column, bool)
            or not isinstance(column, str | int)
            or (isinstance(column, int) and column < 0)
        ):
            raise DataError(
                f"{field} is mapped to {column!r}, which is neither a name nor a position from 0.",
                remedy="Give the name of a column, or its number as an int.",
            )
    if len({isinstance(column, int) for column in (columns or {}).values()}) > 1:
        raise DataError(
            f"Some columns are given by name and some by position: {dict(columns or {})}.",
            remedy="Give all by name or, where there is no header, by position, as in "
            "columns={'user': 0, 'item': 1}.",
            command="Give all by name or, where there is no header, by position, as in "
            "--column user=0 --column item=1.",
        )
    user, item = ((columns or {}).get(field) for field in ("user", "item"))
    if user is not None and user == item and user != "":  # "" stands for a field that is left out
        raise DataError(
            f"user and item are both mapped to the column {user!r}.",
            remedy="Map each to a column of its own.",
        )


def positions(columns: Columns | None) -> tuple[int, ...]:
    """Return the positions that a mapping gives; none where it gives names."""
    return tuple(column for column in (columns or {}).values() if isinstance(column, int))


def bare_names(header: Sequence[str]) -> dict[str, str]:
    """Return what each column of a header may be called: its name, and in an atomic header that without type.

    Examples
    --------
    >>> bare_names(["user_id:token", "class:token_seq"])
    {'user_id': 'user_id:token', 'class': 'class:token_seq'}
    """
    if header and all(name.rpartition(":")[2] in TYPES and ":" in name for name in header):
        return {name.rpartition(":")[0]: name for name in header}
    return {}


def sniff_columns(header: Sequence[str], columns: Columns | None = None) -> dict[str, str]:
    """Return what each column is: the caller's mapping first, then the names that are known.

    Parameters
    ----------
    header
        Names of the columns.
    columns
        From a field of `FIELDS` to the name of the column or its position; one that is not there is left out.

    Raises
    ------
    DataError
        If the mapping names an unknown field.

    Examples
    --------
    >>> sniff_columns(["userId", "movieId", "when"], {"time": "when"})
    {'time': 'when', 'user': 'userId', 'item': 'movieId'}
    """
    check_fields(columns)
    bare = bare_names(header)
    found: dict[str, str] = {}
    for field, column in (columns or {}).items():
        if isinstance(column, int):
            if column < len(header):
                found[field] = header[column]
        elif column in header or column in bare:
            found[field] = column if column in header else bare[column]
    for field in FIELDS:
        if field not in (columns or {}):
            match = next((same[0] for same in matches(bare or header, field)), None)
            if match is not None and match not in found.values():
                found[field] = match
    return found


def refuse_equals(
    path: Path, header: Sequence[str], names: Mapping[str, str], columns: Columns | None
) -> None:
    """Raise where two columns have as good a name to be the user or the item.

    Raises
    ------
    DataError
        With the names of both.
    """
    for field in ("user", "item"):
        same = next(iter(matches(bare_names(header) or header, field)), ())
        if field in names and field not in (columns or {}) and len(set(same)) > 1:
            raise DataError(
                f"{path}:1: {shown(same)} may each be the {field}.",
                remedy=f"Name the one, as in columns={{{field!r}: {same[0]!r}}}.",
                command=f"Name the one, as in --column {field}={same[0]!r}.",
            )


def left_out(header: Sequence[str], names: Mapping[str, str], columns: Columns | None) -> list[str]:
    """Report which columns have a usual name of a field, too, that another column is."""
    taken, notes = {*names.values()}, []
    for field in FIELDS:
        if field == "time" or field not in names or field in (columns or {}):
            continue  # of times the finest counts, see `time_column`
        others = [name for same in matches(bare_names(header) or header, field) for name in same]
        others = [name for name in others if name not in taken]
        if others:
            notes.append(f"the {field} is {names[field]}, not {', '.join(map(str, others))}")
    return notes


def unread_status(header: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Report a column that says what became of an order, which is not read."""
    found = [name for name in header if fold(name) in _STATUS and name not in names.values()]
    said = "is not read: cancelled and refunded ones count as events; leave their rows out"
    return [f"{found[0]} {said}"] if found else []


def is_positions(header: Sequence[str]) -> bool:
    """Return whether the names are positions: 0, 1, 2 and so on, as pandas writes columns without names."""
    return list(header) == [str(i) for i in range(len(header))]


def mapped_to_nothing(path: Path, field: str, column: str | int, header: Sequence[str]) -> DataError:
    """Return the error for a mapping to a column that is not there."""
    return DataError(
        f"{path}:1: no column {column!r}, mapped to {field}, among {shown(header)}.",
        remedy="Name a column of the file.",
    )
