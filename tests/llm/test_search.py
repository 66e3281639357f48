"""Constrained search against scoring every row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextinterest.errors import ModelError
from nextinterest.llm import LocalModel, Sampling
from nextinterest.llm.search import beam_search, draw_rows
from nextinterest.llm.trie import TokenTrie

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

TITLES = ["Alien", "Aliens", "Alien", "A", "Heat", "رجل", "🎬", "<|im_end|>", '{"id": 1}', "Heat 2", "x" * 60]
END = 10  # a newline


@pytest.fixture(scope="module")
def model(tiny_module: Callable[..., PreTrainedModel], byte_tokenizer: PreTrainedTokenizerFast) -> LocalModel:
    return LocalModel(tiny_module("llama"), byte_tokenizer)


def test_wide_beams_find_the_exact_ranking(model: LocalModel) -> None:
    rows = [model.tokenizer.encode(title) for title in TITLES]
    trie = TokenTrie(rows)
    state = model.open(model.tokenizer.encode("next:"))
    exact = state.score([[*row, END] for row in rows])
    found = beam_search(state, trie, 10, end=END, beams=64)
    order = [int(i) for i in np.argsort(-exact, kind="stable") if i != 2]  # row 2 repeats row 0
    assert [f.row for f in found] == [*order][:10]
    np.testing.assert_allclose([f.log_probability for f in found], exact[order[:10]], atol=1e-3)
    assert state.tokens == tuple(model.tokenizer.encode("next:"))


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), k=st.integers(1, 14), warm=st.booleans())
def test_rows_are_distinct_allowed_and_as_many_as_are_left(
    model: LocalModel, data: st.DataObject, k: int, warm: bool
) -> None:
    trie = TokenTrie([model.tokenizer.encode(title) for title in TITLES])
    excluded = data.draw(st.sets(st.integers(0, len(TITLES) - 1)))
    state = model.open(model.tokenizer.encode("next:"))
    left = set(range(len(TITLES))) - excluded
    sampling = Sampling(temperature=1.5 if warm else 0.0, seed=data.draw(st.integers(0, 9)))
    lists = (
        beam_search(state, trie, k, end=END, excluded=excluded),
        draw_rows(state, trie, k, end=END, sampling=sampling, excluded=excluded),
    )
    for found in lists:
        rows = [f.row for f in found]
        assert len(rows) == len(set(rows)) == min(k, len(left))
        assert set(rows) <= left


def test_equal_titles_are_the_first_row_not_excluded(model: LocalModel) -> None:
    trie = TokenTrie([model.tokenizer.encode(title) for title in ("Heat", "Heat")])
    state = model.open(model.tokenizer.encode("next:"))
    assert beam_search(state, trie, 1, end=END)[0].row == 0
    assert beam_search(state, trie, 1, end=END, excluded=[0])[0].row == 1


def test_nothing_left_is_an_empty_list_and_none_asked_is_an_error(model: LocalModel) -> None:
    trie = TokenTrie([model.tokenizer.encode("Heat")])
    state = model.open(model.tokenizer.encode("next:"))
    assert beam_search(state, trie, 3, end=END, excluded=[0]) == []
    with pytest.raises(ModelError, match="at least one"):
        beam_search(state, trie, 0, end=END)
