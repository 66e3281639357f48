"""Ranks from scores and from lists, and every way an answer can be flawed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nextinterest.domain import BoolArray, FloatArray
from nextinterest.eval.answers import Answers, Flaw, from_lists, from_scores
from nextinterest.eval.metrics import MISS

N = 12
ALL = np.arange(N, dtype=np.int32)
ORDER = np.random.default_rng(0).permutation(N).astype(np.int32)


def _log(weights: NDArray[np.floating]) -> FloatArray:
    p = weights / weights.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        log_p: FloatArray = np.log(p).astype(np.float32)
    return log_p


def _scores(log_p: FloatArray, targets: list[int], masked: BoolArray | None = None, k: int = 5) -> Answers:
    return from_scores(log_p, ALL, np.array(targets, dtype=np.int32), masked, ORDER, k)


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=N, max_size=N).filter(any), st.integers(0, N - 1), st.data())
def test_rank_is_the_place_in_the_sorted_list(weights: list[int], target: int, data: st.DataObject) -> None:
    hidden = data.draw(st.sets(st.integers(0, N - 1), max_size=6))
    masked = np.isin(ALL, list(hidden))[None, :]
    answers = _scores(_log(np.array([weights], dtype=float)), [target], masked, k=N)
    able = [i for i in range(N) if i not in hidden and weights[i] > 0]
    expected = sorted(able, key=lambda i: (-weights[i], ORDER[i]))
    listed = [int(i) for i in answers.items[0] if i >= 0]
    assert listed == expected
    assert answers.rank[0] == (expected.index(target) + 1 if target in expected else MISS)
    total = sum(weights[i] for i in able)
    if target in expected:
        assert np.exp(answers.log_prob[0]) == pytest.approx(weights[target] / total, rel=1e-4)
    else:
        assert np.isneginf(answers.log_prob[0])
    assert answers.flaws[0] == 0
    assert answers.probabilities.sum() == pytest.approx(1.0 if able else 0.0, abs=1e-5)


def test_equal_scores_rank_as_a_random_guess_whatever_the_catalogue_order() -> None:
    n = 200
    log_p = np.full((n, n), -np.log(n), dtype=np.float32)
    order = np.random.default_rng(1).permutation(n).astype(np.int32)
    answers = from_scores(log_p, np.arange(n, dtype=np.int32), np.arange(n, dtype=np.int32), None, order, 10)
    assert sorted(answers.rank.tolist()) == list(range(1, n + 1))
    assert (answers.items == np.argsort(order)[:10]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_nan_among_the_scores_makes_the_answer_a_miss(bad: float) -> None:
    log_p = _log(np.ones((2, N)))
    log_p[0, 3] = bad
    answers = _scores(log_p, [1, 1])
    assert answers.flaws.tolist() == [Flaw.NAN, 0]
    assert answers.rank[0] == MISS
    assert np.isneginf(answers.log_prob[0])
    assert (answers.items[0] == -1).all()
    assert answers.rank[1] < MISS


def test_unnormalised_scores_are_noted_normalised_and_count() -> None:
    log_p = _log(np.arange(1, N + 1, dtype=float)[None, :])
    sound, off = _scores(log_p, [4]), _scores(log_p + 3, [4])
    assert off.flaws.tolist() == [Flaw.UNNORMALISED]
    assert off.rank.tolist() == sound.rank.tolist()
    np.testing.assert_allclose(off.log_prob, sound.log_prob, atol=1e-5)


def test_a_user_who_has_seen_everything_is_a_miss_but_no_flaw() -> None:
    answers = _scores(_log(np.ones((1, N))), [2], np.ones((1, N), dtype=np.bool_))
    assert answers.flaws.tolist() == [0]
    assert answers.rank.tolist() == [MISS]


def test_candidates_are_ranked_among_themselves() -> None:
    candidates = np.array([[3, 5, 7, -1], [0, 1, 2, 3]], dtype=np.int32)
    log_p = np.log(np.array([[0.1, 0.3, 0.1, 1.0], [0.1, 0.2, 0.3, 0.2]], dtype=np.float32))
    answers = from_scores(log_p, candidates, np.array([7, 9], dtype=np.int32), None, ORDER, 3)
    assert answers.rank[0] in (2, 3)  # tied with 3
    assert answers.items[0, 0] == 5
    assert set(answers.items[0].tolist()) == {3, 5, 7}
    assert np.exp(answers.log_prob[0]) == pytest.approx(0.2)
    assert answers.rank[1] == MISS
    assert answers.items[1].tolist()[0] == 2


def _lists(
    items: list[list[int]],
    targets: list[int],
    *,
    p: list[list[float]] | None = None,
    seen: list[list[bool]] | None = None,
    available: int = N,
    k: int = 4,
    strict: bool = True,
) -> Answers:
    rows = np.array(items, dtype=np.int32)
    probabilities = np.full(rows.shape, 0.1) if p is None else np.array(p)
    return from_lists(
        rows,
        probabilities.astype(np.float32),
        np.array(targets, dtype=np.int32),
        np.zeros(rows.shape, dtype=np.bool_) if seen is None else np.array(seen),
        np.full(len(rows), available, dtype=np.int32),
        N,
        k,
        strict,
    )


def test_a_sound_list_gives_rank_and_probability() -> None:
    answers = _lists([[4, 2, 9, 0]], [9], p=[[0.4, 0.2, 0.1, 0.1]])
    assert answers.flaws.tolist() == [0]
    assert answers.rank.tolist() == [3]
    assert np.exp(answers.log_prob[0]) == pytest.approx(0.1)


def test_what_a_list_leaves_over_goes_to_the_items_it_did_not_name() -> None:
    answers = _lists([[4, 2, 9, 0]], [7], p=[[0.4, 0.2, 0.1, 0.1]])
    assert answers.rank.tolist() == [MISS]
    assert np.exp(answers.log_prob[0]) == pytest.approx(0.2 / (N - 4))


@pytest.mark.parametrize(
    ("row", "flaw"),
    [
        ([9, 2, 99, 0], Flaw.INVALID),
        ([9, 2, -7, 0], Flaw.INVALID),
        ([9, 2, 2, 0], Flaw.DUPLICATE),
        ([9, 2, 4, -1], Flaw.SHORT),
        ([9, 2, -1, 0], Flaw.INVALID),
        ([-1, -1, -1, -1], Flaw.SHORT),
    ],
)
def test_flaws_are_found_and_a_strict_protocol_makes_them_misses(row: list[int], flaw: Flaw) -> None:
    answers = _lists([row, [9, 1, 2, 3]], [9, 9])
    assert answers.flaws[0] & flaw
    assert answers.flaws[1] == 0
    assert answers.rank.tolist() == [MISS, 1]
    assert np.isneginf(answers.log_prob[0])
    assert (answers.items[0] == -1).all()
    lenient = _lists([row], [9], strict=False)
    assert lenient.rank.tolist() == [1 if 9 in row else MISS]


def test_a_lenient_protocol_keeps_the_places_of_what_is_sound() -> None:
    answers = _lists([[99, 2, 2, 5]], [5], strict=False)
    assert answers.rank.tolist() == [4]
    assert answers.items[0].tolist() == [-1, 2, -1, 5]


def test_a_seen_item_is_a_flaw() -> None:
    answers = _lists([[9, 2, 4, 0]], [9], seen=[[False, True, False, False]])
    assert answers.flaws[0] & Flaw.SEEN
    assert answers.rank.tolist() == [MISS]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1, 1.5])
def test_what_is_no_probability_is_a_miss_however_lenient(bad: float) -> None:
    answers = _lists([[9, 2, 4, 0]], [9], p=[[0.1, bad, 0.1, 0.1]], strict=False)
    assert answers.flaws[0] & Flaw.NAN
    assert answers.rank.tolist() == [MISS]


def test_a_list_is_not_short_where_no_more_items_are_left() -> None:
    answers = _lists([[9, 2, -1, -1]], [9], available=2)
    assert answers.flaws.tolist() == [0]
    assert answers.rank.tolist() == [1]


def test_places_beyond_those_asked_for_do_not_count() -> None:
    answers = _lists([[1, 2, 3, 4, 9]], [9], k=4)
    assert answers.rank.tolist() == [MISS]
    assert answers.items.shape == (1, 4)
