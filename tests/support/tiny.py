"""Tiny random models and a world of films to tune them on: no weights are fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nextinterest.data import EventLog, Split, leave_last_out
from nextinterest.domain import Catalog
from nextinterest.finetune.adapters import add_lora, decoder_of
from nextinterest.finetune.choice_examples import draw_choices
from nextinterest.finetune.choice_task import ChoiceObjective, ChoiceTask
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.lower_layers import LowerLayers
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.token_batch import TokenBatch
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.llm.tokenizer import ByteTokenizer
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval import Retriever

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from nextinterest.retrieval import Encoder

PROMPTS = PromptOptions(budget=512, max_events=4, summarise=False)
END = 256


def tiny_llama(vocab_size: int = 264, spread: float | None = 0.1) -> PreTrainedModel:
    """Return a Llama of three layers; `spread` is its weights' deviation, None leaves transformers' own."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        eos_token_id=END,
    )
    model = cast("PreTrainedModel", LlamaForCausalLM(config))
    if spread is not None:
        with torch.no_grad():
            for weight in model.parameters():
                if weight.ndim > 1:
                    weight.normal_(0.0, spread)
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


def save_tiny(directory: Path, kind: str) -> Path:
    """Save a tiny model with a tokenizer of bytes that has a chat template; return the directory."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(
        [AddedToken("<|im_end|>", special=True), AddedToken("<|im_start|>", special=True)]
    )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    if kind == "causal":
        tokenizer.chat_template = (
            "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
            "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
        )
    model = tiny_llama() if kind == "causal" else tiny_t5()
    model.save_pretrained(str(directory))
    tokenizer.save_pretrained(str(directory))
    return directory


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
        cache: Path | None = None,
        lora: LoraOptions | None = None,
        model: PreTrainedModel | None = None,
    ) -> None:
        self.catalog = films()
        self.split: Split = leave_last_out(walks(), 1, 1)
        self.retriever = Retriever.build(self.catalog, self.split.train, words)
        self.base = model or tiny_llama()
        self.model = add_lora(self.base, lora or LoraOptions(rank=4, dropout=0.0), frozen)
        self.renderer = PromptRenderer(PromptTemplate.named("choice"), self.catalog, ByteTokenizer(), PROMPTS)
        self.lists = RerankingCases.of(self.retriever, self.split.validation, 6)
        examples = draw_choices(
            self.split.train, self.retriever, n_examples, 6, np.random.default_rng(0), min_history=2
        )
        lower = None if cache is None else LowerLayers(decoder_of(self.model), frozen, (), cache, "tiny")
        self.task = ChoiceTask(
            ChoiceObjective(self.model, frozen),
            self.renderer,
            self.split.train,
            examples,
            self.lists,
            batch_size=8,
            orders=orders,
            lower=lower,
        )


class GenreObjective(nn.Module):
    """The genre of what is chosen, read off the model's state by a head of its own."""

    def __init__(self, world: ChoiceWorld) -> None:
        super().__init__()
        self.model = world.model
        torch.manual_seed(1)
        self.head = nn.Linear(32, 4)
        self._body = [decoder_of(world.model)]

    def forward(self, batch: TokenBatch, genres: Tensor) -> Tensor:
        return F.cross_entropy(self.head(batch.states(self._body[0])), genres, reduction="sum")


class GenreTask:
    """A `Task` over the examples of the choice."""

    def __init__(self, world: ChoiceWorld) -> None:
        self.world = world
        self.objective: nn.Module = GenreObjective(world)

    def batches(self, rng: np.random.Generator) -> list[list[int]]:
        return [
            [int(i) for i in part]
            for part in np.array_split(rng.permutation(len(self.world.task.examples)), 4)
        ]

    def prepare(
        self, batch: list[int], rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], float]:
        examples = [self.world.task.examples[i] for i in batch]
        tokens = [self.world.renderer.history(e.history(self.world.split.train)).tokens for e in examples]
        genres = torch.tensor([int(e.candidates[e.position]) % 4 for e in examples])
        return (TokenBatch.of(tokens, [[len(own) - 1] for own in tokens], device), genres), len(batch)

    def rate_of(self, name: str) -> float:
        return 5.0 if name.startswith("head.") else 1.0

    def validate(self) -> dict[str, float]:
        inputs, count = self.prepare(
            list(range(len(self.world.task.examples))), np.random.default_rng(0), torch.device("cpu")
        )
        with torch.no_grad():
            return {"ndcg@10": -float(self.objective(*inputs)) / count}


def brief(**changes: object) -> TrainingConfig:
    """Two short epochs."""
    base = TrainingConfig(epochs=2, learning_rate=5e-3, warmup_steps=2, validate_every=1)
    return TrainingConfig.model_validate(base.model_dump() | changes)
