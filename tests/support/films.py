"""A small world that several rooms test with: nine films and an encoder of words."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from nextinterest.domain import FloatArray, Item


class WordEncoder:
    """Texts as normalised bags of hashed words: equal words, close vectors."""

    fingerprint = "words"

    def encode(self, texts: Sequence[str]) -> FloatArray:
        vectors = np.full((len(texts), 64), 1e-3, dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().replace(",", " ").split():
                row[zlib.crc32(word.encode()) % 64] += 1.0
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


FILMS = (
    Item("a", "Alien", ("Horror", "Sci-Fi"), 1979),
    Item("b", "Blade Runner", ("Sci-Fi",), 1982),
    Item("c", "Casablanca", ("Romance",), 1942),
    Item("d", "Dracula", ("Horror",), 1931),
    Item("e", "Emma", ("Romance",), 1996),
    Item("f", "Fargo", ("Crime",), 1996),
    Item("g", "Ghost", ("Romance",), 1990),
    Item("h", "Heat", ("Crime",), 1995),
    Item("i", "Island", (), None),
)
