"""The outlook agrees with the item distribution, is seeded, and costs one look at the model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import numpy as np
import pytest

from nextinterest.data.interests import interest_marginal
from nextinterest.domain import Catalog, FloatArray, History, ItemScorer
from nextinterest.errors import DataError
from nextinterest.interests import InterestOutlook, forecast_interests, sample_paths


def test_next_step_is_the_marginal_of_the_unseen_items(
    catalog: Catalog, scorer: ItemScorer, history: History
) -> None:
    outlook = forecast_interests(history, catalog, scorer)
    p = np.exp(scorer.log_probabilities([history])[0].astype(np.float64))
    p[history.items] = 0.0
    p /= p.sum()
    for j, name in enumerate(catalog.interest_names):
        expected = sum(p[i] * catalog.interest_matrix[i, j] for i in range(len(catalog)))
        assert outlook.next_step[name] == pytest.approx(expected, abs=1e-6)
    assert sum(outlook.next_step.values()) == pytest.approx(1.0)
    assert catalog.interest_names[-1] == "(none)"


@pytest.mark.parametrize("horizon", [1, 10, 300, timedelta(days=3), timedelta(days=900)])
def test_forecast_is_a_distribution_with_intervals(
    catalog: Catalog, scorer: ItemScorer, history: History, horizon: int | timedelta
) -> None:
    outlook = forecast_interests(history, catalog, scorer, horizon=horizon)
    assert sum(row.share for row in outlook.interests) == pytest.approx(1.0)
    assert all(row.lower <= row.share <= row.upper for row in outlook.interests)
    assert InterestOutlook.model_validate_json(outlook.model_dump_json()) == outlook
    if isinstance(horizon, timedelta):
        assert outlook.events_lower is not None
        assert outlook.events_upper is not None
        assert outlook.events_lower <= outlook.horizon_events <= max(outlook.events_upper, 1.0)


def test_a_history_is_read_once(catalog: Catalog, history: History) -> None:
    asked: list[int] = []

    class Counting:
        def __init__(self) -> None:
            self.catalog = catalog

        def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
            asked.extend(len(one) for one in histories)
            return np.zeros((len(histories), len(catalog)), dtype=np.float32) - np.float32(np.log(60))

    counting = cast("ItemScorer", Counting())
    forecast_interests(history, catalog, counting, population=np.full(len(catalog.interest_names), 1 / 6))
    assert asked == [40]
    forecast_interests(history, catalog, counting)
    assert asked == [40, 0, 40]  # and the empty history, whose mix is the population's


def test_cold_and_impossible_cases(catalog: Catalog, scorer: ItemScorer) -> None:
    nobody = forecast_interests(History(np.zeros(0, dtype=np.int32)), catalog, scorer)
    assert "anybody" in nobody.notes[0]
    with pytest.raises(DataError, match="needs the times"):
        forecast_interests(History(np.array([1, 2])), catalog, scorer, horizon=timedelta(days=1))
    with pytest.raises(DataError, match="whole number of at least 1"):
        forecast_interests(History(np.array([1, 2])), catalog, scorer, horizon=0)


def test_paths_hold_new_items_only_and_follow_the_seed(
    catalog: Catalog, scorer: ItemScorer, history: History
) -> None:
    drawn = [sample_paths(scorer, [history], 32, 12, np.random.default_rng(seed)) for seed in (5, 5, 6)]
    np.testing.assert_array_equal(drawn[0].items, drawn[1].items)
    assert (drawn[0].items != drawn[2].items).any()
    for path in drawn[0].items[0]:
        assert len(set(path.tolist())) == 12
        assert not set(path.tolist()) & set(history.items.tolist())


def test_paths_end_where_nothing_is_left(catalog: Catalog, scorer: ItemScorer, history: History) -> None:
    paths = sample_paths(scorer, [history], 4, 25, np.random.default_rng(0))
    assert (paths.items[:, :, :20] >= 0).all()
    assert (paths.items[:, :, 20:] == -1).all()
    np.testing.assert_allclose(paths.shares(catalog).sum(axis=2), 1.0)


def test_first_steps_follow_the_distribution(catalog: Catalog, scorer: ItemScorer, history: History) -> None:
    paths = sample_paths(scorer, [history], 20_000, 1, np.random.default_rng(0))
    seen = np.bincount(paths.items.ravel(), minlength=len(catalog)) @ catalog.interest_matrix / 20_000
    expected = interest_marginal(scorer.log_probabilities([history]), catalog, [history])[0]
    np.testing.assert_allclose(seen, expected, atol=0.015)


def test_cached_state_gives_the_same_paths_and_is_asked_once(
    catalog: Catalog, request: pytest.FixtureRequest, history: History
) -> None:
    caching = request.getfixturevalue("caching")
    cached = sample_paths(caching, [history], 16, 6, np.random.default_rng(2))
    assert (caching.opened, caching.rows) == (1, 0)
    plain = sample_paths(caching, [history], 16, 6, np.random.default_rng(2), cached=False)
    np.testing.assert_array_equal(cached.items, plain.items)
    assert caching.rows < 16 * 6  # equal paths were scored once: the first step costs one row


def test_outlook_names_likely_paths(catalog: Catalog, scorer: ItemScorer, history: History) -> None:
    outlook = forecast_interests(history, catalog, scorer, n_paths=16, path_steps=4)
    logs = [path.log_probability for path in outlook.paths]
    assert logs == sorted(logs, reverse=True)
    best = outlook.paths[0]
    assert best.log_probability == pytest.approx(sum(np.log(step.probability) for step in best.steps))
