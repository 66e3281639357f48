"""Methods awaited: the same work, in a thread.

One helper makes each awaited method of the one that exists (`threaded`, `streamed`), so that nothing is
written twice. The thread has a copy of the caller's context: a meter or a trace that is open there counts
what the thread does. A call that is cancelled while it waits for a thread is not made; one that runs ends in
its thread, unseen, since a thread cannot be stopped; a stream ends behind its present sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextvars import copy_context
from functools import wraps
from threading import Lock
from typing import Concatenate, Final, ParamSpec, TypeVar

__all__ = ["isolated", "streamed", "threaded"]

P = ParamSpec("P")
T = TypeVar("T")
AgentT = TypeVar("AgentT")
_END: Final = object()


def threaded(
    method: Callable[Concatenate[AgentT, P], T],
) -> Callable[Concatenate[AgentT, P], Coroutine[object, object, T]]:
    """Return a method that is awaited and does in a thread what this one does, overridden or not."""

    @wraps(method)
    async def awaited(self: AgentT, /, *args: P.args, **kwargs: P.kwargs) -> T:
        work: Callable[P, T] = getattr(self, method.__name__)
        return await asyncio.to_thread(work, *args, **kwargs)

    _describe(awaited, method, f"Do what `{method.__name__}` does in a thread, awaited.")
    return awaited


def streamed(
    method: Callable[Concatenate[AgentT, P], Iterator[T]],
) -> Callable[Concatenate[AgentT, P], AsyncIterator[T]]:
    """Return a method that is iterated with ``async for`` and yields what this one yields.

    Each piece is made in a thread when it is asked for.
    """

    @wraps(method)
    async def pieces(self: AgentT, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        work: Callable[P, Iterator[T]] = getattr(self, method.__name__)
        iterator, one_at_a_time = work(*args, **kwargs), Lock()

        def advance() -> T | object:
            with one_at_a_time:
                return next(iterator, _END)

        def close() -> None:
            with one_at_a_time:  # a cancelled wait leaves its thread behind, which ends its piece first
                _close(iterator)

        try:
            while (piece := await asyncio.to_thread(advance)) is not _END:
                yield piece  # type: ignore[misc] # what is not the end is a piece
        finally:
            asyncio.get_running_loop().run_in_executor(None, close)

    _describe(pieces, method, f"Yield what `{method.__name__}` yields, each piece made in a thread.")
    return pieces


def isolated(pieces: Iterator[T]) -> Iterator[T]:
    """Return an iterator that runs in a context of its own, a copy of the present one.

    What a generator sets (the meter, the open step of a trace) is then not seen by what takes its pieces,
    between two of them, and it may be advanced by one thread after another.
    """
    context = copy_context()

    def run() -> Iterator[T]:
        try:
            while (piece := context.run(next, pieces, _END)) is not _END:
                yield piece  # type: ignore[misc] # what is not the end is a piece
        finally:
            context.run(_close, pieces)

    return run()


def _close(iterator: Iterator[object]) -> None:
    close: Callable[[], None] | None = getattr(iterator, "close", None)
    if close is not None:
        close()


def _describe(made: Callable[..., object], of: Callable[..., object], first: str) -> None:
    made.__name__, made.__qualname__ = f"a{of.__name__}", f"a{of.__name__}"
    made.__doc__ = f"{first}\n\n        Parameters, results and exceptions are those of `{of.__name__}`."
