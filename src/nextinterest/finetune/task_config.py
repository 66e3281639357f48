"""How a language model is taught its tasks: the model, the examples, the loop."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.prompts import LETTERS, PromptOptions

__all__ = ["TASKS", "GenerateConfig", "RerankConfig", "TaskName", "TasksConfig", "UnderstandConfig"]

TaskName = Literal["rank", "generate", "rerank", "understand"]
TASKS: tuple[TaskName, ...] = ("rank", "generate", "rerank", "understand")
"""What a language model can be taught: the item softmax of the pool, and three tasks of one adapter."""


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(default=1.0, gt=0.0)
    """What each of its micro-batches counts."""


class GenerateConfig(_Options):
    """Writing the next title, the next interest, and the interests to come as JSON, as serving asks."""

    examples: int = Field(default=4000, ge=1)
    """Prompts to learn from, as many of each kind, of one user after the other."""

    min_history: int = Field(default=5, ge=1)
    """Events before what is to be written at least."""

    lines: float = Field(default=1.0, ge=0.0)
    """What lines of the shown history, from the fourth on, count together where the answer counts one.
    Each is predicted from those before. 0 learns answers alone, as an encoder-decoder model always does."""

    validation_cases: int = Field(default=200, ge=1)
    """Users whose right answers' likelihood is measured, at most; drawn evenly."""

    measured: int = Field(default=20, ge=1)
    """Users for whom is generated at the end, beside the retriever's candidates."""


class RerankConfig(_Options):
    """Choosing among lettered candidates."""

    examples: int = Field(default=4000, ge=1)
    """Choices to learn from, one of each user in turn, of those whose target the retriever offers."""

    min_history: int = Field(default=5, ge=1)
    """Events before an example's target at least."""

    n_candidates: int = Field(default=20, ge=2, le=len(LETTERS))
    """Candidates of the retriever in a choice; the agent then offers as many."""

    max_events: int = Field(default=40, ge=1)
    """Newest events in a prompt; the agent then shows as many."""

    budget: int = Field(default=512, ge=16)
    """Longest prompt, in tokens; the agent's is then the same."""

    orders: int = Field(default=0, ge=0)
    """Orders in which one example's candidates are shown over all epochs; 0 draws a new one each time. With
    `cached`, few orders let later epochs skip the frozen layers."""

    validation_cases: int = Field(default=1000, ge=1)
    """Validation events, at most, drawn evenly; those whose target is not offered are not read."""

    @property
    def prompts(self) -> PromptOptions:
        """Options of the prompts, those of the agent's choice."""
        return PromptOptions(budget=self.budget, max_events=self.max_events)


class UnderstandConfig(_Options):
    """Writing what a chat message asks for."""

    examples: int = Field(default=1000, ge=1)
    """Utterances of one epoch; each epoch draws new ones."""

    invented: float = Field(default=0.5, ge=0.0, le=1.0)
    """Share of them that is filled from an invented catalogue instead of the data's."""

    things: tuple[str, ...] = ("movies", "films", "titles")
    """What the data's items are called."""

    validation_cases: int = Field(default=200, ge=1)
    """Utterances of validation wordings whose answers' likelihood is measured."""

    measured: int = Field(default=60, ge=1)
    """Those read whole at the end, beside the rules."""


class TasksConfig(BaseModel):
    """Tuning one adapter to the tasks beside the item softmax."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "smollm2-135m-instruct"
    """An asset's name, a folder or a hub id; causal or encoder-decoder."""

    lora: LoraOptions = LoraOptions()
    """Adapters."""

    frozen_layers: int = Field(default=0, ge=0)
    """Lower layers without adapters; nothing flows back through them."""

    cached: bool = False
    """Whether the frozen layers' output is kept on disk, 4 bytes a number, for prompts that return: those of
    validation, and in training those of later epochs (of a choice only where `rerank.orders` is not 0, of
    utterances never)."""

    checkpointing: bool = False
    """Gradient checkpointing: less memory, a third more time."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Precision of the frozen weights; ``auto`` asks the device."""

    generate: GenerateConfig | None = None
    """Next titles and next interests, or none of it."""

    rerank: RerankConfig | None = None
    """The choice between candidates, or none."""

    understand: UnderstandConfig | None = None
    """Reading chat, or not."""

    training: TrainingConfig = TrainingConfig(
        epochs=3,
        batch_size=8,
        accumulation=2,
        learning_rate=3e-4,
        warmup_steps=30,
        validate_every=1,
        patience=2,
        metric="log_likelihood",
    )
    """The loop; a micro-batch is counted in examples. The metric is the weighted sum of the tasks'."""
