"""Constrained search against scoring every row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from support.tiny import tiny_t5

from nextinterest.errors import ModelError
from nextinterest.llm import ConstrainedModel, LocalModel, Seq2SeqModel
from nextinterest.llm.search import beam_search
from nextinterest.llm.trie import TokenTrie

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

TITLES = ["Alien", "Aliens", "Alien", "A", "Heat", "رجل", "🎬", "<|im_end|>", '{"id": 1}', "Heat 2", "x" * 60]
END = 10  # a newline


@pytest.fixture(scope="module", params=["causal", "windowed", "seq2seq"])
def model(
    request: pytest.FixtureRequest,
    tiny_module: Callable[..., PreTrainedModel],
    byte_tokenizer: PreTrainedTokenizerFast,
) -> ConstrainedModel:
    if request.param == "seq2seq":
        return Seq2SeqModel(tiny_t5(), byte_tokenizer)
    return LocalModel(tiny_module("llama" if request.param == "causal" else "gemma3_text"), byte_tokenizer)


def test_wide_beams_find_the_exact_ranking(model: ConstrainedModel) -> None:
    rows = [model.tokenizer.encode(title) for title in TITLES]
    trie = TokenTrie(rows)
    state = model.open(model.tokenizer.encode("next:"))
    exact = state.score([[*row, END] for row in rows])
    found = beam_search(state, trie, 10, end=END, beams=64)
    order = [int(i) for i in np.argsort(-exact, kind="stable") if i != 2]  # row 2 repeats row 0
    assert [f.row for f in found] == [*order][:10]
    np.testing.assert_allclose([f.log_probability for f in found], exact[order[:10]], atol=1e-3)
    assert state.tokens == tuple(model.tokenizer.encode("next:"))


def test_branches_go_on_from_what_was_read(model: ConstrainedModel) -> None:
    prefix, branches = model.tokenizer.encode("next: some titles, one of"), [[], [65], [65, 66, 67]]
    state = model.open(prefix)
    logp = state.log_probabilities(branches)
    for row, branch in zip(logp, branches, strict=True):
        exact = state.score([[*branch, token] for token in range(50)]) - state.score([branch])
        np.testing.assert_allclose(row[:50].numpy(), exact, atol=2e-3)
    assert state.tokens == tuple(prefix)


class Answer(BaseModel):
    word: Literal["yes", "no"]
    numbers: tuple[int, ...] = Field(max_length=2)


def test_json_is_written_behind_what_was_read(model: ConstrainedModel) -> None:
    assert model.writes_json
    state = model.open(model.tokenizer.encode("A question"))
    before = state.log_probabilities([[]])
    first = state.write(Answer)
    assert Answer.model_validate_json(first)
    assert state.write(Answer) == first
    np.testing.assert_allclose(state.log_probabilities([[]]).numpy(), before.numpy(), atol=1e-4)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), k=st.integers(1, 14), beams=st.integers(1, 20))
def test_rows_are_distinct_allowed_and_as_many_as_are_left(
    model: ConstrainedModel, data: st.DataObject, k: int, beams: int
) -> None:
    trie = TokenTrie([model.tokenizer.encode(title) for title in TITLES])
    excluded = data.draw(st.sets(st.integers(0, len(TITLES) - 1)))
    state = model.open(model.tokenizer.encode("next:"))
    left = set(range(len(TITLES))) - excluded
    found = beam_search(state, trie, k, end=END, beams=beams, excluded=excluded)
    rows = [f.row for f in found]
    assert len(rows) == len(set(rows)) == min(k, len(left))
    assert set(rows) <= left


def test_equal_titles_are_the_first_row_not_excluded(model: ConstrainedModel) -> None:
    trie = TokenTrie([model.tokenizer.encode(title) for title in ("Heat", "Heat")])
    state = model.open(model.tokenizer.encode("next:"))
    assert beam_search(state, trie, 1, end=END)[0].row == 0
    assert beam_search(state, trie, 1, end=END, excluded=[0])[0].row == 1


def test_nothing_left_is_an_empty_list_and_none_asked_is_an_error(model: ConstrainedModel) -> None:
    trie = TokenTrie([model.tokenizer.encode("Heat")])
    state = model.open(model.tokenizer.encode("next:"))
    assert beam_search(state, trie, 3, end=END, excluded=[0]) == []
    with pytest.raises(ModelError, match="at least one"):
        beam_search(state, trie, 0, end=END)
