"""How choice, generation of answers and understanding are tuned: the backbone, the examples, the loop."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.finetune.config import SplitConfig
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.prompts import LETTERS, PromptOptions

__all__ = ["BackboneConfig", "ChoiceConfig", "SupervisedConfig", "TuningConfig", "UnderstandingConfig"]


class TuningConfig(BaseModel):
    """Options of every tuning of a language model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "smollm2-135m-instruct"
    """An asset's name, a folder or a hub id."""

    lora: LoraOptions = LoraOptions()
    """Adapters."""

    frozen_layers: int = Field(default=0, ge=0)
    """Lower layers without adapters; nothing flows back through them."""

    cached: bool = False
    """Whether the frozen layers' output is kept on disk, 2 bytes a number, for prompts that return: those of
    validation, and in training those of later epochs (of a choice only where `orders` is not 0)."""

    checkpointing: bool = False
    """Gradient checkpointing: less memory, a third more time."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Precision of the frozen weights; ``auto`` asks the device."""

    training: TrainingConfig = TrainingConfig(
        epochs=3,
        batch_size=8,
        accumulation=2,
        learning_rate=3e-4,
        warmup_steps=30,
        validate_every=1,
        patience=2,
    )
    """The loop; a micro-batch is counted in examples."""


class BackboneConfig(TuningConfig):
    """Options of a tuning on prompts of histories."""

    split: SplitConfig = SplitConfig()
    """What is held out of each user's history, from its end."""

    exchangeable_ties: bool = True
    """Whether events of one time have no order."""

    budget: int = Field(default=512, ge=16)
    """Longest prompt, in tokens; the agent's is the same by default."""

    max_events: int = Field(default=40, ge=1)
    """Newest events in a prompt; the agent's is the same by default."""

    examples: int = Field(default=5000, ge=1)
    """Examples to learn from, one of each user in turn."""

    min_history: int = Field(default=5, ge=1)
    """Events before an example's target at least."""

    n_candidates: int = Field(default=20, ge=2, le=len(LETTERS))
    """Candidates of the retriever: offered in a choice, and ranked in validation."""

    validation_cases: int = Field(default=1000, ge=1)
    """Validation events, at most; drawn evenly."""

    @property
    def prompts(self) -> PromptOptions:
        """Options of the prompts, those of the agent's choice."""
        return PromptOptions(budget=self.budget, max_events=self.max_events)


class ChoiceConfig(BackboneConfig):
    """Tuning a causal model to choose among lettered candidates."""

    template: str = "choice"
    """The prompt template, that of the agent's choice."""

    orders: int = Field(default=0, ge=0)
    """Orders in which one example's candidates are shown over all epochs; 0 draws a new one each time. With
    `cached`, few orders let later epochs skip the frozen layers."""


class SupervisedConfig(BackboneConfig):
    """Tuning a causal or encoder-decoder model to write what comes next."""

    answer: Literal["title", "json"] = "title"
    """What is written: the title alone, or the JSON of `nextinterest.prompts.NextItemAnswer`."""

    kind: Literal["causal", "seq2seq"] = "causal"
    """What the model is; T5's family is ``seq2seq``."""


class UnderstandingConfig(TuningConfig):
    """Tuning a causal model to read what people say to a recommender."""

    examples: int = Field(default=1000, ge=1)
    """Utterances of one epoch; each epoch draws new ones."""

    invented: float = Field(default=0.5, ge=0.0, le=1.0)
    """Share of them that is filled from an invented catalogue instead of the data's."""

    things: tuple[str, ...] = ("movies", "films", "titles")
    """What the data's items are called."""

    validation_cases: int = Field(default=200, ge=1)
    """Utterances of validation wordings that the best weights are picked by."""

    training: TrainingConfig = TrainingConfig(
        epochs=3,
        batch_size=8,
        learning_rate=8e-4,
        warmup_steps=10,
        validate_every=1,
        metric="log_likelihood",
    )
    """The loop; a micro-batch is counted in examples."""
