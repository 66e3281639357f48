"""An inverted index of character trigrams over short texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nextinterest.domain import IntArray

__all__ = ["TrigramIndex"]

_COMMONEST = 400  # a trigram of more texts than this, or than a twentieth of them, tells little
_LETTERS = (
    8191  # characters are numbered modulo this; where two share a number, a shortlist is a little worse
)


class TrigramIndex:
    """Finds the texts that share most trigrams with another.

    A text's trigrams are those of the text between two blanks, each counted once. What is kept are the
    numbers of the texts that have each trigram, 4 bytes each.

    Parameters
    ----------
    texts
        The texts.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._lengths = np.array([len(text) + 2 for text in texts], dtype=np.int32)
        code = _code_points("".join(f" {text} " for text in texts))
        letters = np.flatnonzero(np.bincount(code))
        self._letters = np.full(int(letters[-1]) + 1 if len(letters) else 1, -1, dtype=np.int64)
        self._letters[letters] = np.arange(len(letters)) % _LETTERS
        begins = np.ones(len(code), dtype=bool)
        ends = np.cumsum(self._lengths, dtype=np.int64)
        begins[ends - 1] = begins[ends - 2] = False  # the last two characters of a text begin no trigram
        number = np.repeat(np.arange(len(texts), dtype=np.int64), self._lengths)[:-2][begins[:-2]]
        n = max(1, len(texts))
        pairs = np.sort(self._trigrams(code)[begins[:-2]] * n + number)
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        trigrams, posting = np.divmod(pairs, n)
        self._postings = posting.astype(np.int32)
        firsts = np.flatnonzero(np.diff(trigrams, prepend=-1))
        self._known = trigrams[firsts]
        self._offsets = np.append(firsts, len(trigrams))

    def _trigrams(self, code: IntArray) -> IntArray:
        """Return a number for each three characters in a row; negative with a character that no text has."""
        letters = np.where(
            code < len(self._letters), self._letters[np.minimum(code, len(self._letters) - 1)], -1
        )
        numbers = (letters[:-2] * _LETTERS + letters[1:-1]) * _LETTERS + letters[2:]
        return np.where((letters[:-2] < 0) | (letters[1:-1] < 0) | (letters[2:] < 0), -1, numbers)

    def nearest(self, text: str, k: int, *, whole: bool = True) -> IntArray:
        """Return the numbers of the k texts that share most trigrams with one, best first.

        Parameters
        ----------
        text
            What is looked for.
        k
            How many at most.
        whole
            Compare whole texts (Dice's coefficient); False counts only how much of `text` they have.
        """
        code = _code_points(f" {text} ")
        n_trigrams = len({f" {text} "[i : i + 3] for i in range(len(text))})
        trigrams = np.unique(self._trigrams(code))
        rows = np.searchsorted(self._known, trigrams)
        known = rows < len(self._known)
        known[known] = self._known[rows[known]] == trigrams[known]
        rows = rows[known]
        sizes = self._offsets[rows + 1] - self._offsets[rows]
        # A trigram of half the texts tells nothing and costs most: the rarest, where there are many.
        order = np.argsort(sizes, kind="stable")
        limit = max(_COMMONEST, len(self._lengths) // 20)
        kept = [row for n, row in enumerate(rows[order]) if n < 4 or sizes[order[n]] <= limit]
        if not kept:
            return np.empty(0, dtype=np.int32)
        hits = np.concatenate([self._postings[self._offsets[row] : self._offsets[row + 1]] for row in kept])
        numbers, shared = np.unique(hits, return_counts=True)
        score = 2 * shared / (self._lengths[numbers] + n_trigrams) if whole else shared
        return numbers[np.argsort(-score, kind="stable")[:k]]


def _code_points(text: str) -> IntArray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
