"""Erasure measured: a true reason shows, a false one does not, and both are compared on the same footing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from nextinterest.domain import Catalog, FloatArray, History, Rankings
from nextinterest.eval.erasure import erase, erasure_drops

CATALOG = Catalog([str(i) for i in range(12)], [f"title {i}" for i in range(12)])


class After:
    """Item 11 becomes likelier by two nats where item 0 is in the history."""

    name = "after"
    catalog = CATALOG

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        raise AssertionError("only probabilities are asked for")

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        logits = np.zeros((len(histories), 12), dtype=np.float32)
        logits[:, 11] = [2.0 * (0 in history.items) for history in histories]
        return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


HISTORIES = [History(np.array([0, u % 4 + 1, 5, 6, 7], dtype=np.int32)) for u in range(12)]
ITEMS = np.full(12, 11, dtype=np.int32)


def test_the_drop_is_that_of_the_formula() -> None:
    drops = erase(After(), HISTORIES[:2], ITEMS[:2], [[0], [5]])
    unseen = 7  # twelve items less five of the history; erasing makes no item a candidate again
    before = 2.0 - np.log(np.exp(2.0) + unseen - 1)
    assert drops[0] == pytest.approx(before + np.log(unseen), abs=1e-5)
    assert drops[1] == pytest.approx(0.0, abs=1e-6)


def test_true_reasons_are_told_from_false_ones() -> None:
    true = erasure_drops(After(), HISTORIES, ITEMS, [[0]] * 12, window=10)
    assert true.named.min() > 1.0
    assert np.abs(true.others).max() < 1e-6
    assert true.test().p_value < 0.01
    false = erasure_drops(After(), HISTORIES, ITEMS, [[6]] * 12, window=10)
    assert np.abs(false.named).max() < 1e-6
    assert false.others.mean() > 0.1  # the true reason is among the others now and then


def test_others_are_of_the_window_and_as_many() -> None:
    # The window holds only events that do nothing, so erasing others of it never shows.
    result = erasure_drops(After(), HISTORIES, ITEMS, [[5, 6]] * 12, window=3, seed=3)
    assert np.abs(result.others).max() < 1e-6
