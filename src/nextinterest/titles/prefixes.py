"""Texts by how their words begin."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from nextinterest.domain import IntArray

__all__ = ["WordPrefixes"]


class WordPrefixes:
    """Finds the texts in which some words stand in a row, the last of them perhaps unfinished.

    Parameters
    ----------
    texts
        The texts, normalised: words between single blanks.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        having: dict[str, list[int]] = {}
        for number, text in enumerate(texts):
            for word in set(text.split()):
                having.setdefault(word, []).append(number)
        self._words = sorted(having)
        self._having = {word: np.array(numbers, dtype=np.int32) for word, numbers in having.items()}

    def containing(self, typed: str) -> list[int]:
        """Return the numbers of the texts that have `typed` at the beginning of a word, in order."""
        *finished, last = typed.split()
        begin, end = bisect_left(self._words, last), bisect_left(self._words, last + "\U0010ffff")
        rows = [self._having[word] for word in self._words[begin:end]]
        numbers: IntArray = np.unique(np.concatenate(rows)) if rows else np.empty(0, dtype=np.int32)
        for word in finished:
            numbers = np.intersect1d(numbers, self._having.get(word, ()), assume_unique=True)
        if not finished:
            return [int(number) for number in numbers]
        return [int(number) for number in numbers if f" {typed}" in f" {self.texts[number]}"]
