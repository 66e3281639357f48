"""What an answer costs: latency at batch 1, throughput in batch, memory, tokens.

Measured on a seeded sample of the cases, after a warm-up. Numbers are of this machine at this moment; only
ratios within one run mean much. Knows nothing of accuracy.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol as TypingProtocol
from typing import runtime_checkable

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nextinterest.domain import Recommender
from nextinterest.eval.cases import Cases

__all__ = ["Cost", "PeakMemory", "TokenCounter", "measure_cost", "memory_bytes"]


@runtime_checkable
class TokenCounter(TypingProtocol):
    """A recommender that counts the language-model tokens it has processed since it was built."""

    @property
    def tokens_used(self) -> int:
        """Tokens read and written so far."""
        ...


class Cost(BaseModel):
    """Cost of one method."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latency_median_ms: float = Field(description="Milliseconds for one user at batch 1, median.")
    latency_p95_ms: float = Field(description="The same, 95th percentile.")
    throughput_per_second: float = Field(description="Users per second in batches.")
    build_memory_mib: float | None = Field(
        default=None, description="Growth of the process's peak memory while the method was built, in MiB."
    )
    peak_memory_mib: float | None = Field(
        default=None, description="Peak memory of the process while it answered, in MiB."
    )
    tokens_per_recommendation: float | None = Field(
        default=None, description="Language-model tokens per user at batch 1; None where no model reads text."
    )
    sample: int = Field(description="Users the latency was measured on.")


def memory_bytes() -> int:
    """Return the resident memory of this process in bytes; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - read thousands of times
            pages = int(file.read().split()[1])
    except OSError:
        return _largest_resident()
    import resource

    return pages * resource.getpagesize()


def _largest_resident() -> int:
    try:
        import resource
    except ImportError:  # Windows has neither /proc nor getrusage
        return 0
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


class PeakMemory:
    """Watches the resident memory of this process from a thread while a block runs.

    The kernel's own high-water mark cannot be reset without privileges, so memory is sampled every 20 ms;
    a peak shorter than that can be missed.
    """

    def __init__(self, interval: float = 0.02) -> None:
        self.interval = interval
        self.before = 0
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(self.interval):
            self.peak = max(self.peak, memory_bytes())

    def __enter__(self) -> PeakMemory:
        self.before = self.peak = memory_bytes()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.peak = max(self.peak, memory_bytes())

    @property
    def growth_mib(self) -> float:
        """How far the peak was above the start, in MiB."""
        return (self.peak - self.before) / 2**20


def measure_cost(
    recommender: Recommender,
    cases: Cases,
    *,
    k: int = 10,
    exclude_seen: bool = True,
    sample: int = 50,
    batch_size: int = 64,
    seed: int = 0,
    build_memory_mib: float | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Cost | None:
    """Measure a method; None where it fails on the sample (its failures are counted elsewhere).

    Parameters
    ----------
    recommender
        The method.
    cases
        Where histories are drawn from.
    k, exclude_seen
        What is asked.
    sample
        Users for the latency; throughput is measured on up to four batches of `batch_size`.
    batch_size
        Histories at once for the throughput.
    seed
        Draws the sample.
    build_memory_mib
        Passed through to the record.
    clock
        Seconds.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(cases))[: max(sample, 4 * batch_size)]
    histories = [cases.held_out.histories[int(i)] for i in drawn]
    counter = recommender if isinstance(recommender, TokenCounter) else None
    seconds = []
    try:
        with PeakMemory() as memory:
            recommender.recommend(histories[:1], k, exclude_seen)  # warm-up: caches, lazy loading
            before = counter.tokens_used if counter else 0
            for history in histories[:sample]:
                began = clock()
                recommender.recommend([history], k, exclude_seen)
                seconds.append(clock() - began)
            tokens = (counter.tokens_used - before) / len(seconds) if counter else None
            began = clock()
            for start in range(0, len(histories), batch_size):
                recommender.recommend(histories[start : start + batch_size], k, exclude_seen)
            whole = clock() - began
    except Exception:  # a method that raises has no latency; its failures are in its record
        return None
    return Cost(
        latency_median_ms=float(np.median(seconds) * 1e3),
        latency_p95_ms=float(np.percentile(seconds, 95) * 1e3),
        throughput_per_second=len(histories) / max(whole, 1e-9),
        build_memory_mib=build_memory_mib,
        peak_memory_mib=memory.peak / 2**20 or None,
        tokens_per_recommendation=tokens,
        sample=len(seconds),
    )
