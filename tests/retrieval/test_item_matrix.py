"""Matrices of items with only their largest entries."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_array

from nextinterest.retrieval.item_matrix import largest_entries

ENTRIES = st.sampled_from([0.0, 1.0, -1.0, 2.0, -2.0, 3.5, float("nan")])


@given(
    matrix=arrays.arrays(np.float64, arrays.array_shapes(min_dims=2, max_dims=2), elements=ENTRIES),
    n=st.integers(1, 4),
    sparse=st.booleans(),
)
def test_the_largest_entries_are_those_of_a_whole_sort(matrix: np.ndarray, n: int, sparse: bool) -> None:
    expected = np.zeros_like(matrix, dtype=np.float32)
    for row, values in enumerate(matrix):
        stored = np.flatnonzero(values != 0)
        kept = sorted(stored, key=lambda i: (np.isnan(values[i]), -abs(values[i]), i))[:n]
        expected[row, kept] = values[kept]
    found = largest_entries(csr_array(matrix) if sparse else matrix, n)
    assert found.dtype == np.float32
    assert np.array_equal(found.toarray(), expected, equal_nan=True)
