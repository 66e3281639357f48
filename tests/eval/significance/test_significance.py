"""Intervals, tests and corrections: against exact enumeration, SciPy, and simulated truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nextinterest.errors import DataError
from nextinterest.eval import metrics
from nextinterest.eval.significance import (
    bootstrap_means,
    cohen_dz,
    holm,
    jackknife_interval,
    minimal_detectable_difference,
    percentile_interval,
    randomisation,
    sign_flip_test,
)


def test_bootstrap_agrees_with_scipy() -> None:
    values = np.random.default_rng(0).exponential(size=(300, 1)).astype(np.float32)
    ours = percentile_interval(bootstrap_means(values, 8000, seed=1))[:, 0]
    theirs = stats.bootstrap(
        (values[:, 0],), np.mean, n_resamples=8000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours == pytest.approx([theirs.low, theirs.high], abs=0.01)


def test_bootstrap_draws_the_same_users_for_every_column() -> None:
    values = np.random.default_rng(0).random((50, 1))
    means = bootstrap_means(np.hstack([values, values + 0.25]), 200)
    np.testing.assert_allclose(means[:, 1] - means[:, 0], 0.25, atol=1e-6)


def test_bootstrap_in_blocks_equals_bootstrap_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from nextinterest.eval.significance import bootstrap

    values = np.random.default_rng(0).random((40, 3))
    whole = bootstrap_means(values, 37, seed=5)
    monkeypatch.setattr(bootstrap, "_CELLS", 100)
    np.testing.assert_allclose(bootstrap_means(values, 37, seed=5), whole, atol=1e-7)


def test_bootstrap_of_a_column_some_users_lack() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(5.0, 1.0, size=(400, 2))
    values[::4, 1] = np.nan
    means = bootstrap_means(values, 3000)
    known = values[~np.isnan(values[:, 1]), 1]
    assert means[:, 1].mean() == pytest.approx(known.mean(), abs=0.01)
    assert means[:, 1].std() == pytest.approx(known.std() / np.sqrt(len(known)), rel=0.1)
    assert np.isnan(bootstrap_means(np.full((3, 1), np.nan), 5)).all()


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(400):
        low, high = percentile_interval(bootstrap_means(rng.exponential(size=(80, 1)), 400, seed=trial))[:, 0]
        covered += bool(low <= 1.0 <= high)
    assert 0.89 <= covered / 400 <= 0.98


def _exact(d: np.ndarray) -> float:
    sums = np.array([abs(np.dot(signs, d)) for signs in product((-1, 1), repeat=len(d))])
    return float((sums >= abs(d.sum()) - 1e-12).mean())


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from([-0.63, -0.5, 0.0, 0.37, 0.5, 1.0]), min_size=3, max_size=10))
def test_sign_flips_agree_with_exact_enumeration(values: list[float]) -> None:
    d = np.array(values)
    assert sign_flip_test(d, 20_000).p_value == pytest.approx(_exact(d), abs=0.02)


def test_sign_flips_agree_with_scipy() -> None:
    d = np.random.default_rng(4).normal(0.1, 1.0, size=120)
    theirs = stats.permutation_test(
        (d, np.zeros_like(d)),
        lambda a, b: np.mean(a - b),
        permutation_type="samples",
        n_resamples=20_000,
        rng=np.random.default_rng(0),
    ).pvalue
    assert sign_flip_test(d, 20_000).p_value == pytest.approx(theirs, abs=0.015)


def test_counted_differences_are_the_same_test() -> None:
    levels, counts = np.array([-1.0, 0.0, 0.5]), np.array([30, 400, 75])
    whole = sign_flip_test(np.repeat(levels, counts), 20_000, seed=1)
    assert sign_flip_test(levels, 20_000, seed=2, counts=counts).p_value == pytest.approx(
        whole.p_value, abs=0.015
    )


def test_the_normal_limit_agrees_with_sampling(monkeypatch: pytest.MonkeyPatch) -> None:
    d = np.random.default_rng(4).normal(0.03, 1.0, size=4000)
    sampled = sign_flip_test(d, 20_000)
    monkeypatch.setattr(randomisation, "_MOST_GROUPS", 1000)
    monkeypatch.setattr(randomisation, "_MOST_DRAWS", 1000)
    limit = sign_flip_test(d, 20_000)
    assert sampled.n_permutations == 20_000
    assert limit.n_permutations == 0
    assert limit.p_value == pytest.approx(sampled.p_value, abs=0.01)


def test_p_values_are_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(0)
    p = [sign_flip_test(rng.choice([-1.0, 0.0, 1.0], size=60), 500, seed=i).p_value for i in range(300)]
    assert np.mean(np.array(p) < 0.05) < 0.09
    assert 0.4 < np.mean(p) < 0.65


def test_no_difference_at_all_and_no_user_at_all() -> None:
    assert sign_flip_test(np.zeros(5)).p_value == 1.0
    with pytest.raises(DataError):
        sign_flip_test(np.zeros(0))
    with pytest.raises(DataError):
        bootstrap_means(np.zeros((0, 1)))


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_what_the_step_down_procedure_rejects(p: list[float]) -> None:
    adjusted = holm(p)
    alpha = 0.05
    rejected = set()
    for step, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] * (len(p) - step) > alpha:
            break
        rejected.add(int(i))
    assert {i for i, value in enumerate(adjusted) if value <= alpha} == rejected
    assert (adjusted >= np.array(p) - 1e-15).all()


def test_jackknife_of_a_mean_is_its_standard_error() -> None:
    x = np.random.default_rng(0).normal(size=(50, 1))
    sums = np.hstack([x, np.ones_like(x)])
    value, low, high = jackknife_interval(sums, lambda s: float(s[0] / s[1]))
    assert value == pytest.approx(x.mean())
    assert high - value == pytest.approx(1.959964 * x.std(ddof=1) / np.sqrt(50))
    assert value - low == pytest.approx(high - value)


def test_jackknife_interval_of_gini_covers_the_truth() -> None:
    rng = np.random.default_rng(1)
    weights = 1 / np.arange(1, 31)
    truth = metrics.gini(weights)
    covered = 0
    for _ in range(200):
        sums = rng.multinomial(300, weights / weights.sum(), size=25).astype(float)
        _, low, high = jackknife_interval(sums, metrics.gini)
        covered += low <= truth <= high
    assert covered / 200 > 0.85


def test_a_detectable_difference_is_detected_four_times_in_five() -> None:
    rng = np.random.default_rng(0)
    n, deviation = 200, 1.0
    shift = minimal_detectable_difference(deviation, n)
    found = [bool(stats.ttest_1samp(rng.normal(shift, deviation, n), 0.0).pvalue < 0.05) for _ in range(800)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)
    assert np.isnan(cohen_dz(0.0, 0.0))
