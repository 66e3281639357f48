"""How the language model is tuned."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nextinterest.finetune.training_config import TrainingConfig

__all__ = ["HeadFirst", "LanguageConfig", "LoraOptions"]


class LoraOptions(BaseModel):
    """Low-rank adapters (Hu et al., 2022), by PEFT."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=8, ge=1)
    """Rank of an adapter."""

    alpha: int = Field(default=16, ge=1)
    """Adapters are scaled by alpha / rank."""

    dropout: float = Field(default=0.05, ge=0.0, lt=1.0)
    """Dropout of an adapter's input."""

    targets: tuple[str, ...] = ()
    """Linear layers that are adapted, by the end of their name; none names all of them."""

    quantised: bool = False
    """QLoRA: the frozen weights in 4 bits by bitsandbytes. CUDA only."""


class HeadFirst(BaseModel):
    """How the head learns alone, on the frozen model, before adapters join it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    training: TrainingConfig
    """The loop of this part; its rate is that of the head's reading of hidden states."""

    vector_rate: float = Field(default=0.1, ge=0)
    """Learning rate of item vectors and biases, as a multiple of it."""


class LanguageConfig(BaseModel):
    """Tuning a causal language model to predict the next item at the end of every event line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "smollm2-135m-instruct"
    """An asset's name, a folder or a hub id."""

    initialise: Literal["pretrained", "random"] = "pretrained"
    """Whether the model's weights are those published or drawn anew from the training seed. Random ones are
    the control that says what pretraining is worth."""

    template: str = "item-softmax"
    """The prompt template; its hash is saved, and loading under another is refused."""

    max_events: int = Field(default=96, ge=1)
    """Newest events in a prompt."""

    drop_stride: int = Field(default=32, ge=1)
    """Oldest events fall away in steps of this many; see `nextinterest.prompts.PromptOptions`."""

    budget: int = Field(default=1024, ge=16)
    """Longest prompt, in tokens."""

    windows: Literal["newest", "all"] = "newest"
    """Which part of a long history is learned from: the newest `max_events` events, or all of it in
    overlapping windows. The newest share one prompt with the user's validation events, so that frozen layers
    run once for both; all of it costs two to three times as much."""

    read: tuple[int, ...] = (-1,)
    """Layers whose output at the end of an event line the head reads, one behind the other; negative numbers
    count from the last. Layers above the highest of them, which are specialised in the next token, are
    never run."""

    dimension: int = Field(default=64, ge=2)
    """Length of item vectors in the head, where they do not start from the sequence encoder's."""

    hidden: int = Field(default=0, ge=0)
    """Width of a hidden layer of the head; 0 for none."""

    start_from_encoder: bool = True
    """Whether the head's item vectors and biases start as those of the first sequence encoder."""

    dropout: float = Field(default=0.2, ge=0.0, lt=1.0)
    """Dropout of the hidden states that the head reads and of its hidden layer, while training."""

    lora: LoraOptions | None = LoraOptions()
    """Adapters; none trains the head alone, on the frozen model's states."""

    frozen_layers: int = Field(default=0, ge=0)
    """Lower layers without adapters; all that are run where `lora` is none. With `cached` their outputs are
    computed once, kept on disk, and only the layers above run at each step: what makes tuning on two CPU
    cores affordable."""

    cached: bool = False
    """Whether the frozen layers' outputs are kept on disk, 2 bytes a number."""

    head_rate: float = Field(default=10.0, gt=0)
    """Learning rate of the head's reading of hidden states, as a multiple of the adapters'."""

    vector_rate: float = Field(default=1.0, ge=0)
    """The same for item vectors and biases: lower where they start from trained ones."""

    head_first: HeadFirst | None = None
    """Where given, the head first learns alone on the frozen model, and adapters and head go on from there
    (linear probing, then fine-tuning; Kumar et al., 2022): adapters are then not pulled about by a head that
    knows nothing yet. With `cached` it costs little, since the frozen model runs once."""

    checkpointing: bool = False
    """Gradient checkpointing: less memory, a third more time."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Precision of the frozen weights; ``auto`` asks the device. Adapters and head are in float32. On a CPU
    mixing the two costs a conversion at every layer, so recipes for a CPU keep everything in float32."""

    training: TrainingConfig = TrainingConfig(
        epochs=4,
        batch_size=4,
        accumulation=4,
        learning_rate=3e-4,
        warmup_steps=30,
        validate_every=1,
        patience=2,
    )
    """The loop; a micro-batch is counted in windows."""
