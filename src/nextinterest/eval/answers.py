"""Answers of a method, checked: ranks of the targets, lists, probabilities, and what was wrong with them.

Nothing is dropped: a flawed answer keeps its case and is a miss, with the kind of the flaw beside it. This
file turns raw arrays into checked ones; calling methods is `runner`'s part.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import BoolArray, FloatArray, IntArray
from nextinterest.eval.metrics.ranks import MISS
from nextinterest.retrieval.ranks import target_ranks, top_k

__all__ = ["Answers", "Flaw", "from_lists", "from_scores"]


class Flaw(IntFlag):
    """What can be wrong with an answer. The first three are a miss under any protocol."""

    FAILED = 1
    """The method raised, also when asked for this history alone."""
    SHAPE = 2
    """The arrays are not of the shape the contract states."""
    NAN = 4
    """A score or probability is NaN, infinite, or no probability."""
    INVALID = 8
    """A position names an item outside the catalogue, or is empty before the end of the list."""
    DUPLICATE = 16
    """An item stands twice."""
    SHORT = 32
    """Fewer items than asked for though more were to be had."""
    SEEN = 64
    """An item of the history was returned though seen items were excluded."""
    UNNORMALISED = 128
    """The probabilities of all items do not sum to one. They are normalised and the answer counts."""


FATAL = Flaw.FAILED | Flaw.SHAPE | Flaw.NAN
_TOLERANCE = 1e-2  # of the sum of probabilities; float32 sums over a million items stay well within


@dataclass(frozen=True, eq=False)
class Answers:
    """Checked answers to n cases.

    Attributes
    ----------
    rank
        Rank of the target from 1, or `MISS`; int32, shape (n,).
    log_prob
        log P(target) after masking, float32, shape (n,); minus infinity where the answer is a miss by a flaw
        or the target was masked.
    flaws
        `Flaw` bits, uint8, shape (n,); 0 for a sound answer.
    items
        Recommended catalogue positions, int32, shape (n, list_length), -1 where a position is empty or lost.
    probabilities
        Their probabilities, float32, same shape, 0 where `items` is -1.
    seconds
        Time of the batch divided by its size, float32, shape (n,).
    """

    rank: IntArray
    log_prob: FloatArray
    flaws: NDArray[np.uint8]
    items: IntArray
    probabilities: FloatArray
    seconds: FloatArray

    @classmethod
    def missed(cls, n: int, list_length: int, flaw: Flaw) -> Answers:
        """Return n answers that are misses by a flaw."""
        return cls(
            np.full(n, MISS, dtype=np.int32),
            np.full(n, -np.inf, dtype=np.float32),
            np.full(n, int(flaw), dtype=np.uint8),
            np.full((n, list_length), -1, dtype=np.int32),
            np.zeros((n, list_length), dtype=np.float32),
            np.zeros(n, dtype=np.float32),
        )

    @classmethod
    def concatenate(cls, parts: list[Answers]) -> Answers:
        """Join answers in order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def from_scores(
    log_p: FloatArray,
    items: IntArray,
    targets: IntArray,
    masked: BoolArray | None,
    tie_order: IntArray,
    list_length: int,
) -> Answers:
    """Rank items by their log-probabilities.

    Equal scores are ranked as `nextinterest.retrieval.ranks` states.

    Parameters
    ----------
    log_p
        float32, shape (n, m), over the m columns.
    items
        Catalogue position of each column, shape (m,) for all cases alike or (n, m); -1 fills up.
    targets
        Catalogue positions to find, shape (n,).
    masked
        Columns that may not be recommended, shape (n, m), or None.
    tie_order
        From `nextinterest.retrieval.ranks.tie_order`, drawn by the protocol's seed.
    list_length
        Positions of the list kept.
    """
    n, m = log_p.shape
    columns = np.broadcast_to(items, (n, m))
    highest = log_p.max(axis=1)  # NaN where any score is NaN
    bad = ~np.isfinite(highest)
    flaws = np.where(bad, int(Flaw.NAN), 0).astype(np.uint8)
    scores = np.where(bad[:, None] | (columns < 0), -np.inf, log_p).astype(np.float32)
    if items.ndim == 1:
        with np.errstate(over="ignore"):
            off = ~bad & ~(np.abs(np.exp(scores).sum(axis=1, dtype=np.float64) - 1.0) < _TOLERANCE)
        flaws[off] |= int(Flaw.UNNORMALISED)
    if masked is not None:
        scores[masked] = -np.inf
    peak = scores.max(axis=1, keepdims=True)
    empty = np.isneginf(peak[:, 0])
    peak[empty] = 0.0
    total = np.exp(scores - peak).sum(axis=1, dtype=np.float64)
    scores -= (peak[:, 0] + np.log(np.where(empty, 1.0, total)))[:, None].astype(np.float32)

    ties = tie_order[np.maximum(columns, 0)]
    at = columns == targets[:, None]
    log_prob = np.where(at, scores, -np.inf).max(axis=1).astype(np.float32)
    found = target_ranks(scores, at.argmax(axis=1), ties)
    rank = np.where(np.isneginf(log_prob), MISS, found).astype(np.int32)

    # Columns in order of their ties, so that a stable choice of the largest breaks ties the same way.
    if items.ndim == 1:
        order = np.argsort(tie_order[items], kind="stable")
        best = top_k(scores[:, order], list_length)
        listed = np.where(best >= 0, items[order][best], -1)
        chosen = np.where(best >= 0, order[best], -1)
    else:
        by_tie = np.argsort(ties, axis=1, kind="stable")
        best = top_k(np.take_along_axis(scores, by_tie, axis=1), list_length)
        chosen = np.where(best >= 0, np.take_along_axis(by_tie, np.maximum(best, 0), axis=1), -1)
        listed = np.where(best >= 0, np.take_along_axis(columns, np.maximum(chosen, 0), axis=1), -1)
    taken = np.exp(np.take_along_axis(scores, np.maximum(chosen, 0), axis=1))
    return Answers(
        rank,
        log_prob,
        flaws,
        listed.astype(np.int32),
        np.where(listed >= 0, taken, 0.0).astype(np.float32),
        np.zeros(n, dtype=np.float32),
    )


def from_lists(
    items: IntArray,
    probabilities: FloatArray,
    targets: IntArray,
    seen: BoolArray,
    available: IntArray,
    n_items: int,
    list_length: int,
    strict: bool,
) -> Answers:
    """Check ranked lists and find the targets in them.

    The mass a list leaves over is spread evenly over the items it could have named and did not, so that a
    method that only gives lists still gives a distribution, and its log-loss is finite and comparable.

    Parameters
    ----------
    items, probabilities
        As in `nextinterest.domain.Rankings`, shape (n, k).
    targets
        Catalogue positions to find, shape (n,).
    seen
        Whether each position holds an item of the history that was to be excluded, shape (n, k).
    available
        Items each list could have named, shape (n,).
    n_items
        Size of the catalogue.
    list_length
        Positions asked for.
    strict
        Whether any flaw makes the whole answer a miss.
    """
    items, probabilities, seen = items[:, :list_length], probabilities[:, :list_length], seen[:, :list_length]
    n, k = items.shape
    filled = items != -1
    invalid = (items < -1) | (items >= n_items)
    hole = ~filled & (np.cumsum(filled[:, ::-1], axis=1)[:, ::-1] > 0)
    by_item = np.argsort(items, axis=1, kind="stable")
    ordered = np.take_along_axis(items, by_item, axis=1)
    repeated = np.zeros((n, k), dtype=np.bool_)
    again = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    np.put_along_axis(repeated, by_item[:, 1:], again, axis=1)
    improbable = ~np.isfinite(probabilities) | (probabilities < 0) | (probabilities > 1 + 1e-5)
    sound = filled & ~invalid & ~repeated & ~seen
    flaws = (
        np.where((improbable & filled).any(axis=1), int(Flaw.NAN), 0)
        | np.where((invalid | hole).any(axis=1), int(Flaw.INVALID), 0)
        | np.where(repeated.any(axis=1), int(Flaw.DUPLICATE), 0)
        | np.where((seen & filled).any(axis=1), int(Flaw.SEEN), 0)
        | np.where(sound.sum(axis=1) < np.minimum(list_length, available), int(Flaw.SHORT), 0)
    ).astype(np.uint8)
    lost = flaws > 0 if strict else (flaws & int(FATAL)) > 0
    kept = sound & ~lost[:, None]
    p = np.where(kept, np.nan_to_num(probabilities, nan=0.0, posinf=0.0, neginf=0.0), 0.0).astype(np.float64)
    hit = kept & (items == targets[:, None])
    found = hit.any(axis=1)
    rank = np.where(found, hit.argmax(axis=1) + 1, MISS).astype(np.int32)
    left = np.clip(1.0 - p.sum(axis=1), 0.0, 1.0) / np.maximum(available - kept.sum(axis=1), 1)
    with np.errstate(divide="ignore"):
        log_prob = np.log(np.where(found, (p * hit).sum(axis=1), left))
    out_items = np.full((n, list_length), -1, dtype=np.int32)
    out_p = np.zeros((n, list_length), dtype=np.float32)
    width = min(k, list_length)
    out_items[:, :width] = np.where(kept, items, -1)[:, :width]
    out_p[:, :width] = p[:, :width]
    return Answers(
        rank,
        np.where(lost, -np.inf, log_prob).astype(np.float32),
        flaws,
        out_items,
        out_p,
        np.zeros(n, dtype=np.float32),
    )
