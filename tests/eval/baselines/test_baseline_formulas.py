"""Each baseline against its formula, written out slowly."""

from __future__ import annotations

import numpy as np
import pytest

from nextinterest.data.log import EventLog
from nextinterest.data.splits import Split
from nextinterest.domain import Catalog, History
from nextinterest.errors import BudgetError, DataError
from nextinterest.eval.baselines import (
    EASE,
    EASEConfig,
    ItemKNN,
    ItemKNNConfig,
    Markov,
    MarkovConfig,
    Popularity,
    PopularityConfig,
    RecentPopularity,
    RecentPopularityConfig,
    TextConfig,
    TextSimilarity,
)
from nextinterest.eval.baselines.columns import HistoryColumns


def _dense(log: EventLog, n_items: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    x = np.zeros((log.n_users, n_items))
    x[log.users, log.items] = 1.0
    return x


def _columns(split: Split, catalog: Catalog) -> HistoryColumns:
    return HistoryColumns.of(split.test.histories, len(catalog))


def test_popularity(split: Split, catalog: Catalog) -> None:
    model = Popularity.fit(split.train, catalog, PopularityConfig(smoothing=0.5))
    counts = split.train.item_counts(len(catalog)) + 0.5
    p = np.exp(model.log_probabilities([History(np.array([3]))])[0])
    np.testing.assert_allclose(p, counts / counts.sum(), rtol=1e-5)


def test_recent_popularity_counts_nothing_later(split: Split, catalog: Catalog) -> None:
    config = RecentPopularityConfig(half_life_days=2.0, smoothing=1.0, max_snapshots=7)
    train = split.train
    model = RecentPopularity.fit(train, catalog, config)
    times = train.times
    assert times is not None
    step = -(-(int(times.max()) - int(times.min())) // 7)
    prior = (train.item_counts(len(catalog)) + 1.0) / (train.n_events + len(catalog))
    for now in (int(times.min()) - 5, int(times.min()) + 3 * step + 10, int(times.max()) + 10 * step):
        moment = min((now - int(times.min())) // step, 7) * step + int(times.min())
        before = times <= moment if now >= times.min() else np.zeros(len(times), dtype=bool)
        weights = 0.5 ** ((moment - times[before]) / (2.0 * 86_400))
        counts = np.bincount(train.items[before], weights=weights, minlength=len(catalog))
        p = np.exp(model.log_probabilities([History(np.array([0]), np.array([now]))])[0])
        expected = counts + prior
        np.testing.assert_allclose(p, expected / expected.sum(), rtol=1e-4)
    undated = EventLog(train.user_ids, train.offsets, train.items)
    with pytest.raises(DataError, match="times"):
        RecentPopularity.fit(undated, catalog)


@pytest.mark.parametrize("order", [1, 3])
def test_markov(split: Split, catalog: Catalog, order: int) -> None:
    config = MarkovConfig(window=2, backoff=3.0, order=order, decay=0.5)
    n = len(catalog)
    follow = np.zeros((n, n))
    for history in split.train.histories():
        row = history.items.tolist()
        for a in range(len(row)):
            for d in (1, 2):
                if a + d < len(row):
                    follow[row[a], row[a + d]] += 1 / d
    popularity = split.train.item_counts(n) + 1.0
    popularity = popularity / popularity.sum()
    got = np.exp(Markov.fit(split.train, catalog, config).log_probabilities(split.test.histories))
    for r in range(len(split.test)):
        recent = split.test.histories[r].items[::-1][:order]
        weights = 0.5 ** np.arange(len(recent))
        weights /= weights.sum()
        p = sum(
            w * (follow[i] + 3.0 * popularity) / (follow[i].sum() + 3.0)
            for w, i in zip(weights, recent, strict=True)
        )
        np.testing.assert_allclose(got[r], p, rtol=1e-3, atol=1e-7)


def test_markov_of_an_empty_history_is_popularity(split: Split, catalog: Catalog) -> None:
    empty = [History(np.zeros(0, dtype=np.int32))]
    np.testing.assert_allclose(
        Markov.fit(split.train, catalog).log_probabilities(empty),
        Popularity.fit(split.train, catalog).log_probabilities(empty),
        rtol=1e-4,
    )


def test_itemknn(split: Split, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.retrieval.pairs._CELLS_PER_BLOCK", 5 * len(catalog))
    config = ItemKNNConfig(neighbours=3, shrinkage=2.0, half_life=2.0, temperature=0.5)
    n = len(catalog)
    x = _dense(split.train, n)
    together, norms = x.T @ x, np.sqrt(x.sum(axis=0))
    similarity = together / (np.outer(norms, norms) + 2.0)
    np.fill_diagonal(similarity, 0.0)
    kept = np.zeros_like(similarity)
    for j in range(n):
        for i in sorted(range(n), key=lambda i: (-np.float32(similarity[j, i]), i))[:3]:
            kept[i, j] = similarity[i, j]
    columns = _columns(split, catalog)
    expected = columns.weighted(n, 2.0).toarray() @ kept / 0.5
    got = ItemKNN.fit(split.train, catalog, config).scores(columns)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("block", [3, 1024])
def test_ease(split: Split, catalog: Catalog, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from nextinterest.retrieval import ease

    mirror = ease._mirror_lower
    monkeypatch.setattr(ease, "_mirror_lower", lambda matrix: mirror(matrix, block))
    x = _dense(split.train, len(catalog))
    inverse = np.linalg.inv(x.T @ x + 5.0 * np.eye(len(catalog)))
    b = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(b, 0.0)
    columns = _columns(split, catalog)
    got = EASE.fit(split.train, catalog, EASEConfig(regularisation=5.0)).scores(columns)
    np.testing.assert_allclose(got, columns.weighted(len(catalog)).toarray() @ b, rtol=1e-3, atol=1e-5)


def test_ease_keeps_to_its_memory(split: Split, catalog: Catalog) -> None:
    with pytest.raises(BudgetError, match="set max_items"):
        EASE.fit(split.train, catalog, EASEConfig(max_memory_gb=1e-9))
    few = EASE.fit(split.train, catalog, EASEConfig(max_items=4))
    popular = np.argsort(-split.train.item_counts(len(catalog)), kind="stable")[:4]
    others = np.setdiff1d(np.arange(len(catalog)), popular)
    assert (few.scores(_columns(split, catalog))[:, others] == 0).all()


def test_text_follows_the_vectors(split: Split, catalog: Catalog) -> None:
    n = len(catalog)
    vectors = np.random.default_rng(1).normal(size=(n, 6)).astype(np.float32) + 3.0
    config = TextConfig(half_life=0.1, temperature=0.2, centre=True)
    model = TextSimilarity.fit(split.train, catalog, config, item_vectors=vectors)
    centred = vectors - vectors.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    # With so short a half-life only the last event speaks.
    got = model.scores(HistoryColumns.of([History(np.array([2, 9]))], n))
    np.testing.assert_allclose(got[0], unit @ unit[9] / 0.2, atol=2e-2)
    flat = TextSimilarity.fit(split.train, catalog, TextConfig(remove_components=6), item_vectors=vectors)
    assert np.abs(flat.state()["vectors"]).max() <= 1.0 + 1e-6
    with pytest.raises(DataError, match="one finite vector"):
        TextSimilarity.fit(split.train, catalog, item_vectors=vectors[:-1])
