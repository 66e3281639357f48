"""What the columns of a table without a header are likely to be, by the kinds of their values.

A proposal to be printed and checked by its reader, never applied unasked. Two columns of ids cannot be
distinguished: the first is taken for the user. Where nothing is safe, nothing is proposed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from nextinterest.data.missing import MISSING
from nextinterest.data.times import read_times
from nextinterest.errors import DataError

__all__ = ["is_time", "propose_columns"]

_FROM, _TO = 631_152_000, 4_102_444_800  # 1990 to 2100
_WHOLE = re.compile(r"\d+")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_RATING = re.compile(r"\d+(?:[.,]\d{1,2})?")
_WORD = re.compile(r"[A-Za-z_ ]+")
_DIGIT = re.compile(r"\d")
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
    if any(_is_list(columns[position]) for position in left):
        return {}  # a row is not one event
    found: dict[str, int] = {}
    time = next((position for position in left if is_time(columns[position])), None)
    if time is not None:
        found["time"] = time
        left = [position for position in left if position != time and not is_time(columns[position])]
    fractions = [position for position in left if _is_fraction(columns[position])]
    left = [position for position in left if position not in fractions]
    left, _ = _split(left, [position for position in left if set(columns[position]) == {"0"}])
    left, _ = _split(left, [position for position in left if _is_label(columns[position])])
    if len(left) > 2 and not any(_has_digits(columns[position]) for position in left):
        return {}  # names of several things, none of them an id
    left, texts = _split(left, [position for position in left if _is_text(columns[position])])
    left, _ = _split(left, [position for position in left if _is_count_of_rows(columns[position])], keep=3)
    ratings = [position for position in fractions if _is_rating(columns[position])][-1:]
    if not ratings:  # a whole number in front of the others is an id
        left, ratings = _split(
            left, [position for position in left[1:] if _is_rating(columns[position])][-1:]
        )
    # All events may be of one user, and hardly of one item.
    left = [p for p in left if p == left[0] or len(rows) < 3 or len(set(columns[p])) > 1]
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


def is_time(cells: Sequence[str]) -> bool:
    """Return whether a column holds times."""
    numbers = all(map(_NUMBER.fullmatch, cells))
    try:
        seconds = read_times(pl.Series(cells, dtype=pl.String)).seconds
    except DataError:  # dates in two ways are times; numbers that may be days of Excel may be ids, too
        return not numbers
    within = seconds.is_between(_FROM, _TO).fill_null(False)
    return bool(within.mean() == 1 if numbers else 2 * within.sum() > len(cells))


def _is_text(cells: Sequence[str]) -> bool:
    return 2 * sum(" " in cell or "|" in cell for cell in cells) >= len(cells)


def _is_list(cells: Sequence[str]) -> bool:
    """Return whether most cells hold several ids, separated by blanks."""
    several = [cell.split() for cell in cells if " " in cell.strip()]
    words = [word for cell in several for word in cell]
    return 2 * len(several) > len(cells) and not is_time(cells) and all(map(_DIGIT.search, words))


def _is_fraction(cells: Sequence[str]) -> bool:
    """Return whether a column holds numbers that are not written as whole ones, or below zero."""
    return all(map(_NUMBER.fullmatch, cells)) and not all(map(_WHOLE.fullmatch, cells))


def _has_digits(cells: Sequence[str]) -> bool:
    return 2 * sum(_DIGIT.search(cell) is not None for cell in cells) > len(cells)


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
    if not all(map(_RATING.fullmatch, cells)):
        return False
    return all(abs(float(cell.replace(",", "."))) <= _MOST_RATING for cell in cells)
