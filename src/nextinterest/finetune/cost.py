"""What training costs: time, tokens, memory, and the share of the matrix peak that its products make.

Tokens are those that a decoder's layers read in training steps, padding not counted; where none does, as in
the sequence encoder or with every layer's output kept, places (targets) are counted instead. The arithmetic
is that of the decoder's linear layers alone, with W weights multiplied for each token:

    2 W forward  +  2 W of the layers from the lowest learning one up, for the gradients of their inputs
                 +  2 W of the weights that learn, for their own gradients

The 6 W of full training (Kaplan et al., 2020, https://arxiv.org/abs/2001.08361) where everything learns, near
4 W with adapters, whose frozen weights need no gradients. Attention's own products, heads, and what
checkpointing computes again are left out, so that the share of the peak is rather too low than too high.

An interrupted run keeps the sums of its last checkpoint: steps that were lost and taken again count once.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from nextinterest.counting import counted
from nextinterest.llm.tuning import measure, tuned

__all__ = ["Arithmetic", "Cost", "Meter", "OnDecoder", "Work", "described", "matrix_peak", "work_of"]

_SQUARE = 4096  # side of the product that a GPU's peak is measured by


@runtime_checkable
class OnDecoder(Protocol):
    """An objective that runs a decoder, or the layers above the frozen ones where their output is kept."""

    frozen_layers: int

    @property
    def decoder_layers(self) -> nn.ModuleList:
        """All layers of the decoder."""
        ...


@runtime_checkable
class _ReadsTokens(Protocol):
    """What an objective on a decoder is given."""

    @property
    def n_tokens(self) -> int: ...

    @property
    def hidden(self) -> Tensor | None: ...


class Work(NamedTuple):
    """What some micro-batches took: tokens read, places trained, floating-point operations."""

    tokens: float
    places: float
    flops: float

    def plus(self, other: Work) -> Work:
        """Return the sum of both."""
        return Work(self.tokens + other.tokens, self.places + other.places, self.flops + other.flops)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Operations for each token, forward and backward.

    Attributes
    ----------
    whole, above
        With every layer run, and with those above the frozen ones alone.
    dtype
        Precision of the products, a name of `nextinterest.llm.devices.DTYPES`.
    """

    whole: float = 0.0
    above: float = 0.0
    dtype: str = "float32"

    @classmethod
    def of(cls, objective: nn.Module, precision: str = "no") -> Arithmetic:
        """Count the weights of an objective; of several tasks' that share a decoder once.

        Parameters
        ----------
        objective
            What is trained; nothing is counted of one that is on no decoder.
        precision
            Mixed precision of forward and backward, as of `TrainingConfig.precision`.
        """
        found = next((part for part in objective.modules() if isinstance(part, OnDecoder)), None)
        if found is None:
            return cls()
        layers = list(found.decoder_layers)
        sizes = [_weights(layer) for layer in layers]
        learning = [_weights(layer, learning=True) for layer in layers]
        first = next((i for i, n in enumerate(learning) if n), len(layers))
        backward = 2.0 * sum(sizes[first:]) + 2.0 * sum(learning)
        return cls(
            2.0 * sum(sizes) + backward,
            2.0 * sum(sizes[found.frozen_layers :]) + backward,
            _computes_in(layers, precision),
        )


def _weights(layer: nn.Module, *, learning: bool = False) -> int:
    return sum(
        part.in_features * part.out_features  # not the tensor's own size: four bits are packed
        for part in layer.modules()
        if isinstance(part, nn.Linear) and (part.weight.requires_grad or not learning)
    )


def _computes_in(layers: list[nn.Module], precision: str) -> str:
    if precision != "no":
        return {"bf16": "bfloat16", "fp16": "float16"}[precision]
    for layer in layers:
        for part in layer.modules():
            if isinstance(part, nn.Linear):
                known = part.weight.dtype.is_floating_point  # weights in four bits are computed with in bf16
                return str(part.weight.dtype).removeprefix("torch.") if known else "bfloat16"
    return "float32"


def work_of(inputs: tuple[object, ...], places: float, arithmetic: Arithmetic) -> Work:
    """Return what a micro-batch takes.

    Parameters
    ----------
    inputs, places
        As a task's `prepare` returns them.
    arithmetic
        Of the objective.
    """
    tokens = flops = 0.0
    for read in _read_in(inputs):
        tokens += read.n_tokens
        flops += read.n_tokens * (arithmetic.whole if read.hidden is None else arithmetic.above)
    return Work(tokens, places, flops)


def _read_in(inputs: object) -> Iterator[_ReadsTokens]:
    if isinstance(inputs, tuple):  # that of several tasks has a task's own within
        for one in inputs:
            yield from _read_in(one)
    elif isinstance(inputs, _ReadsTokens):
        yield inputs


@dataclass(frozen=True, slots=True)
class Cost:
    """What a training run has taken so far, over all its sittings.

    Attributes
    ----------
    steps
        Optimiser steps measured.
    seconds, step_seconds
        Wall time of everything, validations and checkpoints included, and of the steps alone.
    tokens, places, flops
        See `Work`; of all processes together.
    peak_bytes
        Most memory: of the process since it began, on CUDA of the device's tensors; 0 where not known.
    device, dtype, threads, processes
        Of the last sitting.
    """

    steps: int = 0
    seconds: float = 0.0
    step_seconds: float = 0.0
    tokens: float = 0.0
    places: float = 0.0
    flops: float = 0.0
    peak_bytes: int = 0
    device: str = "cpu"
    dtype: str = "float32"
    threads: int = 1
    processes: int = 1

    @property
    def unit(self) -> str:
        """What is counted: tokens, or places where no decoder's layers ran."""
        return "tokens" if self.tokens else "places"

    @property
    def per_second(self) -> float:
        """Tokens or places a second, in steps; 0 before the first."""
        return (self.tokens or self.places) / self.step_seconds if self.step_seconds else 0.0

    def numbers(self) -> dict[str, float]:
        """Return the line of the loss curve."""
        return {
            f"{self.unit}_per_second": self.per_second,
            "seconds": self.seconds,
            "peak_bytes": self.peak_bytes,
        }


class Meter:
    """Adds up a run's cost.

    Parameters
    ----------
    before
        What earlier sittings took.
    objective, precision
        See `Arithmetic.of`.
    device, processes
        Where this process trains, and how many do.
    clock, since
        Seconds, and when this sitting began.
    """

    def __init__(
        self,
        before: Cost,
        objective: nn.Module,
        precision: str,
        device: torch.device,
        processes: int,
        clock: Callable[[], float],
        since: float,
    ) -> None:
        self.arithmetic = Arithmetic.of(objective, precision)
        self._device, self._clock, self._last = device, clock, since
        self._cost = replace(
            before,
            device=device.type,
            dtype=self.arithmetic.dtype,
            threads=torch.get_num_threads(),
            processes=processes,
        )

    @contextmanager
    def step(self) -> Iterator[None]:
        """Time a step."""
        began = self._clock()
        yield
        spent = self._clock() - began
        self._cost = replace(
            self._cost, steps=self._cost.steps + 1, step_seconds=self._cost.step_seconds + spent
        )

    def add(self, work: Work) -> None:
        """Count what all processes did."""
        done = Work(self._cost.tokens, self._cost.places, self._cost.flops).plus(work)
        self._cost = replace(self._cost, tokens=done.tokens, places=done.places, flops=done.flops)

    def cost(self) -> Cost:
        """Return the cost until now."""
        now = self._clock()
        self._cost = replace(
            self._cost,
            seconds=self._cost.seconds + now - self._last,
            peak_bytes=max(self._cost.peak_bytes, _peak_bytes(self._device)),
        )
        self._last = now
        return self._cost


def _peak_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def matrix_peak(device: str, dtype: str, threads: int) -> float | None:
    """Return measured operations a second of matrix products; None where the device has none of that dtype.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda``.
    dtype
        A name of `nextinterest.llm.devices.DTYPES`.
    threads
        Threads of a CPU; what was not measured before is measured now, which takes well under a second.
    """
    if device == "cuda":
        return _cuda_peak(dtype)
    key = f"{dtype} x {threads}"
    found = tuned().gflops.get(key) or measure().gflops.get(key)
    return None if found is None else 1e9 * found


def _cuda_peak(dtype: str, repeats: int = 20, clock: Callable[[], float] = time.perf_counter) -> float:
    a = torch.ones(_SQUARE, _SQUARE, dtype=getattr(torch, dtype), device="cuda")
    best = float("inf")
    for _ in range(repeats):
        torch.cuda.synchronize()
        began = clock()
        torch.mm(a, a)
        torch.cuda.synchronize()
        best = min(best, clock() - began)
    return 2.0 * _SQUARE**3 / best


def described(cost: Cost, steps: int) -> str:
    """Return in words what a run took.

    Parameters
    ----------
    cost
        Of the run.
    steps
        Optimiser steps it took; fewer were measured where an older version took some.
    """
    if not cost.steps:
        return f"{counted(steps, 'step')}, whose cost was not measured"
    seen = f" ({cost.steps:,} of them measured)" if cost.steps != steps else ""
    on = f" on {cost.processes} processes" if cost.processes > 1 else ""
    sentences = [
        f"{counted(steps, 'step')}{seen} in {cost.seconds / 60:.1f} minutes{on}, validation included",
        f"{cost.per_second:,.0f} {cost.unit} a second in steps",
        f"{cost.peak_bytes / 2**30:.2f} GiB of memory at most",
    ]
    if cost.flops and cost.step_seconds:
        sentences.append(_share(cost))
    return "; ".join(sentences)


def _share(cost: Cost) -> str:
    peak = matrix_peak(cost.device, cost.dtype, cost.threads)
    speed = cost.flops / cost.step_seconds
    if peak is None:
        return f"{speed / 1e9:,.0f} GFLOP/s of matrix products in {cost.dtype}, whose peak is not known here"
    each = f", {counted(cost.threads, 'thread')}" if cost.device == "cpu" else ""
    share = 100 * speed / (peak * cost.processes)
    return f"{share:.0f} % of the matrix peak ({peak / 1e9:,.0f} GFLOP/s, {cost.dtype}{each})"
