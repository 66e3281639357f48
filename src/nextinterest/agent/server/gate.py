"""The gate before the model: a few calls run, a few wait, the rest are turned away at once.

A server that lets everybody wait answers nobody in time. Waiting is bounded in number and in time, and what
is turned away is told when to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nextinterest.agent.server.failures import Failure
from nextinterest.agent.server.settings import ServerSettings

__all__ = ["Gate"]

T = TypeVar("T")


class Gate:
    """Runs blocking work in threads of its own, within the bounds of the settings.

    Parameters
    ----------
    settings
        ``max_concurrency`` calls run, ``max_queue`` wait, each for ``request_seconds`` at most.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._pool = ThreadPoolExecutor(settings.max_concurrency, thread_name_prefix="model")
        self._capacity = settings.max_concurrency + settings.max_queue
        self._seconds = settings.request_seconds
        self.inside = 0
        """Calls that run or wait."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run the work and return what it returns.

        Raises
        ------
        Failure
            503 with Retry-After where the queue is full, 504 where it took too long. Work that has started
            when its time is up ends in its thread, unseen, and keeps its place until then.
        """
        if self.inside >= self._capacity:
            raise Failure(
                503, "The server is at capacity.", kind="server_error", code="overloaded", retry_after=1
            )
        self.inside += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._leave)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._seconds)
        except TimeoutError:
            future.cancel()  # leaves the queue if it had not started
            raise Failure(
                504,
                f"No answer within {self._seconds:g} s.",
                kind="server_error",
                code="timeout",
                retry_after=1,
            ) from None

    def _leave(self, future: asyncio.Future[T]) -> None:
        self.inside -= 1
        if not future.cancelled():
            future.exception()  # seen, so that asyncio does not report it again

    def close(self) -> None:
        """Let running work end and take no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
