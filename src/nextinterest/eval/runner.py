"""Asks a method for its answers, batch by batch, and survives whatever it does.

A method that can score every item (`nextinterest.domain.ItemScorer`) is ranked over the whole catalogue; of
another the list is read, and a target beyond its end is a miss. A batch that raises is asked again history
by history, and only the failing ones are misses. Writes nothing; see `runs`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol as TypingProtocol
from typing import runtime_checkable

import numpy as np

from nextinterest.domain import BoolArray, FloatArray, History, IntArray, ItemScorer, Recommender
from nextinterest.eval.answers import Answers, Flaw, from_lists, from_scores
from nextinterest.eval.cases import Cases
from nextinterest.eval.protocol import Protocol
from nextinterest.retrieval.ranks import tie_order

__all__ = ["CandidateScorer", "Failures", "answer"]

_CELLS = 1 << 24  # scores of one batch: 64 MB as float32
_LARGEST = 5  # messages of failures kept


@runtime_checkable
class CandidateScorer(Recommender, TypingProtocol):
    """A recommender that scores given candidates directly, cheaper or better than the whole catalogue."""

    def candidate_log_probabilities(self, histories: Sequence[History], candidates: IntArray) -> FloatArray:
        """Return log P(item | history, candidates), float32, of candidates of shape (n, m), -1 filling up."""
        ...


@dataclass
class Failures:
    """Messages of the first few failures, for the record."""

    messages: list[str] = field(default_factory=list)

    def add(self, error: Exception) -> None:
        """Keep the message of an error while there are few."""
        text = f"{type(error).__name__}: {error}"[:500]
        if len(self.messages) < _LARGEST and text not in self.messages:
            self.messages.append(text)


def answer(
    recommender: Recommender,
    cases: Cases,
    protocol: Protocol,
    *,
    failures: Failures | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Answers]:
    """Yield the answers of a method, one batch of cases after another, in order.

    Parameters
    ----------
    recommender
        The method.
    cases
        What is asked.
    protocol
        How it is asked and judged.
    failures
        Receives the messages of exceptions.
    clock
        Seconds, for the time each batch took.
    """
    failures = Failures() if failures is None else failures
    n_items = len(recommender.catalog)
    ties = tie_order(n_items, protocol.seed)
    scorer = isinstance(recommender, ItemScorer) and protocol.scoring == "auto"
    size = min(protocol.batch_size, max(1, _CELLS // n_items)) if scorer else protocol.batch_size
    for start in range(0, len(cases), size):
        batch = cases.take(np.arange(start, min(start + size, len(cases))))
        began = clock()
        try:
            answers = _ask(recommender, batch, protocol, ties)
        except Exception as error:  # whatever a method raises is its answer, and is counted
            failures.add(error)
            answers = _one_by_one(recommender, batch, protocol, ties, failures)
        seconds = np.full(len(batch), (clock() - began) / len(batch), dtype=np.float32)
        yield replace(answers, seconds=seconds)


def _one_by_one(
    recommender: Recommender, batch: Cases, protocol: Protocol, ties: IntArray, failures: Failures
) -> Answers:
    parts = []
    for i in range(len(batch)):
        try:
            parts.append(_ask(recommender, batch.take(np.array([i])), protocol, ties))
        except Exception as error:  # counted as a failed answer
            failures.add(error)
            parts.append(Answers.missed(1, protocol.list_length, Flaw.FAILED))
    return Answers.concatenate(parts)


def _ask(recommender: Recommender, batch: Cases, protocol: Protocol, ties: IntArray) -> Answers:
    histories = [batch.held_out.histories[i] for i in range(len(batch))]
    targets = batch.held_out.targets
    n, n_items, k = len(batch), len(ties), protocol.list_length
    missed = Answers.missed(n, k, Flaw.SHAPE)
    candidates = batch.candidates
    auto = protocol.scoring == "auto"
    if candidates is not None and auto and isinstance(recommender, CandidateScorer):
        scores = recommender.candidate_log_probabilities(histories, candidates)
        if np.shape(scores) != candidates.shape:
            return missed
        return from_scores(scores, candidates, targets, None, ties, k)
    if auto and isinstance(recommender, ItemScorer):
        scores = recommender.log_probabilities(histories)
        if np.shape(scores) != (n, n_items):
            return missed
        if candidates is not None:
            given = np.take_along_axis(scores, np.maximum(candidates, 0).astype(np.int64), axis=1)
            return from_scores(given, candidates, targets, None, ties, k)
        masked = _seen_matrix(histories, n_items) if protocol.exclude_seen else None
        return from_scores(scores, np.arange(n_items, dtype=np.int32), targets, masked, ties, k)

    exclude_seen = protocol.exclude_seen and candidates is None
    rankings = recommender.recommend(histories, n_items if candidates is not None else k, exclude_seen)
    items, probabilities = np.asarray(rankings.items), np.asarray(rankings.probabilities)
    if items.ndim != 2 or len(items) != n or items.shape != probabilities.shape:
        return missed
    if candidates is not None:
        items, probabilities = _only_candidates(items, probabilities, candidates)
        available = (candidates >= 0).sum(axis=1)
        seen = np.zeros(items.shape, dtype=np.bool_)
        width = candidates.shape[1]
        answers = from_lists(items, probabilities, targets, seen, available, n_items, width, protocol.strict)
        return _cut(answers, k)
    if exclude_seen:
        matrix = _seen_matrix(histories, n_items)
        valid = (items >= 0) & (items < n_items)
        seen = np.take_along_axis(matrix, np.where(valid, items, 0).astype(np.int64), axis=1) & valid
        available = n_items - matrix.sum(axis=1)
    else:
        seen, available = np.zeros(items.shape, dtype=np.bool_), np.full(n, n_items)
    return from_lists(items, probabilities, targets, seen, available, n_items, k, protocol.strict)


def _seen_matrix(histories: Sequence[History], n_items: int) -> BoolArray:
    seen = np.zeros((len(histories), n_items), dtype=np.bool_)
    rows = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
    if len(rows):
        seen[rows, np.concatenate([history.items for history in histories])] = True
    return seen


def _only_candidates(
    items: IntArray, probabilities: FloatArray, candidates: IntArray
) -> tuple[IntArray, FloatArray]:
    """Keep the candidates of each list in the list's order, moved together; probabilities renormalised."""
    n, width = candidates.shape
    kept_items = np.full((n, width), -1, dtype=np.int32)
    kept_p = np.zeros((n, width), dtype=np.float32)
    for i in range(n):
        where = np.flatnonzero(np.isin(items[i], candidates[i]) & (items[i] >= 0))[:width]
        kept_items[i, : len(where)] = items[i, where]
        kept_p[i, : len(where)] = probabilities[i, where]
    total = kept_p.sum(axis=1, keepdims=True)
    np.divide(kept_p, total, out=kept_p, where=total > 0)
    return kept_items, kept_p


def _cut(answers: Answers, list_length: int) -> Answers:
    n, width = answers.items.shape
    items = np.full((n, list_length), -1, dtype=np.int32)
    probabilities = np.zeros((n, list_length), dtype=np.float32)
    keep = min(width, list_length)
    items[:, :keep], probabilities[:, :keep] = answers.items[:, :keep], answers.probabilities[:, :keep]
    return replace(answers, items=items, probabilities=probabilities)
