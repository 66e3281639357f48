from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray
from nextinterest.retrieval import Encoder


class WordEncoder:
    """Bags of hashed words as unit vectors: texts that share words are close. Notes what it encoded."""

    fingerprint = "words-256"

    def __init__(self, encoded: list[str]) -> None:
        self.encoded = encoded

    def encode(self, texts: Sequence[str]) -> FloatArray:
        self.encoded.extend(texts)
        vectors = np.zeros((len(texts), 256), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, hashlib.sha256(word.encode()).digest()[0]] += 1.0
            vectors[row, 0] += 1e-3  # no text is without direction
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


@pytest.fixture
def encoded() -> list[str]:
    """Texts that the encoder was asked for, in order."""
    return []


@pytest.fixture
def encoder(encoded: list[str]) -> Encoder:
    return WordEncoder(encoded)


@pytest.fixture
def catalog() -> Catalog:
    """Forty items in four genres; titles of a genre share a word."""
    genres = ("horror", "comedy", "western", "musical")
    return Catalog(
        [f"i{n}" for n in range(40)],
        [f"{genres[n % 4]} number{n}" for n in range(40)],
        [(genres[n % 4],) for n in range(40)],
        [1980 + n for n in range(40)],
    )


@pytest.fixture
def log() -> EventLog:
    """Sixty users who walk through the catalogue in steps of four, so that genres co-occur."""
    rng = np.random.default_rng(5)
    users, items, times = [], [], []
    for user in range(60):
        genre, start = int(rng.integers(4)), int(rng.integers(5))
        for step in range(int(rng.integers(2, 6))):
            users.append(user)
            items.append(genre + 4 * (start + step))
            times.append(1_000_000 + 86_400 * step + user)
    return EventLog.from_arrays(
        [f"u{n}" for n in range(60)],
        np.array(users, dtype=np.int32),
        np.array(items, dtype=np.int32),
        np.array(times, dtype=np.int64),
    )
