"""How a choice moves a ranking: what is sure counts whatever retrieval says, what is even changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nextinterest.agent import AgentConfig
from nextinterest.domain import FloatArray
from nextinterest.llm import Capabilities
from nextinterest.retrieval.rerank import redistribute
from nextinterest.retrieval.rerank.listing import listed_log_probabilities

ENDPOINT = AgentConfig().for_model(Capabilities(remote=True, instructed=True))
REQUEST = ENDPOINT.opinion(requested=True)
PRIORS = [ENDPOINT.opinion(), ENDPOINT.opinion(requested=True)]

sharpness = st.floats(0, 200)  # nats from the first to the last, near-deterministic ones included


def retrieval(n: int, spread: float, seed: int) -> FloatArray:
    """Log-probabilities of n candidates that together have a half, best first."""
    logits = -np.sort(np.random.default_rng(seed).random(n)) * spread
    return np.asarray(logits - np.logaddexp.reduce(logits) + np.log(0.5), dtype=np.float32)


def sure(n: int, of: int, probability: float, seed: int) -> FloatArray:
    """Log-probabilities of a choice, the rest shared at random."""
    rest = np.random.default_rng(seed).dirichlet(np.full(n - 1, 0.3)) * (1 - probability)
    return np.asarray(np.log(np.maximum(np.insert(rest, of, probability), 1e-30)), dtype=np.float32)


def rank(log: NDArray[np.floating], of: int) -> int:
    return int((log > log[of]).sum()) + 1


@pytest.mark.parametrize("opinion", PRIORS)
@given(st.integers(4, 60), sharpness, st.integers(0, 2**31), st.data())
@settings(deadline=None, max_examples=150)
def test_a_candidate_that_is_90_percent_sure_is_among_the_first_three(
    opinion: tuple[float, float, float], n: int, spread: float, seed: int, data: st.DataObject
) -> None:
    of = data.draw(st.integers(0, n - 1))
    before = retrieval(n, spread, seed)
    after = redistribute(before, sure(n, of, 0.9, seed), *opinion)
    assert rank(after, of) <= 3
    assert np.logaddexp.reduce(after) == pytest.approx(np.logaddexp.reduce(before), abs=1e-4)
    listed = redistribute(before, listed_log_probabilities(n, [of], 0.9), *opinion)
    assert rank(listed, of) <= 3


def test_a_fitted_weight_alone_is_overruled_by_sharp_retrieval() -> None:
    before = retrieval(20, 200, 0)
    assert rank(redistribute(before, sure(20, 19, 0.9, 0), 0.75), 19) > 3


@pytest.mark.parametrize("opinion", PRIORS)
@given(st.integers(1, 60), sharpness, st.integers(0, 2**31))
@settings(deadline=None)
def test_an_even_choice_changes_nothing(
    opinion: tuple[float, float], n: int, spread: float, seed: int
) -> None:
    before = retrieval(n, spread, seed)
    for even in (np.full(n, -np.log(n), dtype=np.float32), listed_log_probabilities(n, [n - 1, 0][:n], 0.0)):
        np.testing.assert_allclose(redistribute(before, even, *opinion), before, atol=1e-4)


@pytest.mark.parametrize("opinion", PRIORS)
@given(st.integers(2, 40), sharpness, st.integers(0, 2**31))
@settings(deadline=None)
def test_the_order_of_candidates_changes_nothing(
    opinion: tuple[float, float], n: int, spread: float, seed: int
) -> None:
    before, choice = retrieval(n, spread, seed), sure(n, n - 1, 0.6, seed)
    order = np.random.default_rng(seed).permutation(n)
    np.testing.assert_allclose(
        redistribute(before[order], choice[order], *opinion),
        redistribute(before, choice, *opinion)[order],
        atol=1e-4,
    )


@pytest.mark.parametrize("claimed", [0.3, 0.6, 0.9])
def test_a_stated_order_shows_where_a_request_was_read(claimed: float) -> None:
    before = retrieval(20, 4.0, 1)
    named = [19, 12, 7, 3, 15]
    after = redistribute(before, listed_log_probabilities(20, named, claimed), *PRIORS[1])
    first = np.argsort(-after)[:5].tolist()
    assert 19 in first[: 1 if claimed > 0.5 else 3]
    assert len(set(first) & set(named)) >= 3
    assert after[12] > after[7]
    assert after[7] > after[15]


def test_several_candidates_that_fit_a_request_outrank_one_whose_words_are_close() -> None:
    """A search by words gave .507 to what the model gave .10, beside .40 and .25 (a request for suspense)."""
    before = np.log(np.array([0.507, 0.01, 0.01, *[0.473 / 17] * 17], dtype=np.float32))
    choice = np.log(np.array([0.10, 0.40, 0.25, *[0.25 / 17] * 17], dtype=np.float32))
    assert np.argsort(-redistribute(before, choice, *REQUEST))[:3].tolist() == [1, 2, 0]


def test_a_weight_that_is_given_is_not_mixed_with_the_prior() -> None:
    given_one = AgentConfig(choice_weight=0.3).for_model(Capabilities(remote=True, instructed=True))
    assert given_one.opinion() == given_one.opinion(requested=True) == (0.3, 0.0, 1.0)
    assert AgentConfig().for_model(Capabilities()).opinion(requested=True) == (0.05, 0.0, 1.0)
    assert ENDPOINT.without_model().opinion() == AgentConfig().opinion()
