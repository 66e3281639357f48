from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.domain import History
from nextinterest.retrieval.history_vector import event_weights, history_vectors


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**32 - 1),
    half_life=st.sampled_from([0.5, 3.0, 20.0, float("inf")]),
    gain=st.sampled_from([0.0, 0.3]),
)
def test_vectors_equal_the_formula_event_by_event(seed: int, half_life: float, gain: float) -> None:
    rng = np.random.default_rng(seed)
    items = rng.standard_normal((30, 6)).astype(np.float32)
    histories = []
    for _ in range(7):
        n = int(rng.integers(0, 50))
        ratings = np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 6, n)).astype(np.float32)
        histories.append(
            History(rng.integers(0, 30, n).astype(np.int32), ratings=ratings if rng.random() < 0.7 else None)
        )
    found = history_vectors(event_weights(histories, 30, half_life, gain), items)
    for history, vector in zip(histories, found, strict=True):
        # Events that count for nothing are left out, and with them their part in the mean rating.
        recent = history if np.isinf(half_life) else history.last(int(np.ceil(14 * half_life)))
        known = recent.ratings is not None and not np.isnan(recent.ratings).all()
        mean = float(np.nanmean(recent.ratings)) if known and recent.ratings is not None else 0.0
        total = np.zeros(6)
        for j, item in enumerate(recent.items):
            rating = np.nan if recent.ratings is None else float(recent.ratings[j])
            lift = 0.0 if np.isnan(rating) else rating - mean
            total += 2.0 ** (-(len(recent) - 1 - j) / half_life) * np.exp(gain * lift) * items[item]
        norm = np.linalg.norm(total)
        np.testing.assert_allclose(vector, total / norm if norm else total, atol=2e-4)


def test_half_life_halves() -> None:
    history = History(np.arange(9, dtype=np.int32))
    weights = event_weights([history], 9, half_life=4.0).toarray()[0]
    assert weights[8] == 1.0
    assert weights[4] == pytest.approx(0.5)
    assert weights[0] == pytest.approx(0.25)


def test_no_events_at_all() -> None:
    empty = History(np.empty(0, dtype=np.int32))
    weights = event_weights([empty, empty], 5, half_life=3.0, rating_gain=1.0)
    assert weights.shape == (2, 5)
    assert not history_vectors(weights, np.ones((5, 3), dtype=np.float32)).any()
    assert event_weights([], 5, half_life=3.0).shape == (0, 5)
