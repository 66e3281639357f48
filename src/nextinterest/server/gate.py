"""The gate before the model: a few calls run, a few wait, the rest are turned away at once.

Waiting is bounded in number and in time. A call that would wait longer than the limit, going by how long work
has taken lately, gets 503 with Retry-After at once; one that was expected to start in time and did not gets
the same when the limit is reached.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nextinterest.server.failures import Failure
from nextinterest.server.observe import SPENT

__all__ = ["Gate"]

T = TypeVar("T")
_MEMORY = 0.1  # weight of the newest call


class Gate:
    """Runs blocking work in threads of its own, within bounds.

    Parameters
    ----------
    name
        Of its threads.
    running, waiting
        Calls that may run, and that may wait besides.
    seconds
        How long a call may wait and run.
    patience
        How long a call may be expected to wait, and may wait, in seconds.
    niceness
        By how much its threads, and those they start, give way to others. Linux only; nothing elsewhere.
    """

    def __init__(
        self,
        name: str,
        *,
        running: int,
        waiting: int,
        seconds: float,
        patience: float = math.inf,
        niceness: int = 0,
    ) -> None:
        self._running, self._patience = running, patience
        self._usual = 0.0  # seconds of work, averaged over the last calls
        self._pool = ThreadPoolExecutor(
            running, thread_name_prefix=name, initializer=_give_way, initargs=(niceness,)
        )
        self._capacity = running + waiting
        self._seconds = seconds
        self.inside = 0
        """Calls that run or wait."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run the work and return what it returns.

        Raises
        ------
        Failure
            503 with Retry-After where the queue is full or the work did not start in time, 504 where it
            took too long. Work that has started when its time is up ends in its thread, unseen, and keeps
            its place until then.
        """
        future = self._submit(work)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._seconds)
        except TimeoutError:
            future.cancel()  # leaves the queue if it had not started
            raise self._late() from None
        except asyncio.CancelledError:
            if future.cancelled():  # not the caller: it left the queue
                raise self._full(self._usual) from None
            raise

    async def stream(self, work: Callable[[], Iterator[T]]) -> AsyncGenerator[T]:
        """Yield what the work yields, as it comes; closed early, the work stops after its present piece.

        Raises
        ------
        Failure
            As `run`; 503 before the first piece.
        """
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[tuple[T] | None] = asyncio.Queue()
        unwanted = threading.Event()

        def iterate() -> None:
            for piece in work():
                if unwanted.is_set():
                    return
                loop.call_soon_threadsafe(pieces.put_nowait, (piece,))

        future = self._submit(iterate)
        # Called in the loop after every piece that was put before it.
        future.add_done_callback(lambda _: pieces.put_nowait(None))
        end = loop.time() + self._seconds
        try:
            while (piece := await asyncio.wait_for(pieces.get(), end - loop.time())) is not None:
                yield piece[0]
            if future.cancelled():
                raise self._full(self._usual)
            future.result()
        except TimeoutError:
            raise self._late() from None
        finally:
            unwanted.set()
            future.cancel()

    def _submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        spent = SPENT.get()

        def timed() -> T:
            started = time.perf_counter()
            try:
                return work()
            finally:
                took = time.perf_counter() - started
                self._usual += _MEMORY * (took - self._usual)
                if spent is not None:
                    spent.seconds += took

        wait = max(0, self.inside + 1 - self._running) * self._usual / self._running
        if self.inside >= self._capacity or wait > self._patience:
            raise self._full(wait)
        self.inside += 1
        loop, job = asyncio.get_running_loop(), self._pool.submit(timed)
        future = asyncio.wrap_future(job)
        future.add_done_callback(self._leave)
        if self._patience < math.inf:
            # What the last calls took says little of those that run now. A job that has started is not
            # cancelled by this.
            timer = loop.call_later(self._patience, job.cancel)
            future.add_done_callback(lambda _: timer.cancel())
        return future

    def _full(self, wait: float) -> Failure:
        return Failure(
            503,
            "The server is at capacity.",
            kind="server_error",
            code="overloaded",
            retry_after=max(1, math.ceil(wait)),
        )

    def _late(self) -> Failure:
        return Failure(
            504,
            f"No answer within {self._seconds:g} s.",
            kind="server_error",
            code="timeout",
            retry_after=1,
        )

    def _leave(self, future: asyncio.Future[T]) -> None:
        self.inside -= 1
        if not future.cancelled():
            future.exception()  # seen, so that asyncio does not report it again

    def close(self) -> None:
        """Take no more work; what waits is dropped, what runs goes on."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def drained(self, seconds: float) -> int:
        """Wait for what runs, and return how many calls still run after that time.

        A thread cannot be stopped: what is left behind ends by itself, or with the process.
        """
        end = time.monotonic() + seconds
        while self.inside and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return self.inside


def _give_way(niceness: int) -> None:
    """Lower the priority of the calling thread."""
    if niceness > 0 and sys.platform == "linux":  # elsewhere a thread has no priority of its own
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + niceness)
