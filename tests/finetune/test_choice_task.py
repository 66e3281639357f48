"""Learning to choose: the letters' loss, any order, what serving says, frozen layers kept."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny import PROMPTS, ChoiceWorld, brief, tiny_llama, walks

from nextinterest.errors import ModelError
from nextinterest.finetune.adapters import save_adapter
from nextinterest.finetune.backbone import enable_checkpointing
from nextinterest.finetune.choice_examples import draw_choices, draw_events
from nextinterest.finetune.choice_task import letter_tokens
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.loop import train
from nextinterest.finetune.token_batch import TokenBatch
from nextinterest.llm import LocalModel
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval import Encoder
from nextinterest.retrieval.rerank.choice import ChoiceReranker

CPU = torch.device("cpu")


def test_the_loss_is_that_of_the_whole_vocabulary_over_the_letters(words: Encoder) -> None:
    task = ChoiceWorld(words).task
    batch = task.batches(np.random.default_rng(0))[0]
    inputs, count = task.prepare(batch, np.random.default_rng(0), CPU)
    tokens, letters, chosen = cast("tuple[TokenBatch, torch.Tensor, torch.Tensor]", inputs)
    with torch.no_grad():
        loss = task.objective(*inputs)
        whole = task.objective.model(input_ids=tokens.tokens).logits.flatten(0, 1)[tokens.marks]
    expected = 0.0
    for row in range(len(batch)):
        own = whole[row, letters[row][letters[row] >= 0]]
        expected -= float(torch.log_softmax(own.float(), dim=0)[chosen[row]])
    assert count == len(batch)
    assert float(loss) == pytest.approx(expected, rel=1e-4)


def test_candidates_are_shown_in_every_order_and_the_letter_follows(words: Encoder) -> None:
    task = ChoiceWorld(words).task
    seen = set()
    for order in range(40):
        (_, _, chosen), _ = task.prepare([(0, order)], np.random.default_rng(0), CPU)
        seen.add(int(cast("torch.Tensor", chosen)[0]))
    assert seen == set(range(len(task.examples[0].candidates)))


def test_only_upper_adapters_learn_and_the_examples_are_learned(words: Encoder, tmp_path: Path) -> None:
    world = ChoiceWorld(words, n_examples=16, orders=1)
    before = {name: p.detach().clone() for name, p in world.task.objective.named_parameters()}
    done = train(world.task, brief(epochs=8, learning_rate=2e-2, patience=20), tmp_path)
    changed = {
        name
        for name, p in world.task.objective.named_parameters()
        if not torch.equal(p.detach(), before[name])
    }
    assert changed
    assert all("lora_" in name and ".layers.0." not in name for name in changed)
    assert np.mean(done.losses[-2:]) < 0.6 * np.mean(done.losses[:2])


def test_keeping_the_frozen_layers_output_changes_nothing(words: Encoder, tmp_path: Path) -> None:
    plain = train(ChoiceWorld(words, orders=2).task, brief(), tmp_path / "plain")
    states = tmp_path / "states"
    cached = train(ChoiceWorld(words, orders=2, cache=states).task, brief(), tmp_path / "cached")
    assert cached.losses == pytest.approx(plain.losses, rel=5e-3)  # kept in bfloat16
    assert list(states.rglob("choice-0-*.safetensors"))
    assert list(states.rglob("choice-validation-*.safetensors"))
    kept = len(list(states.rglob("*.safetensors")))
    anew = ChoiceWorld(words, cache=states)  # orders that never return are not kept
    train(anew.task, brief(epochs=1), tmp_path / "anew")
    assert len(list(states.rglob("*.safetensors"))) == kept


def test_gradient_checkpointing_changes_nothing(words: Encoder, tmp_path: Path) -> None:
    plain = train(ChoiceWorld(words).task, brief(epochs=1), tmp_path / "plain")
    world = ChoiceWorld(words)
    enable_checkpointing(world.model)
    saved = train(world.task, brief(epochs=1), tmp_path / "saved")
    assert saved.losses == pytest.approx(plain.losses, rel=1e-5)


def test_serving_says_what_training_validated(words: Encoder, tmp_path: Path) -> None:
    world = ChoiceWorld(words)
    train(world.task, brief(), tmp_path)
    save_adapter(world.model, tmp_path / "adapter", "tiny")

    from peft import PeftModel

    loaded = PeftModel.from_pretrained(tiny_llama(), str(tmp_path / "adapter")).eval()
    model = LocalModel(loaded, cast("object", _Bytes()))  # type: ignore[arg-type]
    model.tokenizer = ByteTokenizer()  # type: ignore[assignment]
    reranker = ChoiceReranker(model, PromptTemplate.named("choice"), world.catalog, PROMPTS, calibrated=False)
    found = reranker.log_probabilities(world.lists.histories, world.lists.items)
    for served, validated in zip(found, world.task.scores(), strict=True):
        np.testing.assert_allclose(served, validated, atol=1e-4)


def test_targets_are_offered_and_ties_are_no_negatives(words: Encoder) -> None:
    log = walks()
    assert log.times is not None
    log = type(log)(log.user_ids, log.offsets, log.items, log.times // (2 * 86_400))
    retriever = ChoiceWorld(words).retriever
    examples = draw_choices(log, retriever, 50, 8, np.random.default_rng(0), min_history=1)
    assert len({(example.user, example.end) for example in examples}) == len(examples)
    for example in examples:
        start = int(log.offsets[example.user])
        target = int(log.items[start + example.end])
        assert example.candidates[example.position] == target
        assert log.times is not None
        times = log.times[start : start + 8]
        tied = set(log.items[start : start + 8][times == times[example.end]].tolist())
        assert not set(example.candidates.tolist()) & (tied - {target})
        assert not set(example.candidates.tolist()) & set(example.history(log).items.tolist())


def test_users_take_turns() -> None:
    users = [user for user, _ in draw_events(walks(), 2, np.random.default_rng(0))]
    assert len(users) == 40 * 6
    assert all(len(set(users[turn * 40 : (turn + 1) * 40])) == 40 for turn in range(6))


@given(st.integers(1, 26))
@settings(deadline=None)
def test_letters_behind_what_they_share(n: int) -> None:
    labels = [f" {chr(65 + i)}" for i in range(n)]
    shared, letters = letter_tokens(ByteTokenizer(), labels)
    assert [bytes([*shared, letter]).decode() for letter in letters] == labels


def test_labels_that_one_token_does_not_tell_apart_are_refused() -> None:
    with pytest.raises(ModelError, match="not distinguished"):
        letter_tokens(ByteTokenizer(), (" AB", " BC"))


def test_dropout_makes_two_runs_of_one_seed_equal(words: Encoder, tmp_path: Path) -> None:
    lora = LoraOptions(rank=4, dropout=0.3)
    one = train(ChoiceWorld(words, lora=lora).task, brief(), tmp_path / "one")
    two = train(ChoiceWorld(words, lora=lora).task, brief(), tmp_path / "two")
    other = train(ChoiceWorld(words, lora=lora).task, brief(seed=1), tmp_path / "other")
    assert one.losses == two.losses
    assert one.losses != other.losses


def test_bf16_is_close_and_warned_of_where_the_cpu_lacks_it(
    words: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("nextinterest.finetune.loop.cpu_has_bf16", lambda: False)
    few = {"epochs": 1, "learning_rate": 1e-3}
    half = train(ChoiceWorld(words, n_examples=16).task, brief(**few, precision="bf16"), tmp_path / "bf16")
    assert "no bf16 arithmetic" in caplog.text
    caplog.clear()
    full = train(ChoiceWorld(words, n_examples=16).task, brief(**few), tmp_path / "full")
    assert not caplog.text
    assert half.losses != full.losses
    assert half.losses == pytest.approx(full.losses, rel=0.02)


class _Bytes:
    """The least a tokenizer must have to stand in a `LocalModel`."""

    eos_token_id = None
