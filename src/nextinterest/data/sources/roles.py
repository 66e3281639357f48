"""What the columns of a table without a header are likely to be, by the kinds of their values.

A proposal to be printed and checked by its reader, never applied unasked. Two columns of ids cannot be
distinguished: the first is taken for the user.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from nextinterest.data.missing import MISSING
from nextinterest.data.times import read_times
from nextinterest.errors import DataError

__all__ = ["propose_columns"]

_FROM, _TO = 631_152_000, 4_102_444_800  # 1990 to 2100
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_WORD = re.compile(r"[A-Za-z_ ]+")
_MOST_RATING = 10
_FEW_WORDS = 5


def propose_columns(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the likely position of each field in rows of as many cells; a field may be missing.

    Examples
    --------
    >>> propose_columns([["1700000000", "u1", "b7", "4.5"], ["1700000060", "u1", "b9", "3.0"]])
    {'user': 1, 'item': 2, 'rating': 3, 'time': 0}
    """
    columns = {
        position: [cell for cell in cells if cell not in MISSING]
        for position, cells in enumerate(zip(*rows, strict=True))
    }
    left = [position for position, cells in columns.items() if cells]
    found: dict[str, int] = {}
    time = next((position for position in left if _is_time(columns[position])), None)
    if time is not None:
        found["time"] = time
        left = [position for position in left if position != time and not _is_time(columns[position])]
    left, texts = _split(left, [position for position in left if _is_text(columns[position])])
    left, _ = _split(left, [position for position in left if _is_count_of_rows(columns[position])], keep=3)
    left, _ = _split(left, [position for position in left if _is_label(columns[position])])
    left, ratings = _split(left, [position for position in left if _is_rating(columns[position])][-1:])
    found |= dict(zip(("user", "item"), left, strict=False))
    if ratings:
        found["rating"] = ratings[0]
    for position in texts:
        several = any("|" in cell for cell in columns[position])
        found.setdefault("categories" if several else "title", position)
    order = ("user", "item", "rating", "time", "title", "categories")
    return {field: found[field] for field in order if field in found}


def _split(positions: list[int], out: list[int], keep: int = 2) -> tuple[list[int], list[int]]:
    """Take columns out, the last first, as long as enough are left to be the user and the item."""
    out = out[-(len(positions) - keep) :] if len(positions) > keep else []
    return [position for position in positions if position not in out], out


def _is_time(cells: Sequence[str]) -> bool:
    numbers = all(map(_NUMBER.fullmatch, cells))
    try:
        seconds = read_times(pl.Series(cells, dtype=pl.String)).seconds
    except DataError:  # dates in two ways are times; numbers that may be days of Excel may be ids, too
        return not numbers
    within = seconds.is_between(_FROM, _TO).fill_null(False)
    return bool(within.mean() == 1 if numbers else 2 * within.sum() > len(cells))


def _is_text(cells: Sequence[str]) -> bool:
    return 2 * sum(" " in cell or "|" in cell for cell in cells) >= len(cells)


def _is_count_of_rows(cells: Sequence[str]) -> bool:
    """Return whether a column counts the rows, as table tools write them."""
    if not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _is_label(cells: Sequence[str]) -> bool:
    """Return whether a column holds few words, again and again, such as view and purchase."""
    distinct = set(cells)
    return len(distinct) <= min(_FEW_WORDS, len(cells) // 2) and all(map(_WORD.fullmatch, distinct))


def _is_rating(cells: Sequence[str]) -> bool:
    """Return whether a column holds small numbers, whole or in halves and tenths."""
    if not all(map(_NUMBER.fullmatch, cells)):
        return False
    return all(abs(float(cell.replace(",", "."))) <= _MOST_RATING for cell in cells)
