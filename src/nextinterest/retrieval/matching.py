"""How clearly a request's words match a catalogue, and how much they may therefore steer a ranking.

Some item is always the closest one, and the closest to words without meaning lies as many standard deviations
from the average item as a true match does. What tells them apart is what such words reach themselves: 64
pronounceable strings of a seeded generator are searched once, and a request is compared with them by

    Z = max over levels r of (a_r - mean a_r) / sd a_r

with a_r the cosine of its r-th closest item (r = 1, 10, 100) less that of the average item, and for r = 0 the
standard deviation of its cosines, which is large where a whole genre is meant; means and deviations are those
of the strings. Z, less its mean over the strings and in their standard deviations, is the request's
clearness: up to `WEAK` the words count for nothing, from `CLEAR` on in full, and between in proportion.
`docs/retrieval.md` compares this with other forms on dialogues. Knows nothing of histories.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import FloatArray, IntArray, RequestMatch
from nextinterest.retrieval.reading import IndexedVectors
from nextinterest.retrieval.text_encoder import Encoder

__all__ = ["CLEAR", "MOST", "STEER", "WEAK", "Match", "Noise"]

WEAK = 1.0
"""Clearness, in standard deviations of meaningless strings, up to which words count for nothing."""

CLEAR = 2.0
"""Clearness from which they count in full."""

STEER = 1.0
"""Nats by which an item rises for each standard deviation of a meaningless string's cosines by which its text
lies closer to clear words than the average item's. The largest of .6, .8, 1 and 1.2 with which the films that
people accepted in dialogues are within .1 nats as probable as with the best (`docs/retrieval.md`)."""

MOST = 10.0
"""Largest rise in nats, of the closest item over the average one: a prior. With it the item of that very
title comes first for most users, and a list still differs by user."""

_LEVELS = (1, 10, 100)
_STRINGS = 64
_SAMPLE = 2048
_LEAST = 0.02  # of a standard deviation of cosines: an encoder of few texts may give strings no spread at all

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """How a request's words match a catalogue.

    Attributes
    ----------
    clearness
        In standard deviations of meaningless strings, above their mean.
    steer
        Nats by which an item's log-score rises with each unit of its text's cosine with the words.
    """

    clearness: float
    steer: float

    @property
    def kind(self) -> RequestMatch:
        """In a word."""
        return "none" if self.clearness <= WEAK else "weak" if self.clearness < CLEAR else "clear"


class Noise:
    """What meaningless strings score in a catalogue, by which requests are judged.

    Parameters
    ----------
    indexed
        The items' text vectors.
    draw
        Whose first items are the sample that means and deviations are taken over: a permutation of the
        catalogue.
    encoder
        The encoder of those vectors.
    """

    def __init__(self, indexed: IndexedVectors, draw: IntArray, encoder: Encoder) -> None:
        self._index, self._sample = indexed.index, indexed.vectors[draw[:_SAMPLE]]
        self._levels = [r for r in _LEVELS if r == 1 or 2 * r <= len(draw)]
        if len(draw):
            found = self._reached(encoder.encode(meaningless_strings()))
            self._mean, self._sd = found.mean(axis=0), np.maximum(found.std(axis=0, ddof=1), _LEAST / 4)
            self.spread = max(float(found[:, -1].mean()), _LEAST)
            highest = self._highest(found)
            self._usual, self._varies = float(highest.mean()), float(highest.std(ddof=1))

    def match(self, vector: FloatArray) -> Match:
        """Return how words of this unit vector, shape (dimension,), match."""
        if not len(self._sample):
            return Match(0.0, 0.0)
        found = self._reached(vector[None])
        clearness = float(self._highest(found)[0] - self._usual) / max(self._varies, _LEAST)
        share = float(np.clip((clearness - WEAK) / (CLEAR - WEAK), 0.0, 1.0))
        closest = max(float(found[0, 0]), 1e-6)
        return Match(clearness, min(share * STEER / self.spread, MOST / closest))

    def _reached(self, vectors: FloatArray) -> _Floats:
        """Return what Z of the module docstring compares, shape (n, number of levels + 1)."""
        usual = vectors @ self._sample.T
        _, best = self._index.search(vectors, self._levels[-1])
        above = best[:, [r - 1 for r in self._levels]] - usual.mean(axis=1, keepdims=True)
        return np.column_stack([above, usual.std(axis=1)]).astype(np.float64)

    def _highest(self, found: _Floats) -> _Floats:
        return np.asarray(((found - self._mean) / self._sd).max(axis=1))


def meaningless_strings() -> list[str]:
    """Return the strings: one to three words of syllables each, always the same.

    Examples
    --------
    >>> len(set(meaningless_strings()))
    64
    """
    chance, consonants, vowels = np.random.default_rng(0), list("bdfgjklmnprstvwxz"), list("aeiou")

    def word() -> str:
        length = chance.integers(1, 4)
        syllables = [chance.choice(consonants) + chance.choice(vowels) for _ in range(length)]
        return "".join([*syllables, chance.choice(consonants)])

    return [" ".join(word() for _ in range(chance.integers(1, 4))) for _ in range(_STRINGS)]
