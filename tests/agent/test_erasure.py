"""Evidence by erasure: it names the planted cause, and nothing where nothing is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.erasure import effects_of_events, evidence_by_effect
from nextinterest.domain import Catalog, FloatArray, History, Rankings


class Planted:
    """Item 5 is likely after item 2 and more so after item 3; nothing else depends on anything."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
        raise AssertionError("only probabilities are asked for")

    @property
    def catalog(self) -> Catalog:
        return CATALOG

    @property
    def name(self) -> str:
        return "planted"

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        self.asked.append(len(histories))
        logits = np.zeros((len(histories), 6), dtype=np.float32)
        for row, history in enumerate(histories):
            logits[row, 5] = 1.0 * (2 in history.items) + 2.0 * (3 in history.items)
        return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


CATALOG = Catalog([str(i) for i in range(6)], [f"title {i}" for i in range(6)])
HISTORY = History(np.array([3, 0, 2, 3, 1], dtype=np.int32))


def test_the_planted_causes_are_named_in_order() -> None:
    scorer = Planted()
    indices, effects = effects_of_events(scorer, HISTORY, np.array([5, 4], dtype=np.int32), window=30)
    assert scorer.asked == [5]  # once, for the history and each of its events left out
    assert indices.tolist() == [4, 3, 2, 1]  # item 3 once, at its newest position, erased in both
    vectors = np.eye(6, dtype=np.float32)
    named = evidence_by_effect(HISTORY, 5, indices, effects[:, 0], vectors, CATALOG, 5)
    assert [e.item_id for e in named] == ["3", "2"]
    # Unseen are items 4 and 5, so log P(5) = logit - log(e^logit + 1).
    whole, without_3 = 3.0 - np.log1p(np.exp(3.0)), 1.0 - np.log1p(np.exp(1.0))
    assert named[0].effect == pytest.approx(whole - without_3, abs=1e-5)
    assert evidence_by_effect(HISTORY, 4, indices, effects[:, 1], vectors, CATALOG, 5) == ()


def test_only_the_window_is_tried_and_an_empty_history_has_no_evidence() -> None:
    indices, effects = effects_of_events(Planted(), HISTORY, np.array([5], dtype=np.int32), window=1)
    assert indices.tolist() == [4]
    assert effects.shape == (1, 1)
    indices, effects = effects_of_events(Planted(), HISTORY.first(0), np.array([5], dtype=np.int32), 30)
    assert len(indices) == 0
    assert effects.shape == (0, 1)


def test_leaving_a_named_event_out_lowers_the_probability_as_said(agent: RecommenderAgent) -> None:
    history = agent.history("ann")
    result = agent.recommend(history, k=3)
    named = [(item, e) for item in result.items for e in item.evidence]
    assert named
    unseen = np.setdiff1d(np.arange(len(agent.catalog)), history.items)
    for item, evidence in named:
        position = agent.catalog.position(item.item_id)
        fewer = history.without([agent.catalog.position(evidence.item_id)])
        log_p = agent.retriever.log_probabilities([history, fewer]).astype(np.float64)
        log_p -= np.logaddexp.reduce(log_p[:, unseen], axis=1, keepdims=True)
        assert evidence.effect == pytest.approx(log_p[0, position] - log_p[1, position], abs=1e-4)


def test_similarity_can_be_chosen_instead(agent: RecommenderAgent) -> None:
    config = agent.engine.config.model_copy(update={"evidence": "similarity"})
    agent = RecommenderAgent(replace(agent.engine, config=config), agent.log)
    evidence = agent.recommend(user="ann", k=1).items[0].evidence
    assert len(evidence) == config.n_evidence
    assert all(e.effect is None for e in evidence)
    assert evidence[0].similarity >= evidence[1].similarity


class Repeating(Planted):
    """What was seen is all but certain to come again, unless it was erased."""

    def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
        logits = super().log_probabilities(histories)
        for row, history in enumerate(histories):
            logits[row, history.items] += 9.0
        return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def test_effects_are_among_unseen_items_however_likely_the_seen_ones_are() -> None:
    items = np.array([5, 4], dtype=np.int32)
    expected = effects_of_events(Planted(), HISTORY, items, window=30)[1]
    np.testing.assert_allclose(effects_of_events(Repeating(), HISTORY, items, 30)[1], expected, atol=1e-4)
