"""The test behind rising and fading: honest when nothing changes, awake when something does."""

from __future__ import annotations

import numpy as np

from nextinterest.interests.drift import adjust_fdr, measure_drift


def _events(rng: np.random.Generator, mix: np.ndarray, n: int, run: int) -> np.ndarray:
    """Events in runs: the same interest `run` times, so that events are far from independent."""
    drawn = rng.choice(len(mix), p=mix, size=n // run)
    return np.repeat(np.eye(len(mix))[drawn], run, axis=0)


def test_false_discoveries_stay_below_the_rate_when_nothing_changes() -> None:
    rng, mix = np.random.default_rng(0), np.array([0.4, 0.3, 0.15, 0.1, 0.05])
    users_with_a_claim = 0
    for _ in range(300):
        drift = measure_drift(_events(rng, mix, 120, run=5), 30, rng, block=5, draws=199)
        assert drift is not None
        users_with_a_claim += bool((drift.q_values <= 0.1).any())
    assert users_with_a_claim / 300 < 0.14  # 0.1 and three standard errors of 300 users


def test_a_real_change_is_found() -> None:
    rng = np.random.default_rng(1)
    before, after = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])
    found = 0
    for _ in range(50):
        events = np.concatenate([_events(rng, before, 100, 1), _events(rng, after, 40, 1)])
        drift = measure_drift(events, 40, rng, block=5, draws=199)
        assert drift is not None
        found += bool(drift.q_values[0] <= 0.1 and drift.after[0] < drift.before[0])
        assert (drift.lower <= drift.after - drift.before).all()
        assert (drift.upper >= drift.after - drift.before).all()
    assert found > 40


def test_too_few_events_say_nothing() -> None:
    assert measure_drift(np.eye(3)[[0] * 19], 9, np.random.default_rng(0)) is None


def test_q_values_follow_the_textbook() -> None:
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205])
    expected = np.array([0.008, 0.032, 0.0672, 0.0672, 0.0672, 0.08, 0.0846, 0.205])
    np.testing.assert_allclose(adjust_fdr(p), expected, atol=1e-4)
    assert np.isnan(adjust_fdr(np.array([np.nan]))).all()
