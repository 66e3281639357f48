"""Tiny random models and a world of films to tune them on: no weights are fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from nextinterest.data import EventLog, Split, leave_last_out
from nextinterest.domain import Catalog
from nextinterest.finetune.adapters import add_lora
from nextinterest.finetune.candidate_lists import CandidateLists
from nextinterest.finetune.choice_examples import draw_choices
from nextinterest.finetune.choice_task import ChoiceObjective, ChoiceTask
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval import Retriever

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from nextinterest.retrieval import Encoder

PROMPTS = PromptOptions(budget=512, max_events=4, summarise=False)
END = 256


def tiny_llama() -> PreTrainedModel:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=264,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        eos_token_id=END,
    )
    model = cast("PreTrainedModel", LlamaForCausalLM(config))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(0.0, 0.1)
    model.train(mode=False)
    return model


def tiny_t5() -> PreTrainedModel:
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    config = T5Config(
        vocab_size=264,
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        pad_token_id=END,
        eos_token_id=END,
        dropout_rate=0.0,
    )
    config.decoder_start_token_id = END
    model = cast("PreTrainedModel", T5ForConditionalGeneration(config))
    model.train(mode=False)
    return model


def films(n: int = 40) -> Catalog:
    genres = ("horror", "comedy", "western", "musical")
    return Catalog(
        [f"i{i}" for i in range(n)],
        [f"{genres[i % 4]} {i}" for i in range(n)],
        [(genres[i % 4],) for i in range(n)],
    )


def walks(n_users: int = 40) -> EventLog:
    """Users who walk through one genre in order, a day between events."""
    rng = np.random.default_rng(7)
    steps = 8
    starts = rng.integers(0, 3, n_users)
    items = [u % 4 + 4 * min(int(starts[u]) + s, 9) for u in range(n_users) for s in range(steps)]
    return EventLog.from_arrays(
        [f"u{n}" for n in range(n_users)],
        np.repeat(np.arange(n_users, dtype=np.int32), steps),
        np.array(items, dtype=np.int32),
        np.tile(86_400 * np.arange(steps, dtype=np.int64), n_users),
    )


class ChoiceWorld:
    """A tiny model, a real retriever over `films`, and the task of choosing among what it offers."""

    def __init__(
        self,
        words: Encoder,
        *,
        n_examples: int = 24,
        frozen: int = 1,
        orders: int = 0,
        lora: LoraOptions | None = None,
        model: PreTrainedModel | None = None,
    ) -> None:
        self.catalog = films()
        self.split: Split = leave_last_out(walks(), 1, 1)
        self.retriever = Retriever.build(self.catalog, self.split.train, words)
        self.base = model or tiny_llama()
        self.model = add_lora(self.base, lora or LoraOptions(rank=4, dropout=0.0), frozen)
        self.renderer = PromptRenderer(PromptTemplate.named("choice"), self.catalog, ByteTokenizer(), PROMPTS)
        self.lists = CandidateLists.of(self.retriever, self.split.validation, 6)
        examples = draw_choices(
            self.split.train, self.retriever, n_examples, 6, np.random.default_rng(0), min_history=2
        )
        self.task = ChoiceTask(
            ChoiceObjective(self.model),
            self.renderer,
            self.split.train,
            examples,
            self.lists,
            batch_size=8,
            orders=orders,
        )


def brief(**changes: object) -> TrainingConfig:
    """Two short epochs."""
    base = TrainingConfig(epochs=2, learning_rate=5e-3, warmup_steps=2, validate_every=1)
    return TrainingConfig.model_validate(base.model_dump() | changes)
