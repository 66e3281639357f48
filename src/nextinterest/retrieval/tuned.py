"""What tuning a language model leaves behind: an adapter, and a manifest that says what it belongs to.

    manifest.json    base model, template, options, measures
    adapter/         PEFT's own adapter_config.json and adapter_model.safetensors

Fine-tuning writes these directories; the chat and the choice between candidates read them.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue

from nextinterest.artifact_files import Kind, NamedModel
from nextinterest.prompts import PromptOptions

__all__ = ["ADAPTER", "CHOICE", "UNDERSTANDING", "WRITING", "ChoiceContent", "TunedContent"]

ADAPTER = "adapter"
_MARKS = ("work/options.json",)


class TunedContent(BaseModel):
    """What a manifest says of a tuned model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_model: NamedModel
    """The model below the adapter, and its fingerprint without it."""
    template: str
    template_hash: str
    config: dict[str, JsonValue]
    """Options of the tuning."""
    prompts: PromptOptions | None = None
    """How histories became text, where there were any."""
    split: str = ""
    examples: int | None = None
    steps: int
    epoch: int | None = None
    training: str = ""
    """What it took, in words."""
    validation: dict[str, dict[str, float]]


class ChoiceContent(TunedContent):
    """What a manifest says of a model that was tuned to choose."""

    prompts: PromptOptions
    n_candidates: int
    """Candidates in a choice."""
    choice_weight: float
    """Its weight beside the retriever's ranking, fitted on validation."""
    ndcg_gain_and_error: dict[str, tuple[float, float]] = {}


CHOICE = Kind(
    "tuned choice",
    ChoiceContent,
    remedy="Tune the choice again with: nextinterest finetune-task choice",
    earlier=("choice.json",),
    upgradable=True,
    marks=_MARKS,
)
WRITING = Kind(
    "tuned writer",
    TunedContent,
    remedy="Tune it again with: nextinterest finetune-task supervised",
    earlier=("supervised.json",),
    upgradable=True,
    marks=_MARKS,
)
UNDERSTANDING = Kind(
    "tuned reader",
    TunedContent,
    remedy="Tune the reader again with: nextinterest finetune-task understanding",
    earlier=("understanding.json",),
    upgradable=True,
    marks=_MARKS,
)
