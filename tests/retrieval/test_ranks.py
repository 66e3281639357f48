"""Equal scores: by position in lists, by one drawn order where ranks are measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nextinterest.retrieval.ranks import target_ranks, tie_order, top_k

Rows = np.ndarray[tuple[int, int], np.dtype[np.float32]]
score_rows = arrays(np.float32, (3, 8), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, -np.inf]))


@settings(deadline=None)
@given(score_rows, st.integers(0, 11))
def test_top_k_breaks_ties_by_position(scores: Rows, k: int) -> None:
    best = top_k(scores, k)
    for row, listed in zip(scores, best, strict=True):
        order = sorted((i for i in range(8) if row[i] > -np.inf), key=lambda i: (-row[i], i))[:k]
        assert listed.tolist() == order + [-1] * (k - len(order))


@settings(deadline=None)
@given(score_rows, st.integers(0, 9))
def test_every_item_has_a_rank_of_its_own(scores: Rows, seed: int) -> None:
    ties = tie_order(8, seed)
    ranks = np.array([target_ranks(scores, np.full(3, item), ties) for item in range(8)])
    for row, found in zip(scores, ranks.T, strict=True):
        assert sorted(found.tolist()) == list(range(1, 9))
        assert [int(found[i]) for i in np.lexsort((ties, -row))] == list(range(1, 9))


def test_a_constant_score_ranks_as_a_guess() -> None:
    flat = np.zeros((1000, 1000), dtype=np.float32)
    ranks = target_ranks(flat, np.arange(1000), tie_order(1000))
    assert ranks.mean() == pytest.approx(500.5)
