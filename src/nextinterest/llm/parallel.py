"""Requests side by side, each in a copy of the caller's context: tokens and traces reach the caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

__all__ = ["side_by_side"]

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(function: Callable[[T], R], items: Sequence[T], limit: int) -> list[R]:
    """Return what a function makes of each item, in their order; so many run at once at most.

    The first failure, in the order of the items, is raised; items not begun by then are left.

    Examples
    --------
    >>> side_by_side(lambda n: n * n, [3, 1, 2], 2)
    [9, 1, 4]
    """
    if len(items) < 2 or limit < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(limit, len(items))) as pool:
        running = [pool.submit(copy_context().run, function, item) for item in items]
        try:
            return [one.result() for one in running]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
