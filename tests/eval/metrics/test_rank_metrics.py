"""HR, Recall, NDCG, MRR and MAP: against ranx and ir-measures, and by their own invariants."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nextinterest.errors import DataError
from nextinterest.eval import metrics

GOLDEN = Path(__file__).parents[1] / "golden"
METRICS: dict[str, Callable[..., NDArray[np.float64]]] = {
    "hr": metrics.hit_rate,
    "recall": metrics.recall,
    "ndcg": metrics.ndcg,
    "mrr": metrics.mrr,
    "map": metrics.average_precision,
}


def _table(cases: list[list[int]]) -> NDArray[np.int32]:
    """0 in the file is an item that is not in the list."""
    table = np.full((len(cases), max(map(len, cases))), metrics.ABSENT, dtype=np.int32)
    for row, ranks in zip(table, cases, strict=True):
        row[: len(ranks)] = [rank if rank else metrics.MISS for rank in ranks]
    return table


def _assert_equal(path: Path) -> int:
    with gzip.open(path) as file:
        golden = json.load(file)
    table = _table(golden["ranks"])
    for key, expected in golden["values"].items():
        name, _, k = key.partition("@")
        np.testing.assert_allclose(METRICS[name](table, int(k)), expected, rtol=0, atol=1e-9, err_msg=key)
    return len(table)


def test_equal_to_ranx_and_ir_measures() -> None:
    assert _assert_equal(GOLDEN / "rank_metrics.json.gz") == 4000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_equal_to_ranx_and_ir_measures_live(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "-r", str(GOLDEN / "requirements.txt")]
    subprocess.run(pip, check=True)
    out = tmp_path / "fresh.json.gz"
    make = [str(python), str(GOLDEN / "make_golden.py"), str(out), "--cases", "2000", "--seed", "2024"]
    subprocess.run(make, check=True, stderr=sys.stderr)
    assert _assert_equal(out) == 2000


rank_lists = st.lists(
    st.lists(st.one_of(st.integers(1, 60), st.just(metrics.MISS)), min_size=1, max_size=6, unique=False),
    min_size=1,
    max_size=8,
).map(lambda rows: [sorted(set(row)) for row in rows])


@settings(deadline=None)
@given(rank_lists, st.integers(1, 30), st.randoms(use_true_random=False))
def test_bounded_monotone_in_k_and_independent_of_order(
    rows: list[list[int]], k: int, random: object
) -> None:
    table = _table(rows)
    shuffled = np.array([np.random.default_rng(1).permutation(row) for row in table], dtype=np.int32)
    for name, metric in METRICS.items():
        value = metric(table, k)
        assert ((value >= 0) & (value <= 1 + 1e-12)).all(), name
        np.testing.assert_allclose(metric(shuffled, k), value, atol=1e-12)
        if name != "ndcg":  # the ideal gain of NDCG grows with k as well
            assert (metric(table, k + 1) >= value - 1e-12).all(), name


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(1, 100), st.just(metrics.MISS)), min_size=1), st.integers(1, 50))
def test_one_relevant_item_makes_recall_hit_rate_and_map_mrr(ranks: list[int], k: int) -> None:
    np.testing.assert_array_equal(metrics.recall(ranks, k), metrics.hit_rate(ranks, k))
    np.testing.assert_allclose(metrics.average_precision(ranks, k), metrics.mrr(ranks, k), atol=1e-12)
    expected = [1 / np.log2(1 + r) if r <= k else 0.0 for r in ranks]
    np.testing.assert_allclose(metrics.ndcg(ranks, k), expected, atol=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_without_cut_off_a_miss_is_zero_and_a_deep_rank_counts(name: str) -> None:
    value = METRICS[name]([1, 5000, metrics.MISS], None)
    assert value[0] == 1.0
    assert value[1] > 0.0
    assert value[2] == 0.0


@pytest.mark.parametrize("name", METRICS)
def test_refuses_no_places_and_negative_ranks(name: str) -> None:
    with pytest.raises(DataError, match="cut off"):
        METRICS[name]([1], 0)
    with pytest.raises(DataError, match="negative"):
        METRICS[name]([-1], 10)
