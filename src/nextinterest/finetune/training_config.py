"""How anything here is trained: optimiser, schedule, validation, saving."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["TrainingConfig"]


class TrainingConfig(BaseModel):
    """Options of `nextinterest.finetune.loop.train`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=30, ge=1)
    """Passes over the data, at most; early stopping may end sooner."""

    batch_size: int = Field(default=64, ge=1)
    """Examples of one micro-batch: what one forward pass holds in memory."""

    accumulation: int = Field(default=1, ge=1)
    """Micro-batches of one optimiser step, over all processes together, so that the number of processes does
    not change what is learned."""

    learning_rate: float = Field(default=2e-3, gt=0)
    """Peak of the schedule: linear warm-up, then a cosine down to `final_rate` of the peak."""

    warmup_steps: int = Field(default=100, ge=0)
    """Optimiser steps of the warm-up."""

    final_rate: float = Field(default=0.05, ge=0.0, le=1.0)
    """Share of the peak learning rate at the end."""

    weight_decay: float = Field(default=0.0, ge=0.0)
    """AdamW's decoupled decay."""

    betas: tuple[float, float] = (0.9, 0.98)
    """AdamW's decay rates of the moments."""

    averaging: float | None = Field(default=None, ge=0.0, lt=1.0)
    """Decay per step of averaged weights, which are what is validated and kept
    (`nextinterest.finetune.averaging`); none keeps the weights as they are."""

    max_grad_norm: float = Field(default=1.0, gt=0)
    """Gradients are scaled down to this norm."""

    validate_every: int = Field(default=2, ge=1)
    """Epochs between validations."""

    patience: int = Field(default=4, ge=1)
    """Validations without a better `metric` after which training ends; the best weights are kept."""

    metric: str = "ndcg@10"
    """What is to be largest on validation."""

    save_every: int = Field(default=0, ge=0)
    """Optimiser steps between checkpoints besides those after each epoch; 0 for none."""

    precision: Literal["no", "bf16", "fp16"] = "no"
    """Mixed precision of forward and backward. bf16 pays where the device computes in it: CUDA from Ampere
    on, CPUs with AVX512-BF16 or AMX. A CPU without them takes a hundred times longer."""

    report_to: tuple[Literal["tensorboard"], ...] = ()
    """Where the loss curve goes besides ``log.jsonl``."""

    stop_after: int | None = Field(default=None, ge=1)
    """Epoch after which training ends without any validation, the schedule being that of all `epochs`: what a
    refit on all events does with the epoch that was best on a split."""

    seed: int = 0
    """Order of the examples and dropout follow from it alone."""
