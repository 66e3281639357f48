"""The estimated mass of many items: exact where all were scored, else within its bound."""

from __future__ import annotations

import numpy as np
import pytest

from nextinterest.retrieval.rest import DELTA, Mass, draw_order


@pytest.mark.parametrize("spread", [0.0, 1.0, 2.5])
def test_the_bound_holds_at_least_as_often_as_it_says(spread: float) -> None:
    rng = np.random.default_rng(0)
    logits = spread * rng.standard_normal(20_000)
    true, highest, held = float(np.exp(logits).sum()), float(logits.max()), []
    for seed in range(200):
        drawn = np.random.default_rng(seed).permutation(logits)[:500]
        mass = Mass.of(drawn, len(logits), highest)
        held.append(mass.least <= true * (1 + 1e-9) and true <= mass.most * (1 + 1e-9))
        assert mass.least <= mass.value <= mass.most
    assert np.mean(held) >= 1 - DELTA


def test_it_is_exact_where_everything_was_scored() -> None:
    mass = Mass.of(np.log(np.array([1.0, 2.0, 4.0])), 3, 9.0)
    assert mass.value == mass.least == mass.most == pytest.approx(7.0)
    assert Mass.of(np.empty(0), 0, -np.inf).most == 0.0


def test_a_draw_is_the_same_every_time() -> None:
    assert sorted(draw_order(50).tolist()) == list(range(50))
    np.testing.assert_array_equal(draw_order(50), draw_order(50))
