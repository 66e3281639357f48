"""Cases are cut without leaks, simple forecasters find what they should, comparisons are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data.interests import interest_marginal, population_mix, smooth
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, History, InterestForecaster, InterestForecasts
from nextinterest.errors import DataError
from nextinterest.eval.forecast import (
    DirichletShrinkage,
    ExponentialSmoothing,
    GlobalDrift,
    LastWindow,
    LongRunMix,
    compare,
    hold_out_future,
    score_forecaster,
)
from nextinterest.eval.forecast.metrics import (
    direction_accuracy,
    interest_ndcg,
    share_brier,
    share_log_loss,
    share_reliability,
)
from nextinterest.interests.forecaster import PooledForecaster

N_ITEMS, HORIZONS = 80, (1, 5, 10)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog(
        [f"i{i}" for i in range(N_ITEMS)],
        [f"T{i}" for i in range(N_ITEMS)],
        [(f"c{i % 4}",) for i in range(N_ITEMS)],
    )


@pytest.fixture(scope="module")
def log() -> EventLog:
    """Users whose mix drifts as a slow random walk: recent events tell more than old ones."""
    rng = np.random.default_rng(0)
    users, items = [], []
    for user in range(120):
        state = rng.normal(size=4)
        for _ in range(80):
            state = 0.97 * state + 0.35 * rng.normal(size=4)
            p = np.exp(1.5 * state)
            interest = rng.choice(4, p=p / p.sum())
            users.append(user)
            items.append(interest + 4 * int(rng.integers(N_ITEMS // 4)))
    ids = tuple(f"u{u}" for u in range(120))
    return EventLog.from_arrays(ids, np.array(users, dtype=np.int32), np.array(items, dtype=np.int32))


def test_blocks_do_not_overlap_and_truth_follows_history(log: EventLog, catalog: Catalog) -> None:
    split = hold_out_future(log, catalog, length=20, step=5)
    assert split.train.n_events == log.n_events - 120 * 40
    for block, end in ((split.validation, 60), (split.test, 80)):
        cases = block.at(10)
        assert len(cases) == 120 * 3
        for case in (0, 1, 200, 359):
            history, user = cases.histories[case], int(cases.users[case])
            assert end - 20 <= len(history) <= end - 10
            following = log.history(user).items[len(history) : len(history) + 10]
            np.testing.assert_allclose(cases.truth[case], catalog.interest_matrix[following].mean(axis=0))
    assert len(split.for_items().test) == 120 * 4
    with pytest.raises(DataError, match="does not fit"):
        split.test.at(21)


def test_recency_wins_where_interests_wander(log: EventLog, catalog: Catalog) -> None:
    split = hold_out_future(log, catalog)
    population = population_mix(split.train.items, catalog)
    kinds = (LongRunMix, DirichletShrinkage, LastWindow, ExponentialSmoothing, GlobalDrift)
    simple = {kind: kind(catalog, split.train).fit(split.validation, HORIZONS) for kind in kinds}
    cases = split.test.at(10)
    scores = {kind: score_forecaster(f, cases, population) for kind, f in simple.items()}
    assert scores[ExponentialSmoothing].mean("log-loss") < scores[DirichletShrinkage].mean("log-loss")
    row = compare(scores[ExponentialSmoothing], scores[LongRunMix], "log-loss")
    assert row.better
    assert row.p_value < 0.01
    assert row.lower < row.difference < row.upper < 0
    assert simple[ExponentialSmoothing].fitted[10].shape <= 16.0

    pooled = PooledForecaster.fit(catalog, population, {h: split.validation.at(h) for h in HORIZONS})
    ours = score_forecaster(pooled, cases, population)
    assert ours.mean("log-loss") < scores[LongRunMix].mean("log-loss")
    assert 0.74 < ours.mean("coverage") < 0.88
    assert ours.mean("direction") > 0.55
    assert isinstance(pooled, InterestForecaster)


def test_unfitted_and_broken_forecasters_are_refused(log: EventLog, catalog: Catalog) -> None:
    split = hold_out_future(log, catalog)
    with pytest.raises(DataError, match="not fitted"):
        LongRunMix(catalog, split.train).forecast([log.history(0)], 1)

    class Broken:
        name = "broken"

        def forecast(self, histories: Sequence[History], horizon: int) -> InterestForecasts:
            return InterestForecasts(np.full((len(histories), 4), 0.5))

    with pytest.raises(DataError, match="one distribution"):
        score_forecaster(Broken(), split.test.at(5), population_mix(split.train.items, catalog))


def _shares(seed: int, n: int = 6, width: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(width, 0.7), size=n)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=50)
def test_metrics_prefer_the_truth_and_stay_in_range(seed: int) -> None:
    truth, forecast = _shares(seed), _shares(seed + 1)
    assert (share_log_loss(truth, truth) <= share_log_loss(forecast, truth) + 1e-9).all()
    assert (share_brier(forecast, truth) <= 2).all()
    ndcg = interest_ndcg(forecast, truth)
    assert ((ndcg > 0) & (ndcg <= 1 + 1e-12)).all()
    np.testing.assert_allclose(interest_ndcg(truth, truth), 1.0)
    assert share_reliability(truth, truth).error == pytest.approx(0.0, abs=1e-9)


@given(st.integers(0, 10_000), st.permutations(range(5)))
@settings(deadline=None, max_examples=50)
def test_direction_has_chance_at_one_half_and_does_not_see_the_order(seed: int, order: list[int]) -> None:
    reference, truth, forecast = _shares(seed), _shares(seed + 1), _shares(seed + 2)
    np.testing.assert_allclose(direction_accuracy(truth, truth, reference), 1.0)
    # "All fall" is not a distribution, and scores one half whatever the truth.
    np.testing.assert_allclose(direction_accuracy(reference - 0.01, truth, reference), 0.5)
    np.testing.assert_allclose(
        direction_accuracy(forecast[:, order], truth[:, order], reference[:, order]),
        direction_accuracy(forecast, truth, reference),
    )


def test_marginals_and_smoothing_are_distributions_even_without_categories() -> None:
    catalog = Catalog(["a", "b", "c"], list("ABC"), [("War", "Drama"), (), ("War",)])
    assert catalog.interest_names == ("Drama", "War", "(none)")
    logs = np.log(np.array([[0.5, 0.3, 0.2]], dtype=np.float32))
    np.testing.assert_allclose(interest_marginal(logs, catalog), [[0.25, 0.45, 0.3]], atol=1e-6)
    seen = History(np.array([1]))
    np.testing.assert_allclose(interest_marginal(logs, catalog, [seen])[0, 2], 0.0)
    everything = History(np.array([0, 1, 2]))
    assert interest_marginal(logs, catalog, [everything]).sum() == pytest.approx(1.0)
    np.testing.assert_allclose(smooth(np.zeros(2), np.array([0.3, 0.7]), 0.0), [0.3, 0.7])
