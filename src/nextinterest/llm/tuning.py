"""Precision and threads by measurement: once per machine, remembered, overridable.

Times the matrix products that language models are made of, at the precisions the processor has
instructions for and at a few numbers of threads. A choice other than torch's own must win clearly, so that
a busy moment does not decide for ever. Knows the processor, nothing of any one model.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nextinterest.errors import StorageError
from nextinterest.files import not_kept, write_atomic
from nextinterest.llm.devices import DTYPES, cpu_has_bf16

logger = logging.getLogger(__name__)

__all__ = ["THREADS_VARIABLE", "Tuning", "measure", "tuned"]

THREADS_VARIABLE = "NEXTINTEREST_THREADS"
MARGIN = 1.1  # how many times faster another choice must be to be taken
SHAPE = (256, 768, 2048)  # tokens, inputs, outputs: a layer of a small model on one prompt


class Tuning(BaseModel):
    """What was measured on one machine, and what follows from it."""

    model_config = ConfigDict(frozen=True)

    machine: str = Field(description="Processor, cores and torch; another one is measured anew.")
    dtype: str = Field(description="The faster precision, a name of `devices.DTYPES`.")
    threads: int = Field(description="The faster number of threads.")
    gflops: dict[str, float] = Field(description="What was measured, as dtype x threads: GFLOP/s.")


def machine() -> str:
    """Return what a measurement is valid for."""
    features = torch.backends.cpu.get_cpu_capability()
    return f"{platform.machine()} {features} {os.cpu_count()} cores torch {torch.__version__}"


def measure(
    *, repeats: int = 5, clock: Callable[[], float] = time.perf_counter, bf16: bool | None = None
) -> Tuning:
    """Time matrix products and return what is fastest, torch's own choice unless beaten by a tenth.

    Takes well under a second. The process's number of threads is as before afterwards.

    Parameters
    ----------
    repeats
        Runs of each product; the fastest counts.
    clock
        Seconds.
    bf16
        Whether to try bf16; None asks the processor. Without instructions for it, it is not even tried: it
        would be some hundred times slower.
    """
    before = torch.get_num_threads()
    counts = sorted({1, max(1, before // 2), before})
    names = ["float32", *(["bfloat16"] if (cpu_has_bf16() if bf16 is None else bf16) else [])]
    rows, inner, columns = SHAPE
    speed: dict[tuple[str, int], float] = {}
    try:
        for threads in counts:
            torch.set_num_threads(threads)
            for name in names:
                a = torch.ones(rows, inner, dtype=DTYPES[name])
                b = torch.ones(columns, inner, dtype=DTYPES[name])
                best = float("inf")
                for _ in range(repeats + 1):
                    start = clock()
                    torch.nn.functional.linear(a, b)
                    best = min(best, clock() - start)
                speed[name, threads] = 2e-9 * rows * inner * columns / max(best, 1e-9)
    finally:
        torch.set_num_threads(before)
    choice = ("float32", before)
    for candidate, found in sorted(speed.items(), key=lambda kv: -kv[1]):
        if found > MARGIN * speed[choice]:
            choice = candidate
            break
    return Tuning(
        machine=machine(),
        dtype=choice[0],
        threads=choice[1],
        gflops={f"{name} x {threads}": round(found, 1) for (name, threads), found in speed.items()},
    )


def tuned(folder: Path | None = None) -> Tuning:
    """Return the measurement of this machine, made now if there is none yet.

    Parameters
    ----------
    folder
        Where it is remembered; None takes NEXTINTEREST_HOME or the platform's cache folder.
    """
    where = (folder or _cache_folder()) / "tuning.json"
    try:
        known = Tuning.model_validate_json(where.read_text(encoding="utf-8"))
        if known.machine == machine():
            return known
    except (OSError, ValidationError) as error:
        logger.debug("No measurement of this machine to go by: %s", error)
    fresh = measure()
    _write(where, json.dumps(fresh.model_dump(), indent=2))
    return fresh


def _cache_folder() -> Path:
    home = os.environ.get("NEXTINTEREST_HOME")
    if home:
        return Path(home).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("nextinterest", appauthor=False)


def _write(path: Path, text: str) -> None:
    """Keep a measurement; a folder that cannot be written to costs one each time."""
    try:
        write_atomic(path, text.encode())
    except StorageError as error:
        not_kept(path.parent, "Measurements of this machine", error)
