"""Pool, dispersion and the fitted model: what they promise of any numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.errors import DataError
from nextinterest.interests.dispersion import Dispersion, fit_dispersion
from nextinterest.interests.model import ForecastModel, HorizonFit
from nextinterest.interests.outlook import default_model
from nextinterest.interests.pool import fit_pool, pool


def test_fitted_pool_finds_the_signal_that_tells_the_truth() -> None:
    rng = np.random.default_rng(0)
    good, bad = rng.dirichlet(np.ones(5), size=4000), rng.dirichlet(np.ones(5), size=4000)
    truth = np.array([rng.multinomial(10, p) / 10 for p in good])
    weights = fit_pool({"good": good, "bad": bad}, truth)
    assert weights["good"] == pytest.approx(1.0, abs=0.05)
    assert weights["bad"] == pytest.approx(0.0, abs=0.05)


@given(st.integers(0, 10_000), st.lists(st.floats(-2, 2), min_size=2, max_size=2))
@settings(deadline=None, max_examples=50)
def test_pool_is_a_distribution_whatever_the_weights(seed: int, weights: list[float]) -> None:
    rng = np.random.default_rng(seed)
    signals = {"a": rng.dirichlet(np.ones(7), size=3), "b": rng.dirichlet(np.ones(7), size=3)}
    pooled = pool({k: np.maximum(v, 1e-4) for k, v in signals.items()}, dict(zip("ab", weights, strict=True)))
    assert (pooled > 0).all()
    np.testing.assert_allclose(pooled.sum(axis=1), 1.0)


def test_pool_names_the_missing_signal() -> None:
    with pytest.raises(DataError, match="items"):
        pool({"long_run": np.array([[0.5, 0.5]])}, {"items": 1.0})


def test_intervals_cover_overdispersed_counts() -> None:
    """Fitted on one half of a beta-binomial world, intervals cover the other half as nominal."""
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(6, 2.0), size=4000)
    drawn = np.array([rng.dirichlet(30 * row) for row in p])
    truth = np.array([rng.multinomial(20, row) / 20 for row in drawn])
    fitted = fit_dispersion(p[:2000], truth[:2000], 20, 1.0)
    lower, upper = fitted.interval(p[2000:], 0.8)
    covered = ((truth[2000:] >= lower - 1e-9) & (truth[2000:] <= upper + 1e-9)).mean()
    assert 0.76 < covered < 0.84
    assert fitted.variance(p[2000:]).mean() == pytest.approx(((truth - p)[2000:] ** 2).mean(), rel=0.35)


@given(st.floats(1e-4, 0.9), st.integers(1, 60), st.floats(-4, -0.1), st.floats(-1, 3), st.floats(0.5, 0.9))
@settings(deadline=None, max_examples=40)
def test_intervals_are_ordered_hold_the_forecast_and_grow_with_the_level(
    share: float, trials: int, log_variance: float, slope: float, level: float
) -> None:
    dispersion = Dispersion(trials=trials, log_variance=log_variance, slope=slope)
    lower, upper = dispersion.interval(np.array([share]), level)
    wider_lower, wider_upper = dispersion.interval(np.array([share]), level + 0.05)
    assert 0.0 <= lower[0] <= share <= upper[0] <= 1.0
    assert wider_upper[0] - wider_lower[0] >= upper[0] - lower[0] - 0.02
    above = dispersion.probability_above(np.array([share, share]), np.array([0.0, 1.0]))
    assert above[0] >= above[1] >= 0.0


def test_model_interpolates_between_horizons_and_survives_the_disk(tmp_path: Path) -> None:
    def fit(horizon: int, weight: float) -> HorizonFit:
        spread = Dispersion(trials=horizon, log_variance=-np.log(horizon), slope=1.0)
        return HorizonFit(horizon=horizon, weights={"items": weight}, dispersion=spread, loss=2.0, cases=10)

    model = ForecastModel(fitted_on="a test", draws_per_event=2.0, horizons=(fit(1, 1.0), fit(16, 0.2)))
    assert model.at(4).weights["items"] == pytest.approx(0.6)
    assert model.at(4).dispersion.trials == 8
    assert model.at(500).weights["items"] == pytest.approx(0.2)
    model.save(tmp_path / "model.json")
    assert ForecastModel.load(tmp_path / "model.json") == model
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]
    with pytest.raises(DataError, match="Fit and save it again"):
        ForecastModel.load(tmp_path / "none.json")


def test_default_model_knows_what_it_was_fitted_on() -> None:
    model = default_model()
    assert "ml-100k" in model.fitted_on
    assert [fit.horizon for fit in model.horizons] == [1, 5, 10, 20]
    assert all("items" in fit.weights for fit in model.horizons)
