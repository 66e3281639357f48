"""A small world: sixty items of five interests, and an item model that follows the last event."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from nextinterest.domain import Catalog, FloatArray, History, IntArray, Rankings
from nextinterest.interests.paths import PathState

NAMES = ("Comedy", "Drama", "Horror", "Sci-Fi", "War")


class LastItemScorer:
    """P(next | history) is the row of a random matrix for the last item; counts the rows it computes."""

    name = "last item"

    def __init__(self, catalog: Catalog, seed: int = 0) -> None:
        self.catalog = catalog
        logits = np.random.default_rng(seed).normal(size=(len(catalog) + 1, len(catalog))) * 1.5
        self.table = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
        self.rows = 0

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        last = [int(h.items[-1]) if len(h) else len(self.catalog) for h in histories]
        self.rows += len(last)
        rows: FloatArray = self.table[last]
        return rows

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        raise AssertionError("Interests come from probabilities, not from lists.")


class CachingScorer(LastItemScorer):
    """The same model with a cached state."""

    name = "last item, cached"
    opened = 0

    def open(self, history: History, n_paths: int) -> PathState:
        self.opened += 1
        return _State(self, np.full(n_paths, history.items[-1] if len(history) else len(self.catalog)))


class _State:
    def __init__(self, scorer: CachingScorer, last: IntArray) -> None:
        self.scorer, self.last = scorer, last

    def log_probabilities(self) -> FloatArray:
        rows: FloatArray = self.scorer.table[self.last]
        return rows

    def extend(self, items: IntArray) -> None:
        self.last = items


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    categories = [(NAMES[i % 5],) if i % 4 else (NAMES[i % 5], NAMES[(i + 1) % 5]) for i in range(59)]
    return Catalog([f"i{i}" for i in range(60)], [f"Title {i}" for i in range(60)], [*categories, ()])


@pytest.fixture
def scorer(catalog: Catalog) -> LastItemScorer:
    return LastItemScorer(catalog)


@pytest.fixture
def caching(catalog: Catalog) -> CachingScorer:
    return CachingScorer(catalog)


@pytest.fixture
def history() -> History:
    items = np.random.default_rng(3).permutation(60)[:40]
    times = np.cumsum(np.where(np.arange(40) % 8 == 0, 90_000, 60)) + 1_000_000_000
    return History(items.astype(np.int32), times, user="ann")


@pytest.fixture
def changed() -> History:
    """Sixty events of Comedy, then twenty of War."""
    comedy = [i for i in range(59) if i % 5 == 0 and i % 4]
    war = [i for i in range(59) if i % 5 == 4 and i % 4]
    items = [comedy[i % len(comedy)] for i in range(60)] + [war[i % len(war)] for i in range(20)]
    return History(np.array(items, dtype=np.int32), np.arange(80) * 3600 + 1_000_000_000, user="bob")
