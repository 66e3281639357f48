"""Checkpoints of a training run: weights, moments, and where it was. Safetensors and JSON, whole or absent.

    checkpoint.json              progress, the configuration's hash, name and SHA-256 of the tensors
    checkpoint-STEP.safetensors  weights and AdamW's moments
    best-STEP.safetensors        weights of the best validation

The JSON is replaced last, so whatever moment a process dies at, it names files that are whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from nextinterest.errors import IntegrityError
from nextinterest.finetune.cost import Cost
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.retrieval.files import Json, read_manifest, read_verified, write_atomic, write_manifest

__all__ = ["Progress", "load_checkpoint", "save_checkpoint"]

_FORMAT = "nextinterest-checkpoint-1"
_MANIFEST = "checkpoint.json"


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


def save_checkpoint(
    directory: Path,
    config: TrainingConfig,
    progress: Progress,
    weights: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
    *,
    best: bool = False,
) -> None:
    """Write a checkpoint, and the weights once more as the best where they are."""
    tensors = {f"weight/{name}": p.detach() for name, p in weights.items()}
    for (name, _), state in zip(weights.items(), _states(weights, optimiser), strict=True):
        tensors |= {f"{key}/{name}": value for key, value in state.items()}
    files: dict[str, Json] = {}
    current = f"checkpoint-{progress.step}.safetensors"
    files[current] = write_atomic(directory / current, save(_contiguous(tensors)))
    if best:
        name = f"best-{progress.step}.safetensors"
        only = {f"weight/{key}": p.detach() for key, p in weights.items()}
        files[name] = write_atomic(directory / name, save(_contiguous(only)))
    elif (directory / _MANIFEST).is_file():
        held = read_manifest(directory / _MANIFEST, _FORMAT)["files"]
        assert isinstance(held, dict)  # noqa: S101 - written by this function
        files |= {name: str(digest) for name, digest in held.items() if name.startswith("best-")}
    where: dict[str, Json] = asdict(progress) | {"losses": list(progress.losses)}
    write_manifest(
        directory / _MANIFEST,
        {"format": _FORMAT, "config": _digest(config), "progress": where, "files": files},
    )
    for old in directory.glob("*.safetensors"):
        if old.name not in files and old.name.startswith(("checkpoint-", "best-")):
            old.unlink()


def load_checkpoint(
    directory: Path,
    config: TrainingConfig,
    weights: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer | None,
    *,
    best: bool = False,
) -> Progress | None:
    """Load weights and moments in place and return the progress; None where there is no checkpoint.

    Raises
    ------
    IntegrityError
        If the checkpoint is damaged, or was made by another configuration or for another module.
    """
    path = directory / _MANIFEST
    if not path.is_file():
        return None
    manifest = read_manifest(path, _FORMAT)
    if manifest.get("config") != _digest(config):
        raise IntegrityError(
            f"The checkpoint in {directory} was made by another training configuration.",
            remedy="Continue with the configuration it was started with, or start anew with resume=False.",
            command="Continue with the configuration it was started with, or start anew with --no-resume.",
        )
    files, state = manifest.get("files"), manifest.get("progress")
    if not isinstance(files, dict) or not isinstance(state, dict):
        raise IntegrityError(
            f"{path} lacks files or progress.",
            remedy="Start anew with resume=False.",
            command="Start anew with --no-resume.",
        )
    prefix = "best-" if best else "checkpoint-"
    name = next((str(file) for file in files if str(file).startswith(prefix)), None)
    if name is None:
        return None
    tensors = load(read_verified(directory / name, str(files[name])))
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
    if optimiser is not None:
        keys = ("step", "exp_avg", "exp_avg_sq")
        moments = {
            i: {key: tensors[f"{key}/{name}"] for key in keys}
            for i, name in enumerate(weights)
            if f"exp_avg/{name}" in tensors
        }
        optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    cost = Cost(**state.get("cost", {}))  # older versions kept none
    return Progress(**{**state, "losses": tuple(state["losses"]), "cost": cost})


def _states(weights: Mapping[str, nn.Parameter], optimiser: torch.optim.Optimizer) -> list[dict[str, Tensor]]:
    return [
        {key: value.detach() for key, value in optimiser.state.get(p, {}).items()} for p in weights.values()
    ]


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}


def _digest(config: TrainingConfig) -> str:
    return hashlib.sha256(config.model_dump_json(exclude_none=True).encode()).hexdigest()
