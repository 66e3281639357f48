"""Several tasks in one run: one backbone, weights, rates of their own, every parameter its gradient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.tiny import PROMPTS, ChoiceWorld, GenreTask, brief

from nextinterest.errors import DataError
from nextinterest.finetune.adapters import decoder_of
from nextinterest.finetune.language_task import LanguageObjective, LanguageTask
from nextinterest.finetune.loop import train
from nextinterest.finetune.multi_task import MultiTask
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import PromptRenderer, PromptTemplate
from nextinterest.retrieval import Encoder
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig

CPU = torch.device("cpu")


def both(words: Encoder, weight: float = 0.5) -> tuple[MultiTask, ChoiceWorld]:
    world = ChoiceWorld(words)
    return MultiTask().add("genre", GenreTask(world)).add("choice", world.task, weight), world


def test_one_run_trains_both_and_steers_by_what_they_share(words: Encoder, tmp_path: Path) -> None:
    task, _ = both(words)
    done = train(task, brief(epochs=3, accumulation=4, learning_rate=1e-2), tmp_path)
    assert set(done.metrics) >= {"ndcg@10", "genre/ndcg@10", "choice/ndcg@10", "choice/log_loss"}
    own = (done.metrics["genre/ndcg@10"], done.metrics["choice/ndcg@10"])
    assert done.metrics["ndcg@10"] == pytest.approx((own[0] + 0.5 * own[1]) / 1.5)
    assert done.losses[-1] < done.losses[0]


def test_the_backbone_is_held_once_and_rates_are_the_tasks_own(words: Encoder) -> None:
    task, world = both(words)
    names = [name for name, p in task.objective.named_parameters() if p.requires_grad]
    own = [name for name, p in world.task.objective.named_parameters() if p.requires_grad]
    assert sum("lora_" in name for name in names) == len(own)
    assert task.rate_of("parts.0.head.bias") == 5.0
    assert all(task.rate_of(name) == 1.0 for name in names if "lora_" in name)


def test_a_micro_batch_counts_as_its_tasks_weight(words: Encoder) -> None:
    task, _ = both(words, weight=0.25)
    batches = task.batches(np.random.default_rng(0))
    assert {batch.task for batch in batches} == {"genre", "choice"}
    for batch in batches:
        inputs, weight = task.prepare(batch, np.random.default_rng(1), CPU)
        own, count = task.tasks[batch.task].prepare(batch.batch, np.random.default_rng(1), CPU)
        with torch.no_grad():
            scaled = float(task.objective(*inputs))
            plain = float(task.tasks[batch.task].objective(*own))
        assert weight == {"genre": 1.0, "choice": 0.25}[batch.task]
        assert scaled == pytest.approx(weight * plain / count, rel=1e-4)


def test_every_parameter_gets_a_gradient_from_every_micro_batch(words: Encoder) -> None:
    task, _ = both(words)
    batch = next(b for b in task.batches(np.random.default_rng(0)) if b.task == "choice")
    inputs, _ = task.prepare(batch, np.random.default_rng(0), CPU)
    task.objective(*inputs).backward()
    for name, p in task.objective.named_parameters():
        assert (p.grad is not None) == p.requires_grad, name


def test_names_are_taken_once_and_weights_are_above_zero(words: Encoder) -> None:
    task, world = both(words)
    with pytest.raises(DataError, match="'choice'"):
        task.add("choice", world.task)
    with pytest.raises(DataError, match="above zero"):
        task.add("more", world.task, 0.0)


def test_item_softmax_and_choice_learn_together(words: Encoder, tmp_path: Path) -> None:
    world = ChoiceWorld(words)
    torch.manual_seed(1)
    head = ItemHead(ItemHeadConfig(state_size=32, dimension=16), world.retriever.item_vectors)
    items = LanguageTask(
        LanguageObjective(world.model, decoder_of(world.model), head, (3,), 0),
        PromptRenderer(PromptTemplate.named("item-softmax"), world.catalog, ByteTokenizer(), PROMPTS),
        world.split.train,
        world.split.validation,
        world.catalog,
        window=4,
        batch_size=8,
        head_rate=5.0,
        vector_rate=5.0,
    )
    items.standardise(10)
    task = MultiTask().add("items", items).add("choice", world.task, 0.5)
    before = {name: p.detach().clone() for name, p in task.objective.named_parameters()}
    done = train(task, brief(accumulation=4, learning_rate=1e-2), tmp_path)
    assert {"ndcg@10", "items/hr@10", "items/log_loss", "choice/log_loss"} <= set(done.metrics)
    changed = {n for n, p in task.objective.named_parameters() if not torch.equal(p.detach(), before[n])}
    assert "parts.0.head.residual" in changed
    assert any("lora_B" in name for name in changed)
    assert task.rate_of("parts.0.head.state.weight") == 5.0
    assert done.losses[-1] < done.losses[0]
