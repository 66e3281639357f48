from __future__ import annotations

import numpy as np
import pytest
from support.films import WordEncoder

from nextinterest.data import EventLog
from nextinterest.domain import Catalog
from nextinterest.retrieval import Encoder

GENRES = ("horror", "comedy", "western", "musical")


@pytest.fixture(scope="session")
def words() -> Encoder:
    return WordEncoder()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """Forty items in four genres; titles of a genre share a word. Item 39 is in no log."""
    return Catalog(
        [f"i{n}" for n in range(40)],
        [f"{GENRES[n % 4]} number{n}" for n in range(40)],
        [(GENRES[n % 4],) for n in range(40)],
        [1980 + n for n in range(40)],
    )


@pytest.fixture(scope="session")
def log() -> EventLog:
    """Users who walk through one genre in order, two events at a time; now and then a jump."""
    rng = np.random.default_rng(7)
    users, items, times = [], [], []
    for user in range(80):
        genre, start = user % 4, int(rng.integers(3))
        for step in range(7):
            users.append(user)
            items.append(min(genre + 4 * (start + step), 38))
            times.append(1_000_000 + 86_400 * (step // 2) + user)
    return EventLog.from_arrays(
        [f"u{n}" for n in range(80)],
        np.array(users, dtype=np.int32),
        np.array(items, dtype=np.int32),
        np.array(times, dtype=np.int64),
    )
