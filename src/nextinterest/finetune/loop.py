"""The training loop: one flat function that every task here shares, on accelerate.

Three properties are designed for and tested:

- *One process or several, the same curve.* A step's micro-batches are those of the whole step, dealt out in
  turn; the loss is divided by the step's number of targets over all processes. Each micro-batch brings its
  own seed for dropout, so it does not matter which process it lands on.
- *Interrupted or not, the same weights.* Everything random follows from (seed, epoch, micro-batch); a
  checkpoint holds weights, moments, and where in which epoch it was made.
- *Nothing unpickled.* Checkpoints are safetensors and JSON, written whole or not at all.

Knows nothing of items or language: a `Task` says what a batch is, what its loss is and how good the module
is.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from nextinterest.errors import DataError, MissingExtraError, ModelError
from nextinterest.files import storing, write_atomic
from nextinterest.finetune.averaging import WeightAverage
from nextinterest.finetune.checkpoint import Progress, load_checkpoint, save_checkpoint
from nextinterest.finetune.cost import Arithmetic, Cost, Meter, Work, work_of
from nextinterest.finetune.divergence import divergence
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.llm.devices import cpu_has_bf16

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["Task", "Trained", "learning_rate", "train"]

B = TypeVar("B")
logger = logging.getLogger(__name__)

_SHARDED = frozenset({"FSDP", "DEEPSPEED", "MEGATRON_LM"})

Report = Callable[[Progress, dict[str, float]], None]


class Task(Protocol[B]):
    """What the loop needs to know of what it trains."""

    @property
    def objective(self) -> nn.Module:
        """The module whose forward pass, given `prepare`'s inputs, is the summed loss of a micro-batch."""
        ...

    def batches(self, rng: np.random.Generator) -> Sequence[B]:
        """Return the micro-batches of one epoch, in order; the same for the same state of `rng`."""
        ...

    def prepare(
        self, batch: B, rng: np.random.Generator, device: torch.device
    ) -> tuple[tuple[object, ...], float]:
        """Return the inputs of `objective` and what its loss is divided by: how many targets there are."""
        ...

    def rate_of(self, name: str) -> float:
        """Return the learning rate of a parameter as a multiple of the schedule's."""
        ...

    def validate(self) -> dict[str, float]:
        """Return measures on validation events, larger is better for the one that is steered by."""
        ...


@dataclass(frozen=True, slots=True)
class Trained:
    """How a training run ended; the module holds the best weights.

    Attributes
    ----------
    metrics
        Measures of the best validation.
    epoch
        Epoch (from 1) they were taken after.
    steps
        Optimiser steps taken.
    losses
        Mean loss of every step, in nats.
    cost
        Time, tokens and memory of all sittings of the run (see `nextinterest.finetune.cost`).
    """

    metrics: dict[str, float]
    epoch: int
    steps: int
    losses: tuple[float, ...]
    cost: Cost


def learning_rate(config: TrainingConfig, step: int, done: float) -> float:
    """Return the learning rate of a step.

    Parameters
    ----------
    config
        Peak, warm-up and end.
    step
        Optimiser steps taken before.
    done
        Share of all epochs that lies behind, from 0 to 1.
    """
    warm = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
    return config.learning_rate * warm * (config.final_rate + (1.0 - config.final_rate) * cosine)


def train(
    task: Task[B],
    config: TrainingConfig,
    directory: Path,
    *,
    resume: bool = True,
    report: Report | None = None,
    max_seconds: float | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Trained:
    """Train until the epochs are over or validation stops improving, and load the best weights.

    With ``config.stop_after`` it is that epoch that ends the training, and the weights are the last ones.

    Parameters
    ----------
    task
        What is trained.
    config
        How.
    directory
        Where checkpoints and ``log.jsonl`` go.
    resume
        Whether a checkpoint found there is continued; else training starts anew.
    report
        Called after every step with the state and its numbers, such as a progress bar's update.
    max_seconds
        Ends training, with a validation, at the first epoch's end after so much time of all sittings.
    clock
        Seconds, for the time taken.

    Raises
    ------
    DataError
        If there is nothing to learn from, or a validation lacks the metric.
    IntegrityError
        If a checkpoint was made by another configuration or is damaged.
    MissingExtraError
        If `report_to` names what is not installed.
    ModelError
        If the process was launched to shard the model (FSDP, DeepSpeed), or the loss is no number any more;
        checkpoints are then those before.
    StorageError
        If a checkpoint or the log cannot be written.
    """
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    started = clock()
    if "tensorboard" in config.report_to and find_spec("tensorboard") is None:
        raise MissingExtraError("tensorboard", "train")  # accelerate would leave it out without a word
    # Its precision is the process's until it is reset, and a run before this one may have had another.
    AcceleratorState._reset_state()
    accelerator = Accelerator(
        mixed_precision=config.precision,
        log_with=list(config.report_to) or None,
        project_dir=str(directory) if config.report_to else None,
        cpu=not torch.cuda.is_available(),
    )
    _check_launch(accelerator, config)
    if config.report_to:
        accelerator.init_trackers("log")
    weights = {name: p for name, p in task.objective.named_parameters() if p.requires_grad}
    # One group per parameter, in the order of `weights`: rates differ, and moments are saved by name.
    optimiser = torch.optim.AdamW(
        [{"params": [p], "scale": task.rate_of(name)} for name, p in weights.items()],
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        betas=config.betas,
    )
    average = None if config.averaging is None else WeightAverage(weights, config.averaging)
    averaged = None if average is None else average.tensors
    progress = Progress()
    if resume:
        progress = load_checkpoint(directory, config, weights, optimiser, average=averaged) or progress
    meter = Meter(
        progress.cost,
        task.objective,
        config.precision,
        accelerator.device,
        accelerator.num_processes,
        clock,
        started,
    )
    objective, prepared = accelerator.prepare(task.objective, optimiser)
    with storing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    if accelerator.is_main_process:
        _cut_log(directory / "log.jsonl", progress.step)

    last = config.epochs if config.stop_after is None else min(config.stop_after, config.epochs)
    while progress.epoch < last and not progress.stopped:
        epoch = progress.epoch
        batches = task.batches(np.random.default_rng((config.seed, epoch)))
        groups = [
            range(i, min(i + config.accumulation, len(batches)))
            for i in range(0, len(batches), config.accumulation)
        ]
        if not groups:
            raise DataError("There is nothing to learn from.", remedy="Use data with longer histories.")
        progress = replace(progress, groups=len(groups))
        objective.train()
        for position in range(progress.group, len(groups)):
            rate = learning_rate(config, progress.step, (epoch + position / len(groups)) / config.epochs)
            for group in prepared.param_groups:
                group["lr"] = rate * group["scale"]
            with meter.step():
                loss, work = _step(
                    task, objective, accelerator, batches, groups[position], epoch, config, meter.arithmetic
                )
                norm = None
                if accelerator.sync_gradients:
                    norm = accelerator.clip_grad_norm_(weights.values(), config.max_grad_norm)
                fault = divergence(loss, norm, rate, progress, config)
                if fault is not None:  # before it reaches weights or a checkpoint
                    numbers = {"loss": loss, "learning_rate": rate}
                    _log(accelerator, directory, progress.after_step(loss, last=False), numbers)
                    raise fault
                prepared.step()
                prepared.zero_grad()
                if average is not None:
                    average.update(progress.step + 1)
            meter.add(work)
            progress = progress.after_step(loss, last=position + 1 == len(groups)).costing(meter.cost())
            numbers = {"loss": loss, "learning_rate": rate}
            _log(accelerator, directory, progress, numbers)
            if report is not None and accelerator.is_main_process:
                report(progress, numbers)
            # Not behind an epoch's last step: resumed from there, its validation would be left out.
            if config.save_every and progress.step % config.save_every == 0 and progress.group:
                _save(accelerator, directory, config, progress, weights, optimiser, averaged)
        blind = config.stop_after is not None
        late = max_seconds is not None and progress.cost.seconds >= max_seconds
        if progress.epoch == last or late or (not blind and progress.epoch % config.validate_every == 0):
            with nullcontext() if average is None else average.applied():
                measures = {} if blind else _validate(task, accelerator, config)
            sound = all(math.isfinite(value) for value in measures.values())
            best_now = blind or (
                sound and (progress.best is None or measures[config.metric] > progress.best[config.metric])
            )
            progress = progress.after_validation(measures, best_now, config.patience).costing(meter.cost())
            progress = replace(progress, stopped=progress.stopped or late)
            if measures:
                _log(accelerator, directory, progress, measures)
            _log(accelerator, directory, progress, progress.cost.numbers())
            if report is not None and accelerator.is_main_process:
                report(progress, measures)
            _save(accelerator, directory, config, progress, weights, optimiser, averaged, best=best_now)
        else:
            _log(accelerator, directory, progress, progress.cost.numbers())
            _save(accelerator, directory, config, progress, weights, optimiser, averaged)
    accelerator.wait_for_everyone()
    load_checkpoint(directory, config, weights, None, best=True)
    if config.report_to:
        accelerator.end_training()
    if progress.best is None:
        raise DataError(
            "Training ended without a validation whose measures are numbers.",
            remedy="Lower validate_every, or training.learning_rate where the loss grew.",
        )
    return Trained(progress.best, progress.best_epoch, progress.step, progress.losses, progress.cost)


def _check_launch(accelerator: Accelerator, config: TrainingConfig) -> None:
    """Refuse ways of launching under which the loop would learn something else, and warn of a slow one."""
    kind = str(accelerator.distributed_type.value)
    if kind in _SHARDED:
        raise ModelError(
            f"This loop trains data-parallel and was launched as {kind}, which splits weights and steps in "
            "its own way.",
            remedy="Launch it with --multi_gpu; where the frozen weights do not fit, set lora.quantised.",
        )
    if config.precision == "bf16" and accelerator.device.type == "cpu" and not cpu_has_bf16():
        logger.warning("This CPU has no bf16 arithmetic: precision 'bf16' takes many times as long as 'no'.")


def _step(
    task: Task[B],
    objective: nn.Module,
    accelerator: Accelerator,
    batches: Sequence[B],
    group: range,
    epoch: int,
    config: TrainingConfig,
    arithmetic: Arithmetic,
) -> tuple[float, Work]:
    """Add up the gradients of one step; return its mean loss over all processes, and what they did."""
    world, rank = accelerator.num_processes, accelerator.process_index
    mine = [i for j, i in enumerate(group) if j % world == rank]
    idle = not mine  # fewer micro-batches than processes: take part in the sum with nothing to add
    prepared = [
        (i, *task.prepare(batches[i], np.random.default_rng((config.seed, epoch, i)), accelerator.device))
        for i in (mine or [group[0]])
    ]
    own = 0.0 if idle else sum(count for _, _, count in prepared)
    counted = torch.tensor(float(own), device=accelerator.device)
    total = float(accelerator.reduce(counted, "sum").item()) or 1.0
    summed = torch.zeros((), device=accelerator.device)
    for j, (i, inputs, _) in enumerate(prepared):
        last = j + 1 == len(prepared)
        with torch.random.fork_rng(), nullcontext() if last else accelerator.no_sync(objective):
            torch.manual_seed(int(np.random.SeedSequence((config.seed, epoch, i)).generate_state(1)[0]))
            loss: Tensor = objective(*inputs)
            if idle:
                loss = loss * 0.0
            # Gradients are averaged over processes, hence the factor.
            accelerator.backward(loss * (world / total))
            summed += loss.detach()
    done = Work(0.0, 0.0, 0.0)
    for _, inputs, count in () if idle else prepared:
        done = done.plus(work_of(inputs, count, arithmetic))
    if world > 1:
        together = torch.tensor(done, dtype=torch.float64, device=accelerator.device)
        done = Work(*accelerator.reduce(together, "sum").tolist())
    return float(accelerator.reduce(summed, "sum").item()) / total, done


def _validate(task: Task[B], accelerator: Accelerator, config: TrainingConfig) -> dict[str, float]:
    """Validate in one process and send the result to the others."""
    from accelerate.utils import broadcast

    task.objective.eval()
    measures = task.validate() if accelerator.is_main_process else {}
    if accelerator.is_main_process and config.metric not in measures:
        raise DataError(
            f"Validation measures {', '.join(measures)}; none is {config.metric!r}.",
            remedy="Set metric to one of them.",
        )
    if accelerator.num_processes == 1:
        return measures
    value = torch.tensor(measures.get(config.metric, 0.0), dtype=torch.float64, device=accelerator.device)
    value_sent = float(broadcast(value).item())
    return measures or {config.metric: value_sent}


def _cut_log(path: Path, step: int) -> None:
    """Drop what was logged after the checkpoint that training goes on from."""
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if step and json.loads(line)["step"] <= step]
        write_atomic(path, "".join(kept).encode())


def _log(accelerator: Accelerator, directory: Path, progress: Progress, numbers: dict[str, float]) -> None:
    if not accelerator.is_main_process:
        return
    # JSON has no NaN; a number that is none is null.
    kept = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
    line = {"step": progress.step, "epoch": progress.epoch, **kept}
    path = directory / "log.jsonl"
    with storing(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, allow_nan=False) + "\n")
    accelerator.log(numbers, step=progress.step)


def _save(
    accelerator: Accelerator,
    directory: Path,
    config: TrainingConfig,
    progress: Progress,
    weights: dict[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
    *,
    best: bool = False,
) -> None:
    if accelerator.is_main_process:
        save_checkpoint(directory, config, progress, weights, optimiser, average=average, best=best)
    accelerator.wait_for_everyone()
