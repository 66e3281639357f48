"""A tiny random T5 against transformers itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from pydantic import BaseModel
from support.tiny import END, tiny_t5

from nextinterest.errors import ModelError
from nextinterest.llm import LanguageModel, LocalModel, Sampling, Seq2SeqModel
from nextinterest.messages import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TOLERANCE = 1e-4


class Answer(BaseModel):
    word: str
    yes: bool


@pytest.fixture(scope="module")
def model(byte_tokenizer: PreTrainedTokenizerFast) -> Seq2SeqModel:
    module = tiny_t5()
    with torch.no_grad():
        for weight in module.parameters():
            weight.normal_(0.0, 0.4)
    return Seq2SeqModel(module, byte_tokenizer, name="t5")


def reference(model: Seq2SeqModel, prompt: list[int], target: list[int]) -> float:
    if not target:
        return 0.0
    with torch.inference_mode():
        logits = model.module(
            input_ids=torch.tensor([[*prompt, END]]), decoder_input_ids=torch.tensor([[END, *target[:-1]]])
        ).logits[0]
    logp = torch.log_softmax(logits.float(), dim=-1)
    return sum(float(logp[i, token]) for i, token in enumerate(target))


def test_satisfies_the_protocol(model: Seq2SeqModel) -> None:
    assert isinstance(model, LanguageModel)
    assert (model.hidden_size, model.context_length) == (32, 512)


def test_scores_equal_one_by_one_in_any_order(model: Seq2SeqModel) -> None:
    prompt = model.tokenizer.encode("liked Alien")
    ids = [model.tokenizer.encode(title) for title in ("Aliens", "Alien", "", "Heat and dust", "A")]
    expected = np.array([reference(model, prompt, own) for own in ids])
    np.testing.assert_allclose(model.score(prompt, ids), expected, atol=TOLERANCE)
    np.testing.assert_allclose(model.score(prompt, ids[::-1]), expected[::-1], atol=TOLERANCE)
    np.testing.assert_allclose(model.open(prompt).score(ids), expected, atol=TOLERANCE)


def test_choices_and_batches(model: Seq2SeqModel) -> None:
    prompts = [model.tokenizer.encode(text) for text in ("a", "a longer prompt", "another")]
    choices = [["A", "B"], ["A", "C", "D"], ["yes", "no"]]
    raw = model.choose(prompts, choices, normalize=False)
    for prompt, own, got in zip(prompts, choices, raw, strict=True):
        expected = [reference(model, prompt, model.tokenizer.encode(choice)) for choice in own]
        np.testing.assert_allclose(got, expected, atol=TOLERANCE)
    for got, free in zip(model.choose(prompts, choices), raw, strict=True):
        np.testing.assert_allclose(got, free - np.logaddexp.reduce(free), atol=TOLERANCE)
    state = model.open(prompts[1])
    np.testing.assert_allclose(state.choose(choices[1], normalize=False), raw[1], atol=TOLERANCE)


def test_encoder_states_do_not_depend_on_the_batch(model: Seq2SeqModel) -> None:
    sequences = [model.tokenizer.encode("x" * n) for n in (3, 17, 8)]
    together = model.encode(sequences, [[0, -1]] * 3, layers=(0, -1))
    for sequence, got in zip(sequences, together, strict=True):
        assert got.shape == (2, 64)
        alone = model.encode([sequence], [[0, -1]], layers=(0, -1))[0]
        np.testing.assert_allclose(alone, got, atol=TOLERANCE)


def test_a_state_equals_a_fresh_pass(model: Seq2SeqModel) -> None:
    text = model.tokenizer.encode("first second")
    state = model.open(text[:5])
    got = state.extend(text[5:], at=[-1])
    np.testing.assert_allclose(got, model.encode([text], [[-1]])[0], atol=TOLERANCE)
    assert state.tokens == tuple(text)
    state.trim(5)
    expected = model.choose([text[:5]], [["A", "B"]])[0]
    np.testing.assert_allclose(state.choose(["A", "B"]), expected, atol=TOLERANCE)


def test_text_free_and_constrained(model: Seq2SeqModel) -> None:
    messages = [Message(role="user", content="hi")]
    prompt = model.tokenizer.encode("hi")
    said: list[int] = []
    for _ in range(4):
        with torch.inference_mode():
            ids = torch.tensor([[END, *said]])
            logits = model.module(input_ids=torch.tensor([[*prompt, END]]), decoder_input_ids=ids).logits
        token = int(logits[0, -1].argmax())
        if token == END:
            break
        said.append(token)
    assert model.generate(messages, sampling=Sampling(max_tokens=4)) == model.tokenizer.decode(said)
    for seed in range(4):
        sampling = Sampling(temperature=2.0, max_tokens=20, seed=seed)
        assert isinstance(model.generate(messages, schema=Answer, sampling=sampling), Answer)


def test_loads_from_a_directory(
    tmp_path: Path, model: Seq2SeqModel, byte_tokenizer: PreTrainedTokenizerFast
) -> None:
    model.module.save_pretrained(tmp_path)
    byte_tokenizer.save_pretrained(tmp_path)
    loaded = Seq2SeqModel.load(tmp_path, device="cpu", dtype="float32")
    prompt, title = loaded.tokenizer.encode("a"), loaded.tokenizer.encode("Heat")
    assert loaded.score(prompt, [title])[0] == pytest.approx(reference(model, prompt, title), abs=TOLERANCE)
    with pytest.raises(ModelError, match="causal"):
        LocalModel.load(tmp_path)


def test_too_long_is_refused(model: Seq2SeqModel) -> None:
    with pytest.raises(ModelError, match="513 tokens"):
        model.choose([[1] * 513], [["A"]])
