"""What stands above the header of a delimited file: ``sep=;``, comments, titles of a report, rules of a box.

It is passed over, with a note, where the header is certain by the names of its columns; where it is not, an
error names the line that seems to be the header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.sources.columns import Columns, positions, sniff_columns
from nextinterest.data.sources.delimited import fields_of, unwrapped, wrapping
from nextinterest.data.sources.parts import shown
from nextinterest.errors import DataError

__all__ = ["SEPARATORS", "Opening", "cells_of", "find_opening"]

SEPARATORS = (",", ";", "\t", "|")

_SEP = re.compile(r"\"?sep=(.|\\t)\"?[\s,;]*", re.IGNORECASE)
_PART = r"[\s:]*[-=][-\s:=]*"
_RULE = re.compile(rf"[|+]?{_PART}(?:[|+]{_PART})+[|+]?|\+{_PART}\+")
_OF_ITEMS = {"title", "categories", "year", "description"}

Line = tuple[int, str]
"""A line with its number."""


@dataclass(frozen=True)
class Opening:
    """Where the table of a file begins.

    Attributes
    ----------
    lines
        Its first lines, from the header on.
    skip
        Number of the last line above the header (or above the data, where the header is a comment).
    separator
        What a line ``sep=;`` says, or ``|`` of a box.
    boxed
        Whether the table is drawn, as mysql and psql print it.
    header
        The header where it stands in a comment, without the sign.
    notes
        What was passed over.
    wrapped
        The sign around whole lines, see `Dialect`; `lines` and `header` are without.
    """

    lines: tuple[str, ...]
    skip: int = 0
    separator: str | None = None
    boxed: bool = False
    header: str | None = None
    notes: tuple[str, ...] = ()
    wrapped: str = ""


def cells_of(line: str, separator: str) -> list[str]:
    """Return the names in a header: without blanks around them, and single quotes where all have them."""
    cells = [cell.strip() for cell in fields_of(line, separator)]
    if all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells):
        return [cell[1:-1].replace("''", "'") for cell in cells]
    return cells


def find_opening(path: Path, lines: Sequence[Line], columns: Columns | None) -> Opening:
    """Return where the table of a delimited file begins.

    Parameters
    ----------
    path
        The file.
    lines
        Its first lines that are not empty.
    columns
        The caller's mapping; positions mean that there is no header.

    Raises
    ------
    DataError
        If titles stand above a table whose header is not certain.
    """
    sign = wrapping([text for _, text in lines])
    if sign:
        bare = unwrapped(pl.Series([text for _, text in lines], dtype=pl.String), sign)
        opening = _find(
            path, [(number, text) for (number, _), text in zip(lines, bare, strict=True)], columns
        )
        note = f"{path.name}: the {sign} around whole lines were taken off"
        return replace(opening, wrapped=sign, notes=(*opening.notes, note))
    return _boxed(path, lines) or _find(path, lines, columns)


def _find(path: Path, lines: Sequence[Line], columns: Columns | None) -> Opening:
    """Find the opening of a table that is not drawn."""
    said = _SEP.fullmatch(lines[0][1].strip(" ")) if len(lines) > 1 else None
    start = int(said is not None)
    separator = None if said is None else said[1].replace("\\t", "\t")
    signs = tuple(dict.fromkeys((*([separator] if separator else []), *SEPARATORS)))
    at = _past_comments(lines, start, signs, columns)
    header = None
    if positions(columns):
        while at + 1 < len(lines) and _is_title(lines, at, signs):
            at += 1
    elif not _is_header(lines[at][1], signs, columns):
        comment = lines[at - 1][1].lstrip("# \t") if at > start else ""
        found = next((i for i in range(at + 1, len(lines)) if _may_begin(lines, at, i, signs, columns)), None)
        if found is not None:
            at = found
        elif {"user", "item"} <= _known(comment, signs, columns).keys():
            header = comment
        elif _is_title(lines, at, signs):
            raise _uncertain(path, lines, at, signs)
    above = lines[: at - (header is not None)]
    notes = _note(path, above, "data" if positions(columns) else "header")
    if header is not None:
        notes = (*notes, f"{path.name}: the header is the comment in line {lines[at - 1][0]}")
    rest = tuple(text for _, text in lines[at:])
    skip = lines[at - 1][0] if at else 0
    return Opening((header, *rest) if header is not None else rest, skip, separator, False, header, notes)


def _note(path: Path, above: Sequence[Line], what: str) -> tuple[str, ...]:
    if not above:
        return ()
    lines = counted(len(above), f"line above the {what} was", f"lines above the {what} were")
    return (f"{path.name}: {lines} passed over: {shown([text for _, text in above])}",)


def _known(line: str, signs: Sequence[str], columns: Columns | None) -> dict[str, str]:
    """Return the fields that a line names as a header, under the separator that gives most."""
    found = (sniff_columns(cells_of(line, sign), columns) for sign in signs)
    return max(found, key=len)


def _is_header(line: str, signs: Sequence[str], columns: Columns | None) -> bool:
    known = _known(line, signs, columns).keys()
    return {"user", "item"} <= known or ("item" in known and bool(_OF_ITEMS & known))


def _may_begin(
    lines: Sequence[Line], first: int, at: int, signs: Sequence[str], columns: Columns | None
) -> bool:
    """Return whether a line is the header: by its names, or by one name below lines that are titles."""
    if _is_header(lines[at][1], signs, columns):
        return True
    titles = all(_filled(text, signs) <= 1 for _, text in lines[first:at])
    return (
        titles
        and _filled(lines[at][1], signs) > 1
        and bool({"user", "item"} & _known(lines[at][1], signs, columns).keys())
    )


def _filled(line: str, signs: Sequence[str]) -> int:
    """Return the most cells with anything in them that a separator gives."""
    return max(sum(cell != "" for cell in cells_of(line, sign)) for sign in signs)


def _past_comments(lines: Sequence[Line], start: int, signs: Sequence[str], columns: Columns | None) -> int:
    """Return the first line from `start` that is no comment and not blank but for separators."""
    for at in range(start, len(lines)):
        text = lines[at][1].strip()
        comment = text.startswith("#") and not _is_header(text, signs, columns)
        if not comment and text.strip(' ,;|\t"') != "":
            return at
    return start


def _is_title(lines: Sequence[Line], at: int, signs: Sequence[str]) -> bool:
    """Return whether a line of one cell stands above lines that all have the same number of cells."""
    below = [text for _, text in lines[at + 1 :] if _filled(text, signs) > 1]
    counts = [{len(fields_of(text, sign)) for text in below} for sign in signs]
    return _filled(lines[at][1], signs) <= 1 and any(len(n) == 1 and max(n) > 1 for n in counts)


def _uncertain(path: Path, lines: Sequence[Line], at: int, signs: Sequence[str]) -> DataError:
    number, text = next((line for line in lines[at + 1 :] if _filled(line[1], signs) > 1), lines[at])
    names = max((cells_of(text, sign) for sign in signs), key=len)
    return DataError(
        f"{path}:{lines[at][0]}: {lines[at][1][:40]!r} is a title, and of the columns {shown(names)} of line "
        f"{number} none is known as the user or the item.",
        remedy="If that line is the header, name its columns: columns={'user': 'NAME', 'item': 'NAME'}; if "
        "it is data, give positions: columns={'user': 0, 'item': 1}.",
        command="If that line is the header, name its columns: --column user=NAME --column item=NAME; "
        "if it is data, give positions: --column user=0 --column item=1.",
    )


def _boxed(path: Path, lines: Sequence[Line]) -> Opening | None:
    """Return the opening of a table that is drawn with rules; None where it is not."""
    rule = next((i for i, (_, text) in enumerate(lines) if _RULE.fullmatch(text.strip())), None)
    if rule is None:
        return None
    at = rule + 1 if lines[rule][1].lstrip().startswith("+") else rule - 1
    if not 0 <= at < len(lines) or len(lines[at][1].strip(" |").split("|")) < 2:
        return None
    texts = [text for _, text in lines[at:] if not _RULE.fullmatch(text.strip())]
    bare = tuple(text.strip().removeprefix("|").removesuffix("|") for text in texts)
    notes = (*_note(path, lines[: min(at, rule)], "header"), f"{path.name} was read as a drawn table")
    return Opening(bare, lines[at - 1][0] if at else 0, "|", True, None, notes)
