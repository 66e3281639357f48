"""Measures of reranked candidates: what was not offered is a miss, and weights are fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.films import WordEncoder
from support.tiny import films, walks

from nextinterest.data import leave_last_out
from nextinterest.errors import DataError
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.ranks import tie_order


@pytest.fixture(scope="module")
def lists() -> RerankingCases:
    split = leave_last_out(walks(), 1, 1)
    return RerankingCases.of(Retriever.build(films(), split.train, WordEncoder()), split.validation, 4)


def test_the_retrievers_own_order_measures_as_its_ranking(lists: RerankingCases) -> None:
    positions = lists.positions
    assert (positions < 0).any()
    assert (positions >= 0).any()
    expected = np.where(positions >= 0, 1 / np.log2(np.maximum(positions, 0) + 2), 0.0).mean()
    order = [-np.arange(len(items), dtype=np.float32) for items in lists.items]
    measures = lists.measure(order)
    assert measures["ndcg@10"] == pytest.approx(expected)
    assert measures["offered"] == pytest.approx((positions >= 0).mean())
    for row in lists.log_p:
        assert (np.diff(row) <= 1e-6).all()


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=30)
def test_what_cannot_be_answered_changes_no_measure(lists: RerankingCases, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = [rng.normal(size=len(items)).astype(np.float32) for items in lists.items]
    some = lists.answerable()
    kept = [row for row, position in zip(scores, lists.positions, strict=True) if position >= 0]
    assert some.measure(kept) == pytest.approx(lists.measure(scores))
    assert lists.measure([row * 3 + 1 for row in scores])["ndcg@10"] == lists.measure(scores)["ndcg@10"]


def test_a_gain_is_the_difference_of_the_measures(lists: RerankingCases) -> None:
    rng = np.random.default_rng(1)
    scores = [rng.normal(size=len(items)).astype(np.float32) for items in lists.items]
    gain, error = lists.gain(scores, lists.log_p)
    expected = lists.measure(scores)["ndcg@10"] - lists.measure(lists.log_p)["ndcg@10"]
    assert gain == pytest.approx(expected)
    difference = lists.gains(scores) - lists.gains(lists.log_p)
    assert error == pytest.approx(difference.std(ddof=1) / np.sqrt(len(lists)))
    some = lists.answerable()
    kept = [row for row, position in zip(scores, lists.positions, strict=True) if position >= 0]
    assert some.gain(kept, some.log_p) == pytest.approx((gain, error))


def test_a_constant_score_earns_what_a_guess_earns(lists: RerankingCases) -> None:
    flat = [np.zeros(len(items), dtype=np.float32) for items in lists.items]
    ties = tie_order(lists.n_items)
    ranks = [
        1 + int((ties[items] < ties[items[position]]).sum()) if position >= 0 else 0
        for items, position in zip(lists.items, lists.positions, strict=True)
    ]
    assert len(set(ranks)) > 2
    assert lists.ranks(flat).tolist() == ranks


def test_a_score_that_knows_the_target_gets_the_weight(lists: RerankingCases) -> None:
    noise = np.random.default_rng(0)
    knows = []
    for items, position in zip(lists.items, lists.positions, strict=True):
        row = noise.normal(0, 1.0, len(items))
        if position >= 0:
            row[position] += 2.0
        knows.append(row.astype(np.float32))
    weight = lists.fit_weight(knows)
    assert weight > 1.0
    losses = [lists.measure(lists.weighted(knows, w))["log_loss"] for w in (0.0, 0.9 * weight, 1.1 * weight)]
    best = lists.measure(lists.weighted(knows, weight))["log_loss"]
    assert best < losses[0]
    assert all(best <= loss + 2e-3 for loss in losses[1:])
    assert lists.fit_weight([np.zeros(len(items), dtype=np.float32) for items in lists.items]) == 0.0
    assert lists.fit_weight([-row for row in knows]) == 0.0


def test_without_a_single_hit_nothing_is_fitted(lists: RerankingCases) -> None:
    lost = replace(lists, positions=np.full(len(lists), -1, dtype=np.int32))
    with pytest.raises(DataError, match="n_candidates"):
        lost.fit_weight(lists.log_p)
    assert lost.measure(lists.log_p)["ndcg@10"] == 0.0
