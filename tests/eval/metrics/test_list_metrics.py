"""Metrics of lists and of probabilities, against plain loops and known cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from nextinterest.errors import DataError
from nextinterest.eval import metrics

RNG = np.random.default_rng(3)
N_ITEMS = 30
LISTS = np.array([RNG.permutation(N_ITEMS)[:8] for _ in range(50)], dtype=np.int32)
LISTS[3, 5:] = -1
LISTS[4] = -1
LISTS[5, 1:] = -1
COUNTS = RNG.integers(0, 90, size=N_ITEMS)


def _filled(row: np.ndarray) -> list[int]:
    return [int(i) for i in row if i >= 0]


def test_means_over_lists_by_hand() -> None:
    popularity = metrics.average_popularity(LISTS, COUNTS)
    novelty = metrics.novelty(LISTS, COUNTS)
    tail = metrics.tail_items(COUNTS)
    share = metrics.tail_share(LISTS, tail)
    total = COUNTS.sum() + N_ITEMS
    for row, p, v, s in zip(LISTS, popularity, novelty, share, strict=True):
        items = _filled(row)
        if not items:
            assert math.isnan(p)
            assert math.isnan(v)
            assert math.isnan(s)
            continue
        assert p == pytest.approx(np.mean([COUNTS[i] for i in items]))
        assert v == pytest.approx(np.mean([-math.log2((COUNTS[i] + 1) / total) for i in items]))
        assert s == pytest.approx(np.mean([bool(tail[i]) for i in items]))


def test_diversity_by_hand() -> None:
    vectors = RNG.normal(size=(N_ITEMS, 5)).astype(np.float32)
    vectors[7] = 0.0
    found = metrics.intra_list_diversity(LISTS, vectors)
    for row, value in zip(LISTS, found, strict=True):
        items = _filled(row)
        if len(items) < 2:
            assert math.isnan(value)
            continue
        distances = []
        for i in items:
            for j in items:
                if i != j:
                    norm = float(np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j]))
                    distances.append(1 - (float(vectors[i] @ vectors[j]) / norm if norm else 0.0))
        assert value == pytest.approx(np.mean(distances), abs=1e-6)


@pytest.mark.parametrize("sparse", [False, True])
def test_genre_calibration_by_hand(sparse: bool) -> None:
    categories = np.zeros((N_ITEMS, 4), dtype=np.float32)
    for i in range(N_ITEMS - 2):  # the last two have no category
        categories[i, RNG.choice(4, size=RNG.integers(1, 3), replace=False)] = 1.0
    categories /= np.maximum(categories.sum(axis=1, keepdims=True), 1)
    profiles = RNG.dirichlet(np.ones(4), size=len(LISTS)).astype(np.float32)
    profiles[:, 0] = 0.0
    profiles /= profiles.sum(axis=1, keepdims=True)
    profiles[9] = 0.0
    found = metrics.genre_calibration(LISTS, csr_array(profiles) if sparse else profiles, categories)
    for u, (row, value) in enumerate(zip(LISTS, found, strict=True)):
        q = categories[_filled(row)].sum(axis=0)
        if not q.sum() or not profiles[u].sum():
            assert math.isnan(value)
            continue
        q = 0.99 * q / q.sum() + 0.01 * profiles[u]
        kl = sum(p * math.log2(p / s) for p, s in zip(profiles[u], q, strict=True) if p > 0)
        assert value == pytest.approx(kl, abs=1e-5)


def test_coverage_and_gini_at_their_ends() -> None:
    everyone_the_same = metrics.exposure(np.zeros((10, 1), dtype=np.int32), 5)
    assert metrics.coverage(everyone_the_same) == 0.2
    assert metrics.gini(everyone_the_same) == pytest.approx(0.8)  # (n - 1) / n
    assert metrics.gini(np.ones(7)) == 0.0
    assert math.isnan(metrics.gini(np.zeros(3)))
    with pytest.raises(DataError, match="position 9"):
        metrics.exposure(np.array([[9]], dtype=np.int32), 5)


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=20).filter(any))
def test_gini_is_half_the_relative_mean_difference(exposures: list[int]) -> None:
    x = np.array(exposures, dtype=float)
    expected = np.abs(x[:, None] - x[None, :]).sum() / (2 * len(x) ** 2 * x.mean())
    assert metrics.gini(x) == pytest.approx(expected)


def test_tail_is_what_lies_outside_the_head() -> None:
    tail = metrics.tail_items(COUNTS, head=0.8)
    assert COUNTS[~tail].sum() >= 0.8 * COUNTS.sum()
    assert COUNTS[~tail].sum() - COUNTS[~tail].min() < 0.8 * COUNTS.sum()
    assert COUNTS[tail].max() <= COUNTS[~tail].min()


def test_log_loss_floors_what_was_impossible_and_keeps_what_is_unknown() -> None:
    loss = metrics.log_loss([math.log(0.25), -math.inf, math.nan])
    assert loss[0] == pytest.approx(math.log(4))
    assert loss[1] == pytest.approx(-math.log(metrics.FLOOR))
    assert math.isnan(loss[2])


def test_calibration_error_of_honest_and_of_boastful_probabilities() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(200_000) ** 3
    outcomes = rng.random(len(p)) < p
    assert metrics.calibration_error(p, outcomes) < 0.005
    assert metrics.calibration_error(np.minimum(2 * p, 1.0), outcomes) > 0.15
    with pytest.raises(DataError):
        metrics.calibration_error([1.5], [True])


def test_calibration_bins_add_up_over_parts() -> None:
    p, hit = np.array([0.0, 1.0, 0.3, 0.02]), np.array([0, 1, 1, 0])
    whole = metrics.calibration_bins(p, hit)
    parts = [metrics.calibration_bins(p[:2], hit[:2]), metrics.calibration_bins(p[2:], hit[2:])]
    np.testing.assert_allclose(whole.count, parts[0].count + parts[1].count)
    assert whole.count.sum() == 4
