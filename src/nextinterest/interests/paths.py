"""Sampled continuations: what a user may do next, event after event, drawn from an item model.

All paths of all histories advance together, one batch of exact item ids per step; equal paths are scored
once (the first step costs one history, whatever the number of paths). A model that keeps a cached state and
can extend it by the new events only (`StatefulItemScorer`) is asked to do so. Items of the history and of
the path so far are not drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Catalog, FloatArray, History, IntArray, ItemScorer
from nextinterest.errors import DataError
from nextinterest.interests.signals import Shares

__all__ = ["PathState", "SampledPaths", "StatefulItemScorer", "sample_paths"]


class PathState(Protocol):
    """The cached state of several continuations of one history."""

    def log_probabilities(self) -> FloatArray:
        """Return log P(next item) of each continuation, shape (n_paths, n_items)."""
        ...

    def extend(self, items: IntArray) -> None:
        """Append one event to each continuation, shape (n_paths,)."""
        ...


@runtime_checkable
class StatefulItemScorer(ItemScorer, Protocol):
    """An item scorer that can go on from a cached state, so that a step costs its new events only."""

    def open(self, history: History, n_paths: int) -> PathState:
        """Return the state of `n_paths` continuations of a history, which is read once."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SampledPaths:
    """Continuations of n histories.

    Attributes
    ----------
    items
        Catalogue positions, int32, shape (n, n_paths, n_steps); -1 where nothing was left to draw.
    log_probabilities
        Log-probability of each step given those before it, float64, same shape; 0 where `items` is -1.
    """

    items: IntArray
    log_probabilities: NDArray[np.float64]

    def shares(self, catalog: Catalog, n_steps: int | None = None) -> Shares:
        """Return interests of the first `n_steps` events, shape (n, n_paths, n_interests)."""
        items = self.items[:, :, :n_steps]
        drawn = (items >= 0)[..., None]
        counts = (catalog.interest_matrix[np.maximum(items, 0)] * drawn).sum(axis=2, dtype=np.float64)
        shares: Shares = counts / np.maximum(drawn.sum(axis=2), 1)
        return shares


def sample_paths(
    scorer: ItemScorer,
    histories: Sequence[History],
    n_paths: int,
    n_steps: int,
    generator: np.random.Generator,
    *,
    batch: int = 512,
    cached: bool = True,
) -> SampledPaths:
    """Draw continuations of each history.

    Parameters
    ----------
    scorer
        The item model.
    histories
        What is continued, n of them.
    n_paths, n_steps
        Continuations per history, and their events.
    generator
        Draws the events. Equal seeds give equal paths, with or without cached state.
    batch
        Histories scored at once where there is no cached state.
    cached
        Use the scorer's cached state where it offers one.

    Raises
    ------
    DataError
        If `n_paths` or `n_steps` is below one.
    """
    if n_paths < 1 or n_steps < 1:
        raise DataError(
            f"Cannot sample {n_paths} paths of {n_steps} steps.", remedy="Ask for at least one of each."
        )
    noise = generator.random((len(histories), n_paths, n_steps))
    shape = (len(histories), n_paths, n_steps)
    items, logs = np.full(shape, -1, dtype=np.int32), np.zeros(shape)
    if cached and isinstance(scorer, StatefulItemScorer):
        for row, history in enumerate(histories):
            state = scorer.open(history, n_paths)
            for step in range(n_steps):
                some = slice(row, row + 1), slice(None), step
                _draw(state.log_probabilities(), [history], items, logs, noise, some, row)
                if step + 1 < n_steps:
                    state.extend(items[row, :, step])
        return SampledPaths(items, logs)
    rows = max(1, batch // n_paths)
    for first in range(0, len(histories), rows):
        block = list(histories[first : first + rows])
        for step in range(n_steps):
            scores = _score_distinct(scorer, block, items[first : first + len(block), :, :step], batch)
            some = slice(first, first + len(block)), slice(None), step
            _draw(scores, block, items, logs, noise, some, first)
    return SampledPaths(items, logs)


def _score_distinct(scorer: ItemScorer, block: list[History], so_far: IntArray, batch: int) -> FloatArray:
    """Score every path of a block, each distinct one once; shape (n * n_paths, n_items)."""
    keys: dict[tuple[int, bytes], int] = {}
    distinct: list[History] = []
    index = np.empty(so_far.shape[:2], dtype=np.int64)
    for row, history in enumerate(block):
        for path, drawn in enumerate(so_far[row]):
            key = row, drawn.tobytes()
            if key not in keys:
                keys[key] = len(distinct)
                distinct.append(history.followed_by(drawn[drawn >= 0]))
            index[row, path] = keys[key]
    parts = [
        scorer.log_probabilities(distinct[start : start + batch]) for start in range(0, len(distinct), batch)
    ]
    scores: FloatArray = np.concatenate(parts)[index.ravel()]
    return scores


def _draw(
    scores: FloatArray,
    block: list[History],
    items: IntArray,
    logs: NDArray[np.float64],
    noise: NDArray[np.float64],
    some: tuple[slice, slice, int],
    first: int,
) -> None:
    """Draw one event of each path by inverting the cumulative distribution of the items left."""
    n_paths, step = items.shape[1], some[2]
    for row, history in enumerate(block):
        log_p = np.asarray(scores[row * n_paths : (row + 1) * n_paths], dtype=np.float64)
        p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
        p[:, history.items] = 0.0
        before = items[first + row, :, :step]
        path, taken = np.nonzero(before >= 0)
        p[path, before[path, taken]] = 0.0
        total = p.sum(axis=1)
        left = np.flatnonzero(total > 0)
        cumulative = np.cumsum(p[left], axis=1)
        target = noise[first + row, left, step] * cumulative[:, -1]
        drawn = (cumulative <= target[:, None]).sum(axis=1)
        drawn = np.minimum(drawn, p.shape[1] - 1)
        items[first + row, left, step] = drawn
        logs[first + row, left, step] = np.log(np.maximum(p[left, drawn] / total[left], 1e-300))
