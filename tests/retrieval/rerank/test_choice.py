"""Reranking by letters: independent of candidate order, of letters' own attraction, of grouping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nextinterest.domain import Catalog, History, IntArray
from nextinterest.errors import DataError
from nextinterest.llm import ScriptedLanguageModel
from nextinterest.llm.scripted import ScriptedTokenizer
from nextinterest.prompts import PromptOptions, PromptTemplate
from nextinterest.retrieval.rerank.choice import ChoiceReranker, anchored_groups

OPTIONS = PromptOptions(budget=100_000)


def films(n: int) -> Catalog:
    return Catalog([str(i) for i in range(n)], [f"Film {i:03d}" for i in range(n)])


def likes_high_numbers(tokens: Sequence[int], choices: Sequence[str]) -> list[float]:
    """Prefer films of a high number by Luce's rule, and early letters for no reason."""
    text = ScriptedTokenizer().decode(tokens)
    scores = []
    for position, choice in enumerate(choices):
        line = text.rsplit(f"\n{choice.strip()}. ", 1)[1].split("\n")[0]
        number = int(line.removeprefix("Film ")) if line.startswith("Film ") else 0
        scores.append(0.05 * number - 0.7 * position)
    return scores


def reranker(n: int, model: ScriptedLanguageModel | None = None) -> ChoiceReranker:
    model = model or ScriptedLanguageModel(chooser=likes_high_numbers)
    return ChoiceReranker(model, PromptTemplate.named("choice"), films(n), OPTIONS)


def expected(numbers: IntArray) -> NDArray[np.float64]:
    scores = 0.05 * numbers
    return np.asarray(scores - np.log(np.exp(scores).sum()))


@given(st.integers(1, 200), st.integers(2, 26), st.data())
@settings(deadline=None)
def test_groups_cover_everyone_once_and_share_the_anchor(n: int, size: int, data: st.DataObject) -> None:
    anchor = data.draw(st.integers(0, n - 1))
    groups = anchored_groups(n, size, anchor)
    assert all(len(group) <= size and anchor in group for group in groups)
    others = [int(i) for group in groups for i in group if i != anchor]
    assert sorted([*others, anchor]) == list(range(n))


@given(st.lists(st.integers(0, 89), min_size=1, max_size=70, unique=True), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=25)
def test_probabilities_follow_the_model_and_not_the_letters(candidates: list[int], draw: object) -> None:
    history = History(np.array([90, 91]))
    offered = np.array(candidates, dtype=np.int32)
    (log,) = reranker(92).log_probabilities([history], [offered])
    np.testing.assert_allclose(log, expected(offered), atol=1e-4)


def test_order_of_candidates_changes_nothing() -> None:
    # A hash of the prompt stands for a model with whims; only the set of candidates may matter.
    history = History(np.array([1, 2]))
    offered = np.array([9, 4, 30, 7], dtype=np.int32)
    (one,) = reranker(40, ScriptedLanguageModel()).log_probabilities([history], [offered])
    (two,) = reranker(40, ScriptedLanguageModel()).log_probabilities([history], [offered[::-1]])
    np.testing.assert_array_equal(one, two[::-1])


def test_one_call_for_all_histories() -> None:
    model = ScriptedLanguageModel(chooser=likes_high_numbers)
    ranker = reranker(40, model)
    histories = [History(np.array([1])), History(np.array([2, 3]))]
    logs = ranker.log_probabilities(
        histories, [np.array([5, 6], dtype=np.int32), np.empty(0, dtype=np.int32)]
    )
    assert [len(log) for log in logs] == [2, 0]
    assert [len(call.tokens) for call in model.calls if call.function == "choose"] == [1, 1]
    assert ranker.tokens_used > 0


def test_a_candidate_twice_is_refused() -> None:
    with pytest.raises(DataError, match="twice"):
        reranker(9).log_probabilities([History(np.array([1]))], [np.array([3, 3], dtype=np.int32)])
