"""Checkpoints of a training run, as directories of `nextinterest.artifact_files`: whole or absent.

manifest.json           progress, the configuration's hash, the files
checkpoint.safetensors  weights, their average where there is one, and AdamW's moments
best.safetensors        weights of the best validation
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict
from safetensors.torch import load, save
from torch import Tensor, nn

from nextinterest.artifact_files import Kind, read_artifact, update_artifact, write_artifact
from nextinterest.errors import IntegrityError
from nextinterest.finetune.cost import Cost
from nextinterest.finetune.training_config import TrainingConfig

__all__ = ["Progress", "load_checkpoint", "save_checkpoint"]

_CURRENT, _BEST, _OLD = "checkpoint.safetensors", "best.safetensors", "checkpoint.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training run is.

    Attributes
    ----------
    step
        Optimiser steps taken.
    epoch, group
        Epochs completed, and steps taken in the one that has begun.
    groups
        Steps of an epoch; 0 before the first has begun.
    best, best_epoch
        Measures of the best validation so far and the epoch it came after.
    worse
        Validations since.
    stopped
        Whether patience has run out.
    losses
        Mean loss of every step so far.
    cost
        What these steps and their validations took.
    """

    step: int = 0
    epoch: int = 0
    group: int = 0
    groups: int = 0
    best: dict[str, float] | None = None
    best_epoch: int = 0
    worse: int = 0
    stopped: bool = False
    losses: tuple[float, ...] = ()
    cost: Cost = field(default_factory=Cost)

    def after_step(self, loss: float, *, last: bool) -> Progress:
        """Return the progress after one more step, the last of its epoch or not."""
        return replace(
            self,
            step=self.step + 1,
            epoch=self.epoch + last,
            group=0 if last else self.group + 1,
            losses=(*self.losses, loss),
        )

    def costing(self, cost: Cost) -> Progress:
        """Return the progress with another cost."""
        return replace(self, cost=cost)

    def after_validation(self, measures: dict[str, float], better: bool, patience: int) -> Progress:
        """Return the progress after a validation that was the best so far or not."""
        if better:
            return replace(self, best=measures, best_epoch=self.epoch, worse=0)
        return replace(self, worse=self.worse + 1, stopped=self.worse + 1 >= patience)


class _Content(BaseModel):
    """What a checkpoint's manifest says."""

    model_config = ConfigDict(extra="forbid")
    config: str
    """SHA-256 of the training configuration."""
    progress: Progress


_CHECKPOINT = Kind(
    "checkpoint",
    _Content,
    remedy="Start anew with resume=False.",
    command="Start anew with --no-resume.",
    earlier=(_OLD,),
    among_others=True,
)


def save_checkpoint(
    directory: Path,
    config: TrainingConfig,
    progress: Progress,
    weights: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
    *,
    average: Mapping[str, Tensor] | None = None,
    best: bool = False,
) -> None:
    """Write a checkpoint, and the weights, or their average, once more as the best where they are."""
    tensors = {f"weight/{name}": p.detach() for name, p in weights.items()}
    tensors |= {f"average/{name}": t for name, t in (average or {}).items()}
    for (name, _), state in zip(weights.items(), _states(weights, optimiser), strict=True):
        tensors |= {f"{key}/{name}": value for key, value in state.items()}
    files = {_CURRENT: save(_contiguous(tensors))}
    if best:
        files[_BEST] = save(_contiguous({f"weight/{key}": t for key, t in (average or weights).items()}))
    content = _Content(config=_digest(config), progress=progress)
    if best or progress.best is None:
        write_artifact(directory, _CHECKPOINT, content, files)
    else:  # the best so far stays
        update_artifact(read_artifact(directory, _CHECKPOINT), content=content, files=files)


def load_checkpoint(
    directory: Path,
    config: TrainingConfig,
    weights: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer | None,
    *,
    average: Mapping[str, Tensor] | None = None,
    best: bool = False,
) -> Progress | None:
    """Load weights, average and moments in place and return the progress; None where there is no checkpoint.

    Raises
    ------
    IntegrityError
        If the checkpoint is damaged, or was made by another configuration or for another module.
    """
    if not any((directory / name).is_file() for name in (_CHECKPOINT.manifest, _OLD)):
        return None
    artifact = read_artifact(directory, _CHECKPOINT)
    content = artifact.content
    if content.config != _digest(config):
        raise IntegrityError(
            f"The checkpoint in {directory} was made by another training configuration.",
            remedy="Continue with the configuration it was started with, or start anew with resume=False.",
            command="Continue with the configuration it was started with, or start anew with --no-resume.",
        )
    name = _BEST if best else _CURRENT
    if name not in artifact.names():
        return None
    tensors = load(artifact.read(name))
    found = {key.removeprefix("weight/"): t for key, t in tensors.items() if key.startswith("weight/")}
    shapes = {key: tuple(t.shape) for key, t in found.items()}
    if shapes != {key: tuple(p.shape) for key, p in weights.items()}:
        raise IntegrityError(
            f"The checkpoint in {directory} holds the weights of another module.",
            remedy="Start anew with resume=False, or in another directory.",
            command="Start anew with --no-resume, or in another directory.",
        )
    with torch.no_grad():
        for key, p in weights.items():
            p.copy_(found[key])
        for key, t in (average or {}).items():
            t.copy_(tensors[f"average/{key}"])
    if optimiser is not None:
        keys = ("step", "exp_avg", "exp_avg_sq")
        moments = {
            i: {key: tensors[f"{key}/{name}"] for key in keys}
            for i, name in enumerate(weights)
            if f"exp_avg/{name}" in tensors
        }
        optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    return content.progress


def _states(weights: Mapping[str, nn.Parameter], optimiser: torch.optim.Optimizer) -> list[dict[str, Tensor]]:
    return [
        {key: value.detach() for key, value in optimiser.state.get(p, {}).items()} for p in weights.values()
    ]


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}


def _digest(config: TrainingConfig) -> str:
    return hashlib.sha256(config.model_dump_json(exclude_none=True).encode()).hexdigest()
