"""Local causal models against transformers itself, one sequence at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextinterest.errors import IntegrityError, ModelError
from nextinterest.llm import LanguageModel, LocalModel, Sampling
from nextinterest.llm.forward_llama import LlamaForward
from nextinterest.llm.forward_transformers import TransformersForward
from nextinterest.messages import Message

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

FAMILIES = ("llama", "qwen2", "qwen3", "mistral", "gemma2", "gemma3_text")
TOLERANCE = 1e-4


def reference(module: PreTrainedModel, prefix: Sequence[int], continuation: Sequence[int]) -> float:
    """log P(continuation | prefix) by one plain pass of transformers."""
    with torch.inference_mode():
        logits = module(torch.tensor([[*prefix, *continuation]])).logits[0].float()
    logp = torch.log_softmax(logits, dim=-1)
    return sum(float(logp[len(prefix) - 1 + i, token]) for i, token in enumerate(continuation))


@pytest.fixture(params=FAMILIES)
def model(
    request: pytest.FixtureRequest,
    tiny_module: Callable[..., PreTrainedModel],
    byte_tokenizer: PreTrainedTokenizerFast,
) -> LocalModel:
    return LocalModel(tiny_module(request.param), byte_tokenizer, name=request.param)


@pytest.fixture
def llama(tiny_module: Callable[..., PreTrainedModel], byte_tokenizer: PreTrainedTokenizerFast) -> LocalModel:
    return LocalModel(tiny_module("llama"), byte_tokenizer)


def test_satisfies_the_protocol(llama: LocalModel) -> None:
    assert isinstance(llama, LanguageModel)
    assert isinstance(llama.forward, LlamaForward)
    assert llama.hidden_size == 32
    assert llama.context_length == 512


def test_models_with_windows_use_transformers(
    tiny_module: Callable[..., PreTrainedModel], byte_tokenizer: PreTrainedTokenizerFast
) -> None:
    model = LocalModel(tiny_module("mistral"), byte_tokenizer)
    assert isinstance(model.forward, TransformersForward)
    assert model.forward.reach == 24


def test_packed_scores_equal_one_by_one(model: LocalModel) -> None:
    prefix = model.tokenizer.encode("liked Alien")
    titles = ["Aliens", "Alien", "A", "", "Heat", "Hä"]
    ids = [model.tokenizer.encode(title) for title in titles]
    expected = [reference(model.module, prefix, own) for own in ids]
    np.testing.assert_allclose(model.score(prefix, ids), expected, atol=TOLERANCE)
    order = [5, 3, 1, 0, 4, 2]
    permuted = model.score(prefix, [ids[i] for i in order])
    np.testing.assert_allclose(permuted, np.array(expected)[order], atol=TOLERANCE)


def test_beyond_the_window_scores_stay_exact_and_it_is_said(
    model: LocalModel, caplog: pytest.LogCaptureFixture
) -> None:
    prefix = model.tokenizer.encode(
        "a history that is longer than any of the sliding windows of the models " * 2
    )
    ids = [model.tokenizer.encode(title) for title in ("Heat", "Ran")]
    expected = [reference(model.module, prefix, own) for own in ids]
    np.testing.assert_allclose(model.score(prefix, ids), expected, atol=TOLERANCE)
    assert ("one by one" in caplog.text) == (model.forward.reach < model.context_length)


def test_splitting_by_memory_changes_nothing(llama: LocalModel) -> None:
    prefix = llama.tokenizer.encode("history")
    ids = [llama.tokenizer.encode(f"title {i}") for i in range(20)]
    whole = llama.score(prefix, ids)
    llama.tokens_per_batch = 24
    np.testing.assert_allclose(llama.score(prefix, ids), whole, atol=TOLERANCE)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prefix=st.lists(st.integers(0, 255), min_size=1, max_size=30),
    continuations=st.lists(st.lists(st.integers(0, 255), max_size=8), max_size=6),
)
def test_scores_equal_for_any_tokens(
    llama: LocalModel, prefix: list[int], continuations: list[list[int]]
) -> None:
    expected = np.array([reference(llama.module, prefix, own) for own in continuations], dtype=np.float32)
    np.testing.assert_allclose(llama.score(prefix, continuations), expected, atol=TOLERANCE)


def test_hidden_states_are_those_of_transformers(model: LocalModel) -> None:
    sequences = [model.tokenizer.encode(text) for text in ("a longer history of films", "short", "x")]
    at = [[0, -1, 7], [2], []]
    states = model.encode(sequences, at, layers=(0, 2, -1))
    assert [s.shape for s in states] == [(3, 96), (1, 96), (0, 96)]
    for sequence, positions, got in zip(sequences[:2], at[:2], states[:2], strict=True):
        with torch.inference_mode():
            output = model.module(torch.tensor([sequence]), output_hidden_states=True).hidden_states
        expected = torch.cat([output[layer][0, positions] for layer in (0, 2, 3)], dim=-1)
        np.testing.assert_allclose(got, expected.numpy(), atol=TOLERANCE)


def test_no_result_depends_on_its_batch(model: LocalModel) -> None:
    sequences = [model.tokenizer.encode("x" * n) for n in (3, 40, 11, 12)]
    together = model.encode(sequences, [[-1]] * 4)
    model.tokens_per_batch = 1
    for sequence, state in zip(sequences, together, strict=True):
        np.testing.assert_allclose(model.encode([sequence], [[-1]])[0], state, atol=TOLERANCE)


def test_choices_are_next_token_probabilities(model: LocalModel) -> None:
    prompts = [model.tokenizer.encode(text) for text in ("Answer:", "A longer question. Answer:")]
    choices = [["A", "B", "C"], ["B", "D"]]
    raw = model.choose(prompts, choices, normalize=False)
    for prompt, own, got in zip(prompts, choices, raw, strict=True):
        expected = [reference(model.module, prompt, model.tokenizer.encode(choice)) for choice in own]
        np.testing.assert_allclose(got, expected, atol=TOLERANCE)
    for got, free in zip(model.choose(prompts, choices), raw, strict=True):
        np.testing.assert_allclose(got, free - np.logaddexp.reduce(free), atol=TOLERANCE)
        assert np.exp(got).sum() == pytest.approx(1.0, abs=1e-5)


def test_choices_of_several_tokens_are_scored_whole(llama: LocalModel) -> None:
    prompt = llama.tokenizer.encode("Answer:")
    got = llama.choose([prompt], [["yes", "no"]], normalize=False)[0]
    expected = [reference(llama.module, prompt, llama.tokenizer.encode(c)) for c in ("yes", "no")]
    np.testing.assert_allclose(got, expected, atol=TOLERANCE)


def test_a_state_equals_a_fresh_pass(model: LocalModel) -> None:
    text = model.tokenizer.encode("an old event; a new one")
    state = model.open(text[:6])
    grown = np.concatenate([state.extend(text[6:9]), state.extend(text[9:])])
    fresh = model.encode([text], [list(range(6, len(text)))])[0]
    np.testing.assert_allclose(grown, fresh, atol=TOLERANCE)
    titles = [model.tokenizer.encode(t) for t in ("Ran", "Heat")] if model.forward.reach > 30 else []
    expected = [reference(model.module, text, own) for own in titles]
    np.testing.assert_allclose(state.score(titles), expected, atol=TOLERANCE)
    np.testing.assert_allclose(
        state.choose(["A", "B"]), model.choose([text], [["A", "B"]])[0], atol=TOLERANCE
    )


def test_a_trimmed_state_forgets(model: LocalModel) -> None:
    text = model.tokenizer.encode("kept and dropped")
    state = model.open(text)
    state.trim(4)
    assert state.tokens == tuple(text[:4])
    np.testing.assert_allclose(
        state.choose(["A", "B"]), model.choose([text[:4]], [["A", "B"]])[0], atol=TOLERANCE
    )
    again = state.extend(model.tokenizer.encode(" other"))
    fresh = model.encode([[*text[:4], *model.tokenizer.encode(" other")]], [list(range(4, 10))])[0]
    np.testing.assert_allclose(again, fresh, atol=TOLERANCE)


def test_a_state_past_the_window_stays_exact(
    tiny_module: Callable[..., PreTrainedModel], byte_tokenizer: PreTrainedTokenizerFast
) -> None:
    model = LocalModel(tiny_module("mistral"), byte_tokenizer)
    text = model.tokenizer.encode("a sequence longer than twenty-four tokens")
    state = model.open(text[:20])
    got = state.extend(text[20:])
    fresh = model.encode([text], [list(range(20, len(text)))])[0]
    np.testing.assert_allclose(got, fresh, atol=TOLERANCE)


def test_greedy_text_is_the_likeliest_token_each_time(model: LocalModel) -> None:
    messages = [Message(role="user", content="hi")]
    ids = model.tokenizer.encode(model.tokenizer.render_chat(messages))
    said: list[int] = []
    for _ in range(5):
        with torch.inference_mode():
            token = int(model.module(torch.tensor([[*ids, *said]])).logits[0, -1, :].argmax())
        if token == 256:
            break
        said.append(token)
    text = model.generate(messages, sampling=Sampling(max_tokens=5))
    assert text == model.tokenizer.decode(said)
    assert text == "".join(model.stream(messages, sampling=Sampling(max_tokens=5)))


def test_sampling_follows_its_seed(llama: LocalModel) -> None:
    messages = [Message(role="user", content="hi")]
    warm = Sampling(temperature=2.0, max_tokens=12, seed=1)
    assert llama.generate(messages, sampling=warm) == llama.generate(messages, sampling=warm)
    others = {llama.generate(messages, sampling=warm.model_copy(update={"seed": seed})) for seed in range(5)}
    assert len(others) > 1


def test_too_long_and_empty_are_refused(llama: LocalModel) -> None:
    with pytest.raises(ModelError, match="513 tokens"):
        llama.encode([[1] * 513], [[0]])
    with pytest.raises(ModelError, match="empty sequence"):
        llama.choose([[]], [["A"]])
    with pytest.raises(ModelError, match="outside sequence"):
        llama.encode([[1, 2]], [[2]])


def _saved(
    build: Callable[..., PreTrainedModel], tokenizer: PreTrainedTokenizerFast, path: Path
) -> PreTrainedModel:
    module = build("llama")
    module.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return module


def _adapter(module: PreTrainedModel, path: Path) -> PreTrainedModel:
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(module, LoraConfig(r=2, target_modules=["q_proj", "down_proj"]))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(0.0, 0.5, generator=torch.Generator().manual_seed(3))
    adapted.save_pretrained(str(path))
    adapted.eval()
    return cast("PreTrainedModel", adapted)  # a PeftModel forwards like the model it wraps


def test_loads_from_a_directory_with_and_without_adapter(
    tmp_path: Path, tiny_module: Callable[..., PreTrainedModel], byte_tokenizer: PreTrainedTokenizerFast
) -> None:
    module = _saved(tiny_module, byte_tokenizer, tmp_path / "base")
    base = LocalModel.load(tmp_path / "base", device="cpu", dtype="float32")
    prefix, title = base.tokenizer.encode("liked Alien"), base.tokenizer.encode("Heat")
    assert base.score(prefix, [title])[0] == pytest.approx(reference(module, prefix, title), abs=TOLERANCE)
    adapted = _adapter(module, tmp_path / "adapter")
    tuned = LocalModel.load(tmp_path / "base", device="cpu", dtype="float32", adapter=tmp_path / "adapter")
    expected = reference(adapted, prefix, title)
    assert tuned.score(prefix, [title])[0] == pytest.approx(expected, abs=TOLERANCE)
    assert abs(expected - base.score(prefix, [title])[0]) > 0.01
    assert base.fingerprint != tuned.fingerprint
    again = LocalModel.load(tmp_path / "base", device="cpu", dtype="float32")
    assert again.fingerprint == base.fingerprint


def test_a_foreign_adapter_is_refused(
    tmp_path: Path, tiny_module: Callable[..., PreTrainedModel], byte_tokenizer: PreTrainedTokenizerFast
) -> None:
    _saved(tiny_module, byte_tokenizer, tmp_path / "base")
    _adapter(tiny_module("llama", hidden_size=64), tmp_path / "adapter")
    with pytest.raises(IntegrityError, match="does not fit"):
        LocalModel.load(tmp_path / "base", adapter=tmp_path / "adapter")
    with pytest.raises(ModelError, match=r"adapter_config\.json is missing"):
        LocalModel.load(tmp_path / "base", adapter=tmp_path)


def test_a_missing_model_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"No causal language model could be loaded"):
        LocalModel.load(tmp_path / "nothing")
