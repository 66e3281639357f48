r"""Halves of surrogate pairs, which JSON may spell (``\ud800``) and which are no text: replaced, counted."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from nextinterest.counting import counted
from nextinterest.data.sources.lines import TextFile

__all__ = ["json_blocks"]

_ANY = r"\\u[dD][89a-fA-F]"
# Escapes are taken from the left, so that the second sign of an escaped backslash begins none.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def _mended(text: str) -> str:
    r"""Return a line of JSON with a question mark for each half of a pair that has no other half.

    Examples
    --------
    >>> _mended(r'"\ud83c\udfb8 \ud800 \\ud800"')
    '"\\ud83c\\udfb8 ? \\\\ud800"'
    """
    return _ESCAPE.sub(lambda match: "?" if match[1] else match[0], text)


def json_blocks(source: TextFile) -> Iterator[pl.DataFrame]:
    """Yield the blocks of lines of a file of JSON lines, without halves of surrogate pairs.

    How many lines held some is noted once the file has been read.
    """
    n = of_python = 0
    for block in source.blocks():
        of_python += int(block["text"].str.contains(r"^\s*\{'").sum())
        suspects = block["text"].str.contains(_ANY)
        if suspects.any():
            texts = block["text"].to_list()
            for at in suspects.arg_true().to_list():
                mended = _mended(texts[at])
                n += mended != texts[at]
                texts[at] = mended
            block = block.with_columns(pl.Series("text", texts, dtype=pl.String))
        yield block
    if of_python:
        source.notes.append(f"{source.path.name}: dictionaries of Python were read as JSON ({of_python:,})")
    if n:
        lines = counted(n, "line holds half a surrogate pair", "lines hold halves of surrogate pairs")
        source.notes.append(f"{source.path.name}: {lines}, which is no text, read as '?'")
