from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.domain import IntArray
from nextinterest.errors import DataError
from nextinterest.retrieval.fusion import reciprocal_rank_fusion


def lists(rng: np.random.Generator, n: int, n_items: int) -> list[IntArray]:
    """Ragged ranked lists of three sources."""
    sources = []
    for _ in range(3):
        width = int(rng.integers(0, n_items + 1))
        rows = np.full((n, width), -1, dtype=np.int32)
        for row in rows:
            length = int(rng.integers(0, width + 1))
            row[:length] = rng.permutation(n_items)[:length]
        sources.append(rows)
    return sources


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 6), constant=st.sampled_from([1.0, 60.0]))
def test_fusion_is_the_formula(seed: int, n: int, constant: float) -> None:
    rng = np.random.default_rng(seed)
    sources, weights = lists(rng, n, 15), rng.random(3).tolist()
    fused = reciprocal_rank_fusion(sources, weights, constant)
    for row in range(n):
        scores: dict[int, float] = {}
        ranks: dict[int, list[int]] = {}
        for s, source in enumerate(sources):
            for position, item in enumerate(source[row][source[row] >= 0].tolist()):
                scores[item] = scores.get(item, 0.0) + weights[s] / (constant + position + 1)
                ranks.setdefault(item, [0, 0, 0])[s] = position + 1
        found = fused.items[row][fused.items[row] >= 0].tolist()
        assert sorted(found) == sorted(scores)  # no duplicates, nothing lost, nothing invented
        np.testing.assert_allclose(fused.scores[row, : len(found)], [scores[i] for i in found], rtol=1e-12)
        assert (np.diff(fused.scores[row]) <= 0).all()
        assert fused.ranks[row, : len(found)].tolist() == [ranks[i] for i in found]
        assert (fused.items[row, len(found) :] == -1).all()


def test_order_of_sources_does_not_matter_and_weight_zero_is_absence() -> None:
    rng = np.random.default_rng(8)
    a, b, c = lists(rng, 5, 12)
    one = reciprocal_rank_fusion([a, b, c], [1.0, 2.0, 0.0], 60)
    other = reciprocal_rank_fusion([b, a], [2.0, 1.0], 60)
    np.testing.assert_array_equal(one.items, other.items)
    np.testing.assert_allclose(one.scores, other.scores)


def test_mismatched_sources_are_refused() -> None:
    two, three = np.zeros((2, 1), dtype=np.int32), np.zeros((3, 1), dtype=np.int32)
    with pytest.raises(DataError, match="Fusion got 2 sources"):
        reciprocal_rank_fusion([two, three], [1.0, 1.0], 60)
    with pytest.raises(DataError):
        reciprocal_rank_fusion([two], [-1.0], 60)
