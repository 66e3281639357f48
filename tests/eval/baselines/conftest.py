"""A small world with structure to find: two tastes, and items that tend to follow one another."""

from __future__ import annotations

import numpy as np
import pytest

from nextinterest.data.log import EventLog
from nextinterest.data.splits import Split, leave_one_out
from nextinterest.domain import Catalog

N_ITEMS = 24


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog([f"i{j}" for j in range(N_ITEMS)], [f"Item {j}" for j in range(N_ITEMS)])


@pytest.fixture(scope="session")
def log() -> EventLog:
    """Each user walks one half of the catalogue, mostly in steps of one, from anywhere, no item twice."""
    rng = np.random.default_rng(7)
    users, items, times = [], [], []
    half = N_ITEMS // 2
    for user in range(60):
        base, at, seen = half * (user % 2), int(rng.integers(half)), set[int]()
        for step in range(int(rng.integers(4, 11))):
            while at in seen:
                at = (at + 1) % half
            seen.add(at)
            users.append(user)
            items.append(base + at)
            times.append(1_000_000 + 90_000 * user + 1_000 * step)
            at = (at + (1 if rng.random() < 0.8 else int(rng.integers(half)))) % half
    return EventLog.from_arrays(
        [f"u{u}" for u in range(60)],
        np.array(users, dtype=np.int32),
        np.array(items, dtype=np.int32),
        np.array(times, dtype=np.int64),
    )


@pytest.fixture(scope="session")
def split(log: EventLog) -> Split:
    return leave_one_out(log)
