from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from nextinterest.retrieval.lists import drop_excluded, top_k_rows


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 6), m=st.integers(0, 12), k=st.integers(0, 15))
def test_drop_excluded_row_by_row(seed: int, n: int, m: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    items = np.stack([rng.permutation(20)[:m] for _ in range(n)]) if n else np.empty((0, m), np.int64)
    items[rng.random(items.shape) < 0.2] = -1
    scores = rng.random((n, m)).astype(np.float32)
    exclude = [rng.permutation(20)[: rng.integers(0, 20)].astype(np.int32) for _ in range(n)]
    kept, kept_scores = drop_excluded(items, scores, exclude, k)
    assert kept.shape == (n, k)
    for row in range(n):
        pairs = [
            (int(item), float(score))
            for item, score in zip(items[row], scores[row], strict=True)
            if item >= 0 and item not in exclude[row]
        ][:k]
        padding = [(-1, -np.inf)] * (k - len(pairs))
        assert list(zip(kept[row].tolist(), kept_scores[row].tolist(), strict=True)) == pairs + padding


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 12), shape=st.sampled_from([(5, 9), (1, 9), (1, 60)]))
def test_top_k_rows_equals_sorting(seed: int, k: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.integers(0, 4, shape).astype(np.float64)
    items, scores = top_k_rows(csr_array(dense), k)
    for row in range(shape[0]):
        stored = [j for j in range(shape[1]) if dense[row, j]]
        expected = sorted(stored, key=lambda j: (-dense[row, j], j))[:k]
        assert items[row][items[row] >= 0].tolist() == expected
        np.testing.assert_allclose(scores[row, : len(expected)], dense[row, expected])
