"""Concurrent requests share forward passes: a small wait, then everything that has gathered in one pass.

Wraps any `nextinterest.llm.forward.Forward`, so every function of a model profits without knowing. Whoever
gets the turn runs the requests of all who wait; there is no thread of its own to start or stop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

from nextinterest.llm.forward import Forward, KeyValues, Segment

__all__ = ["MicroBatchedForward"]

Answer = tuple[list[Tensor], list[KeyValues | None]]


@dataclass(slots=True)
class _Request:
    segments: Sequence[Segment]
    layers: tuple[int, ...]
    answer: Answer | None = None
    error: Exception | None = None
    done: bool = False
    tokens: int = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = sum(segment.size for segment in self.segments)


class MicroBatchedForward:
    """A `Forward` that merges the passes of concurrent callers.

    Parameters
    ----------
    inner
        The forward pass itself.
    wait
        Seconds a request waits for company when no pass is running. While one runs, requests gather anyway.
    max_tokens
        Most tokens in one merged pass; a single larger request runs alone.
    """

    def __init__(self, inner: Forward, *, wait: float = 0.002, max_tokens: int = 4096) -> None:
        self.inner = inner
        self.wait = wait
        self.max_tokens = max_tokens
        self.passes = 0
        self.requests = 0
        self._turn = threading.Lock()
        self._queue_lock = threading.Lock()
        self._queue: list[_Request] = []

    @property
    def layers(self) -> int:
        """Number of decoder layers."""
        return self.inner.layers

    @property
    def reach(self) -> int:
        """As the inner pass."""
        return self.inner.reach

    @property
    def padded(self) -> bool:
        """As the inner pass."""
        return self.inner.padded

    def run(self, segments: Sequence[Segment], layers: Sequence[int]) -> Answer:
        """Run `segments`, possibly together with those of other threads."""
        mine = _Request(segments, tuple(layers))
        with self._queue_lock:
            self._queue.append(mine)
            self.requests += 1
        if self.wait > 0:
            time.sleep(self.wait)
        with self._turn:
            while not mine.done:
                self._run_together(self._take())
        if mine.error is not None:
            raise mine.error
        assert mine.answer is not None  # noqa: S101 - done without an error means answered
        return mine.answer

    def _take(self) -> list[_Request]:
        """Take the oldest request and those behind it that fit into its pass."""
        with self._queue_lock:
            first = self._queue[0]
            together, total = [first], first.tokens
            for request in self._queue[1:]:
                if request.layers == first.layers and total + request.tokens <= self.max_tokens:
                    together.append(request)
                    total += request.tokens
            taken = {id(request) for request in together}
            self._queue = [request for request in self._queue if id(request) not in taken]
            return together

    def _run_together(self, requests: Sequence[_Request]) -> None:
        self.passes += 1
        try:
            states, kept = self.inner.run([s for r in requests for s in r.segments], requests[0].layers)
        except Exception as error:
            if len(requests) == 1:
                requests[0].error, requests[0].done = error, True
                return
            for request in requests:  # one bad request must not fail the others
                self._run_together([request])
            return
        start = 0
        for request in requests:
            end = start + len(request.segments)
            request.answer, request.done = (states[start:end], kept[start:end]), True
            start = end
