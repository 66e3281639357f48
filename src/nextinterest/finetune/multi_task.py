"""Several tasks of one backbone in one run: generation and choice, say.

An epoch holds every task's micro-batches, shuffled together. A micro-batch counts as its task's weight,
whatever its number of targets, so the loss of a step is the weighted mean of its micro-batches' mean losses.
Knows tasks by the loop's protocol only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from nextinterest.errors import DataError
from nextinterest.finetune.loop import Task

__all__ = ["MultiBatch", "MultiObjective", "MultiTask"]

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class MultiBatch:
    """A micro-batch and the task it belongs to."""

    task: str
    batch: object


class MultiObjective(nn.Module):
    """The tasks' objectives as one module; parameters that they share are held once."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList()

    def forward(self, position: int, scale: float, inputs: tuple[object, ...]) -> Tensor:
        """Return the scaled loss of one task's micro-batch."""
        loss: Tensor = self.parts[position](*inputs) * scale
        # Data-parallel processes wait for a gradient of every parameter, those of the other tasks' heads too.
        for parameter in self.parameters():
            if parameter.requires_grad:
                loss = loss + (parameter.sum() * 0.0).to(loss.dtype)
        return loss


class MultiTask:
    """What the training loop needs to know (see `nextinterest.finetune.loop.Task`): tasks, added by name."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task[object]] = {}
        self.weights: dict[str, float] = {}
        self._objective = MultiObjective()

    def add(self, name: str, task: Task[B], weight: float = 1.0) -> MultiTask:
        """Add a task; return self.

        Parameters
        ----------
        name
            Short name, which stands before its measures, as in ``rerank/ndcg@10``.
        task
            The task; its model is that of the others.
        weight
            What each of its micro-batches counts.

        Raises
        ------
        DataError
            If the name is taken or the weight not above zero.
        """
        if name in self.tasks or weight <= 0:
            raise DataError(
                f"Task {name!r} of weight {weight} cannot be added to {', '.join(self.tasks) or 'none'}.",
                remedy="Give each task a name of its own and a weight above zero.",
            )
        self.tasks[name] = cast("Task[object]", task)  # batches go back to the task that made them
        self.weights[name] = weight
        self._objective.parts.append(task.objective)
        return self

    @property
    def objective(self) -> MultiObjective:
        """All tasks' objectives."""
        return self._objective

    def batches(self, rng: np.random.Generator) -> Sequence[MultiBatch]:
        """Return the micro-batches of all tasks, in random order."""
        rows = [MultiBatch(name, batch) for name, task in self.tasks.items() for batch in task.batches(rng)]
        return [rows[int(i)] for i in rng.permutation(len(rows))]

    def prepare(
        self, batch: MultiBatch, rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], float]:
        """Return the inputs of `MultiObjective` and the weight of the micro-batch's task."""
        inputs, count = self.tasks[batch.task].prepare(batch.batch, rng, device)
        weight, position = self.weights[batch.task], list(self.tasks).index(batch.task)
        return (position, weight / max(count, 1.0), inputs), weight

    def rate_of(self, name: str) -> float:
        """Return the rate that the task whose parameter this is (the first of those sharing it) asks for."""
        _, position, inner = name.split(".", 2)
        return list(self.tasks.values())[int(position)].rate_of(inner)

    def validate(self) -> dict[str, float]:
        """Return every task's measures, and the weighted mean of those that all have, as a likelihood."""
        own = {name: task.validate() for name, task in self.tasks.items()}
        total = sum(self.weights.values())
        shared = set.intersection(*(set(measures) for measures in own.values()))
        return {
            **{key: sum(self.weights[n] * own[n][key] for n in own) / total for key in sorted(shared)},
            **{f"{name}/{key}": value for name, measures in own.items() for key, value in measures.items()},
        }
