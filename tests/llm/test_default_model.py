"""The real default model: the same exactness on real weights, and valid objects out of it."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from pydantic import BaseModel, Field

from nextinterest.data.assets import DEFAULT_LANGUAGE_MODEL, fetch
from nextinterest.llm import LocalModel, Sampling, TokenTrie, beam_search
from nextinterest.llm.forward_llama import LlamaForward
from nextinterest.messages import Message

pytestmark = pytest.mark.model

TITLES = ["Aliens", "Alien", "Heat", "The Silence of the Lambs", "رجل 🎬"]
PREFIX = "Films seen so far, oldest first:\n- Alien\n- Blade Runner\n- The Terminator\nNext:"


class Films(BaseModel):
    titles: list[str] = Field(min_length=1, max_length=2)


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return LocalModel.load(fetch(DEFAULT_LANGUAGE_MODEL), device="cpu", dtype="float32")


def test_packed_scores_equal_one_by_one_in_any_order(model: LocalModel) -> None:
    assert isinstance(model.forward, LlamaForward)
    prefix = model.tokenizer.encode(PREFIX)
    ids = [model.tokenizer.encode(" " + title) for title in TITLES]
    # In fp64: transformers' own fp32 pass is up to 1.5e-4 away from that, further than the packed one.
    exact = copy.deepcopy(model.module).double()
    expected = []
    for own in ids:
        with torch.inference_mode():
            logp = torch.log_softmax(exact(torch.tensor([[*prefix, *own]])).logits[0], dim=-1)
        positions = torch.arange(len(own)) + len(prefix) - 1
        expected.append(float(logp[positions, torch.tensor(own)].sum()))
    alone = [model.score(prefix, [own])[0] for own in ids]
    np.testing.assert_allclose(model.score(prefix, ids), alone, atol=1e-4)
    np.testing.assert_allclose(model.score(prefix, ids), expected, atol=1e-4)
    np.testing.assert_allclose(model.score(prefix, ids[::-1]), expected[::-1], atol=1e-4)
    np.testing.assert_allclose(model.open(prefix).score(ids), expected, atol=1e-4)


def test_a_grown_state_equals_a_fresh_pass(model: LocalModel) -> None:
    text = model.tokenizer.encode(PREFIX)
    state = model.open(text[:10])
    state.extend(text[10:20])
    grown = state.extend(text[20:], at=[-1], layers=(20, -1))
    fresh = model.encode([text], [[-1]], layers=(20, -1))[0]
    # Hidden states of this model reach some hundreds in a few dimensions, so the tolerance is relative.
    np.testing.assert_allclose(grown, fresh, atol=2e-6 * float(np.abs(fresh).max()), rtol=1e-4)
    choices = [" A", " B", " C"]
    np.testing.assert_allclose(state.choose(choices), model.choose([text], [choices])[0], atol=1e-4)


def test_objects_and_titles(model: LocalModel) -> None:
    sampling = Sampling(temperature=1.0, max_tokens=24, seed=5)
    answer = model.generate(
        [Message(role="user", content="Name two films as JSON.")], schema=Films, sampling=sampling
    )
    assert 1 <= len(answer.titles) <= 2
    trie = TokenTrie([model.tokenizer.encode(" " + title) for title in TITLES])
    (end,) = model.tokenizer.encode("\n")
    found = beam_search(model.open(model.tokenizer.encode(PREFIX)), trie, 5, end=end, excluded=[1])
    assert sorted(f.row for f in found) == [0, 2, 3, 4]


def test_control_tokens_are_known(model: LocalModel) -> None:
    assert {"<|im_start|>", "<|im_end|>", "<|endoftext|>"} <= model.tokenizer.special_tokens
    assert model.tokenizer.has_chat_template
    text = model.tokenizer.render_chat([Message(role="user", content="hi")])
    assert text.endswith("<|im_start|>assistant\n")
    assert model.tokenizer.decode(model.tokenizer.encode(text)) == text
