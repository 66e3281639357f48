"""Training of SASRec: cross-entropy over the catalogue at every event, early stopping on validation.

An interrupted training goes on from its last finished epoch and ends at the same weights: all that is drawn
in an epoch is drawn from a seed made of the run's seed and the epoch's number. The test part of a split is
never read here.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from safetensors.torch import load, save
from torch import Tensor

from nextinterest.data.log import EventLog
from nextinterest.data.splits import HeldOut
from nextinterest.domain import Catalog
from nextinterest.errors import ModelError, StorageError
from nextinterest.eval.baselines.sasrec import SASRec, SASRecConfig, SASRecNet
from nextinterest.eval.baselines.sasrec_loss import full_softmax_loss, proposal, sampled_softmax_loss
from nextinterest.eval.baselines.sasrec_windows import Batch, cut_windows
from nextinterest.eval.baselines.selection import measure
from nextinterest.files import not_kept, write_atomic

__all__ = ["Progressed", "train_sasrec"]


@dataclass
class Progressed:
    """How far a training has come; all of it is in the checkpoint.

    Attributes
    ----------
    epoch
        Epochs finished.
    step
        Optimiser steps done.
    best_epoch, best_ndcg
        Where validation NDCG@10 was best, and how good.
    stale
        Looks at validation since then.
    seconds
        Time trained, over all sittings.
    stopped
        Why training ended: ``patience``, ``epochs``, ``time``; empty while it goes on.
    curve
        (epoch, mean training loss, validation NDCG@10, HR@10, log-loss) at each look.
    """

    epoch: int = 0
    step: int = 0
    best_epoch: int = 0
    best_ndcg: float = -1.0
    stale: int = 0
    seconds: float = 0.0
    stopped: str = ""
    curve: list[tuple[int, float, float, float, float]] = field(default_factory=list)


def _loss(net: SASRecNet, q: Tensor, hidden: Tensor, targets: Tensor, seen: Tensor | None) -> Tensor:
    """Return the mean loss of the places that count, full or sampled by the size of the catalogue."""
    config = net.config
    hidden, vectors = net.compared(hidden)
    if net.n_items > config.sampled_above:
        return sampled_softmax_loss(hidden, vectors, net.bias, targets, q, config.negatives)
    return full_softmax_loss(hidden, vectors, net.bias, targets, seen, config.label_smoothing)


def _epoch(
    net: SASRecNet,
    average: dict[str, Tensor],
    optimiser: torch.optim.AdamW,
    q: Tensor,
    log: EventLog,
    seed: int,
    state: Progressed,
) -> float:
    """Train one epoch and return its mean loss per target."""
    config = net.config
    rng = np.random.default_rng([seed, state.epoch])
    torch.manual_seed(int(rng.integers(2**62)))
    windows = cut_windows(log, config.max_len, config.overlap, rng)
    # Windows of like length share a batch, so that little is padded; batches come in random order.
    order = np.argsort(windows.length + rng.random(len(windows)) * 0.1 * config.max_len)
    batches = [order[i : i + config.batch_size] for i in range(0, len(order), config.batch_size)]
    net.train()
    total, n_targets = 0.0, 0
    for b in rng.permutation(len(batches)):
        batch = windows.batch(log, batches[b], start=net.n_items)
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * min(1.0, (state.step + 1) / max(1, config.warmup_steps))
        hidden, targets, seen = _forward(net, batch)
        loss = _loss(net, q, hidden, targets, seen)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        if not (math.isfinite(float(loss.detach())) and math.isfinite(float(norm))):
            raise ModelError(
                f"SASRec diverged: the loss or its gradient is not finite at step {state.step + 1} (epoch "
                f"{state.epoch + 1}), at a learning rate of {optimiser.param_groups[0]['lr']:.4g}.",
                remedy="Lower learning_rate of SASRecConfig.",
                command="Take sasrec out of --methods; its learning rate is not set on the command line.",
            )
        optimiser.step()
        state.step += 1
        # The average forgets its start: early on it is close to the plain mean of the steps so far.
        decay = min(config.ema_decay, state.step / (state.step + 9))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.values()), list(net.state_dict().values()), 1.0 - decay)
        total += float(loss.detach()) * len(targets)
        n_targets += len(targets)
    return total / n_targets


def _forward(net: SASRecNet, batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return hidden states and targets of the places that count, and the items seen before each."""
    inputs, counted = torch.from_numpy(batch.inputs), torch.from_numpy(batch.counted)
    keep = None
    if net.config.item_dropout:
        keep = torch.rand(inputs.shape) >= net.config.item_dropout
    hidden = net.encode(inputs, keep)[counted]
    seen = None
    if net.config.mask_seen:
        length = inputs.shape[1]
        past = torch.tril(torch.ones(length, length, dtype=torch.bool))
        rows, places = counted.nonzero(as_tuple=True)
        seen = torch.where(past[places], inputs[rows], net.n_items)
    return hidden, torch.from_numpy(batch.targets)[counted], seen


def train_sasrec(
    train: EventLog,
    catalog: Catalog,
    validation: HeldOut,
    config: SASRecConfig,
    *,
    seed: int = 0,
    checkpoint_path: Path | None = None,
    max_seconds: float | None = None,
    console: Console | None = None,
) -> tuple[SASRec, Progressed]:
    """Train until validation NDCG@10 stops rising and return the averaged weights of its best epoch.

    Parameters
    ----------
    train
        Events to learn from; every one of them is a target.
    catalog
        The catalogue.
    validation
        Events that decide when to stop; nothing is learned from them.
    config
        The options.
    seed
        Seed of weights, dropout, windows and negatives. The global torch generator is put back afterwards.
    checkpoint_path
        A .safetensors file, rewritten after each look at validation, from which a later call with the same
        arguments goes on; None: none. The caller removes it.
    max_seconds
        Stop after this much training time, earlier sittings included; None: no limit.
    console
        Where progress is shown; None: standard error, and only where that is a terminal.
    """
    net = SASRecNet(len(catalog), config)
    counts = torch.from_numpy(train.item_counts(len(catalog)).astype(np.float32))
    net.initialise(torch.Generator().manual_seed(seed), torch.log(counts + 1.0))
    matrices = [weight for weight in net.parameters() if weight.ndim >= 2]
    vectors = [weight for weight in net.parameters() if weight.ndim < 2]
    optimiser = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        betas=(0.9, 0.98),
        fused=True,
    )
    average = {name: weight.clone() for name, weight in net.state_dict().items()}
    best = {name: weight.clone() for name, weight in average.items()}
    state = Progressed()
    if checkpoint_path is not None and checkpoint_path.exists():
        state = _resume(checkpoint_path, net, optimiser, average, best)
    q = proposal(counts)
    shadow = SASRecNet(len(catalog), config)
    console = console or Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with (
        torch.random.fork_rng(devices=[]),
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("SASRec", total=config.epochs, completed=state.epoch)
        sitting = time.monotonic()
        losses: list[float] = []
        while not state.stopped:
            losses.append(_epoch(net, average, optimiser, q, train, seed, state))
            state.epoch += 1
            if state.epoch % config.eval_every == 0 or state.epoch == config.epochs:
                shadow.load_state_dict(average)
                found = measure(SASRec(catalog, config, shadow).scores, validation, len(catalog))
                mean_loss = math.fsum(losses) / len(losses)
                losses.clear()
                state.curve.append(
                    (state.epoch, round(mean_loss, 5), found.ndcg, found.hit_rate, found.log_loss)
                )
                state.stale += 1
                if found.ndcg > state.best_ndcg:
                    state.best_ndcg, state.best_epoch, state.stale = found.ndcg, state.epoch, 0
                    best = {name: weight.clone() for name, weight in average.items()}
                now = time.monotonic()
                state.seconds, sitting = state.seconds + now - sitting, now
                if state.stale >= config.patience:
                    state.stopped = "patience"
                elif state.epoch >= config.epochs:
                    state.stopped = "epochs"
                elif max_seconds is not None and state.seconds >= max_seconds:
                    state.stopped = "time"
                if checkpoint_path is not None:
                    _checkpoint(checkpoint_path, net, optimiser, average, best, state)
            progress.update(
                task, completed=state.epoch, description=f"SASRec, NDCG@10 {max(state.best_ndcg, 0.0):.4f}"
            )
    net.load_state_dict(best)
    return SASRec(catalog, config, net), state


def _checkpoint(
    path: Path,
    net: SASRecNet,
    optimiser: torch.optim.AdamW,
    average: dict[str, Tensor],
    best: dict[str, Tensor],
    state: Progressed,
) -> None:
    tensors = {f"average.{name}": weight for name, weight in average.items()}
    tensors |= {f"best.{name}": weight for name, weight in best.items()}
    for name, weight in net.named_parameters():
        tensors[f"net.{name}"] = weight.detach()
        for key, value in optimiser.state[weight].items():
            tensors[f"optimiser.{name}.{key}"] = value
    try:
        write_atomic(path, save(tensors, metadata={"progress": json.dumps(asdict(state))}))
    except StorageError as error:
        not_kept(path.parent, "Checkpoints of SASRec", error)


def _resume(
    path: Path,
    net: SASRecNet,
    optimiser: torch.optim.AdamW,
    average: dict[str, Tensor],
    best: dict[str, Tensor],
) -> Progressed:
    data = path.read_bytes()
    tensors = load(data)
    size = int.from_bytes(data[:8], "little")  # a safetensors file starts with the size of its JSON header
    meta = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["progress"])
    meta["curve"] = [tuple(row) for row in meta["curve"]]
    with torch.no_grad():
        for name, weight in net.named_parameters():
            weight.copy_(tensors[f"net.{name}"])
            optimiser.state[weight] = {
                key: tensors[f"optimiser.{name}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")
            }
        for name in average:
            average[name].copy_(tensors[f"average.{name}"])
            best[name].copy_(tensors[f"best.{name}"])
    return Progressed(**meta)
