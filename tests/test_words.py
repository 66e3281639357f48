"""The source is written in the field's terms: words of its early private vocabulary do not come back."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src/nextinterest"
WORDS = re.compile(r"told|wish(es|ed)?|spoken|stretch(es)?|lent")
"""Use given, request, text, window and shared or passed instead."""


def parts(name: str) -> list[str]:
    """Return the words of an identifier or a text: ``_told_by`` and ``ToldBy`` hold told and by."""
    return re.findall(r"[A-Z]?[a-z]+", name)


def found_in(text: str) -> set[str]:
    return {part.lower() for part in parts(text) if WORDS.fullmatch(part.lower())}


def offences(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines and words of identifiers, comments and docstrings."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NAME, tokenize.COMMENT):
            yield from ((token.start[0], word) for word in found_in(token.string))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # docstrings, of fields too
            yield from ((node.lineno, word) for word in found_in(str(node.value.value)))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("told = 1", ["told"]),
        ("class Wish: ...", ["wish"]),
        ("def by_lent(): ...", ["lent"]),
        ('def f():\n    """Return the\n    stretch."""', ["stretch"]),
        ('x = 1\n"""As told."""', ["told"]),
        ("x = f(spoken=2)  # lent to it", ["spoken", "lent"]),
        ('foretold = silent = wishlist = "told"', []),  # parts of longer words, and data
    ],
)
def test_offences_are_found(source: str, words: list[str]) -> None:
    assert [word for _, word in offences(source)] == words


def test_private_vocabulary_is_gone() -> None:
    files = list(SOURCE.rglob("*.py"))
    assert len(files) > 100
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {word}"
        for path in files
        for line, word in offences(path.read_text(encoding="utf-8"))
    ]
    assert not found
