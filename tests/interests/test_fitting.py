"""Forecast weights of a recommender, from validation events alone."""

from __future__ import annotations

import numpy as np
import pytest

from nextinterest.data import EventLog, Split, leave_last_out
from nextinterest.domain import Catalog, History, ItemScorer
from nextinterest.errors import DataError
from nextinterest.interests import default_model, fit_forecast_model, forecast_interests
from nextinterest.interests.fitting import MIN_CASES


def log_that_follows(scorer: ItemScorer, n_users: int, n_events: int = 24, seed: int = 5) -> EventLog:
    """Draw users' events from the item model itself, so that its signal is the truth one step ahead."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_users):
        items = [int(rng.integers(len(scorer.catalog)))]
        for _ in range(n_events - 1):
            log_p = scorer.log_probabilities([History(np.array(items))])[0].astype(np.float64)
            log_p[items] = -np.inf
            p = np.exp(log_p - log_p.max())
            items.append(int(rng.choice(len(p), p=p / p.sum())))
        rows.append(items)
    users = np.repeat(np.arange(n_users, dtype=np.int32), n_events)
    names = tuple(f"u{i}" for i in range(n_users))
    items_ = np.array(rows, dtype=np.int32).ravel()
    return EventLog.from_arrays(names, users, items_, np.arange(len(items_), dtype=np.int64) * 60)


def split_of(scorer: ItemScorer, n_users: int) -> Split:
    return leave_last_out(log_that_follows(scorer, n_users), n_test=2, n_validation=5)


def test_a_signal_that_is_the_truth_gets_the_weight(scorer: ItemScorer) -> None:
    model = fit_forecast_model(scorer, split_of(scorer, 300).validation, fitted_on="a world")
    one, five, *beyond = model.horizons
    assert (one.horizon, five.horizon, one.cases, five.cases) == (1, 5, 300, 300)
    # The next event follows the item model; four of the next five follow events that nobody has seen yet.
    assert one.weights["items"] > 0.6
    assert one.weights["items"] > five.weights["items"]
    assert tuple(beyond) == tuple(fit for fit in default_model().horizons if fit.horizon > 5)
    assert model.fitted_on.startswith("a world; 1, 5 events ahead; beyond, as in: ")
    outlook = forecast_interests(History(np.array([3, 7, 9])), scorer.catalog, scorer, horizon=5, model=model)
    assert sum(row.share for row in outlook.interests) == pytest.approx(1.0)


def test_neither_test_events_nor_the_order_of_cases_matter(scorer: ItemScorer) -> None:
    split = split_of(scorer, 60)
    log = split.validation.histories.log
    model = fit_forecast_model(scorer, split.validation, fitted_on="a world")
    changed = log.items.copy()
    changed[log.offsets[1:] - 1] = (changed[log.offsets[1:] - 1] + 1) % len(scorer.catalog)
    other = leave_last_out(EventLog(log.user_ids, log.offsets, changed, log.times), 2, 5)
    assert other.validation.targets.tolist() == split.validation.targets.tolist()
    assert fit_forecast_model(scorer, other.validation, fitted_on="a world") == model
    shuffled = split.validation.take(np.random.default_rng(0).permutation(len(split.validation)))
    assert fit_forecast_model(scorer, shuffled, fitted_on="a world") == model


def test_horizons_that_too_few_users_have_are_left_to_the_fallback(scorer: ItemScorer) -> None:
    log = log_that_follows(scorer, 60)
    model = fit_forecast_model(scorer, leave_last_out(log, 1, 1).validation, fitted_on="w")
    assert [fit.horizon for fit in model.horizons] == [1, 5, 10, 20]
    assert model.horizons[1:] == default_model().horizons[1:]
    assert model.horizons[0] != default_model().horizons[0]
    few = leave_last_out(log_that_follows(scorer, MIN_CASES - 1), 1, 1).validation
    with pytest.raises(DataError, match=r"29 users.*30 at least"):
        fit_forecast_model(scorer, few, fitted_on="w")


def test_one_interest_is_no_forecast(scorer: ItemScorer, monkeypatch: pytest.MonkeyPatch) -> None:
    validation, shelf = split_of(scorer, 40).validation, scorer.catalog
    monkeypatch.setattr(scorer, "catalog", Catalog(shelf.ids, shelf.titles, [("Drama",)] * len(shelf)))
    with pytest.raises(DataError, match="1 interest: there is nothing to forecast"):
        fit_forecast_model(scorer, validation, fitted_on="w")
