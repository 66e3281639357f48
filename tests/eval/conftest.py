"""A small world to evaluate in: 60 users, 40 items, and recommenders that behave as a test tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from nextinterest.data import EventLog, Split, leave_one_out
from nextinterest.domain import Catalog, FloatArray, History, Rankings

N_ITEMS = 40
N_USERS = 60


class FixedScorer:
    """Scores items by fixed weights: an `ItemScorer`."""

    def __init__(self, catalog: Catalog, weights: FloatArray, name: str = "fixed") -> None:
        self._catalog, self._name = catalog, name
        self.log_p = np.log(weights / weights.sum()).astype(np.float32)
        self.calls: list[int] = []
        self.provenance = {"chosen": {"weights": "given"}}

    @property
    def name(self) -> str:
        return self._name

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        self.calls.append(len(histories))
        return np.tile(self.log_p, (len(histories), 1))

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        items = np.full((len(histories), k), -1, dtype=np.int32)
        probabilities = np.zeros((len(histories), k), dtype=np.float32)
        order = np.argsort(-self.log_p, kind="stable")
        for row, history in enumerate(histories):
            kept = order[~np.isin(order, history.items)][:k] if exclude_seen else order[:k]
            items[row, : len(kept)] = kept
            probabilities[row, : len(kept)] = np.exp(self.log_p[kept])
        return Rankings(items, probabilities)


class ListOnly:
    """Gives whatever lists a function makes: a plain `Recommender`."""

    def __init__(
        self,
        catalog: Catalog,
        answer: Callable[[Sequence[History], int, bool], Rankings],
        name: str = "lists",
    ) -> None:
        self._catalog, self._answer, self._name = catalog, answer, name
        self.tokens_used = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        self.tokens_used += 7 * len(histories)
        return self._answer(histories, k, exclude_seen)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    ids = [f"i{j}" for j in range(N_ITEMS)]
    genres = [("Drama",), ("Comedy",), ("Drama", "Comedy"), ("Horror",), ()]
    return Catalog(ids, [f"Film {j}" for j in range(N_ITEMS)], [genres[j % 5] for j in range(N_ITEMS)])


@pytest.fixture(scope="session")
def log() -> EventLog:
    rng = np.random.default_rng(11)
    weights = 1 / np.arange(1, N_ITEMS + 1)
    users, items = [], []
    for user in range(N_USERS):
        n = int(rng.integers(5, 25))
        users += [user] * n
        items += rng.choice(N_ITEMS, size=n, replace=False, p=weights / weights.sum()).tolist()
    times = rng.integers(1_000_000, 2_000_000, size=len(users))
    return EventLog.from_arrays(
        [f"u{user}" for user in range(N_USERS)],
        np.array(users, dtype=np.int32),
        np.array(items, dtype=np.int32),
        times.astype(np.int64),
    )


@pytest.fixture(scope="session")
def split(log: EventLog) -> Split:
    return leave_one_out(log)


@pytest.fixture(scope="session")
def users() -> pl.DataFrame:
    ages = [str(15 + (7 * user) % 50) for user in range(N_USERS)]
    return pl.DataFrame(
        {
            "user_id": [f"u{user}" for user in range(N_USERS)],
            "age": ages,
            "gender": ["F" if user % 3 else "M" for user in range(N_USERS)],
            "zip_code": [f"z{user}" for user in range(N_USERS)],
        }
    )


@pytest.fixture
def popularity(catalog: Catalog, split: Split) -> FixedScorer:
    counts = split.train.item_counts(N_ITEMS).astype(np.float32) + 0.1
    return FixedScorer(catalog, counts, "popularity")


@pytest.fixture
def backwards(catalog: Catalog, split: Split) -> FixedScorer:
    counts = split.train.item_counts(N_ITEMS).astype(np.float32) + 0.1
    return FixedScorer(catalog, 1.0 / counts, "backwards")


@pytest.fixture
def make_lists(catalog: Catalog) -> Callable[..., ListOnly]:
    """Return a maker of list-only recommenders."""
    return lambda answer, name="lists": ListOnly(catalog, answer, name)


@pytest.fixture
def make_scorer(catalog: Catalog) -> Callable[..., FixedScorer]:
    """Return a maker of scorers with given weights."""
    return lambda weights, name="fixed": FixedScorer(catalog, np.asarray(weights, dtype=np.float32), name)
