"""What a history says against an item is no reason for another, and evidence says what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.erasure import evidence_by_effect
from nextinterest.agent.evidence import closest_events
from nextinterest.agent.verdicts import Verdict, verdicts
from nextinterest.domain import Catalog, Event, Evidence, History
from nextinterest.profiles import ProfileEvent

CATALOG = Catalog([str(i) for i in range(6)], [f"title {i}" for i in range(6)])
START = datetime(2026, 1, 1, tzinfo=UTC)


def _history(*events: tuple[str, str | None, float | None]) -> History:
    return History.from_events(
        [
            Event(item, START + timedelta(days=n), rating, kind)
            for n, (item, kind, rating) in enumerate(events)
        ],
        CATALOG,
    )


def _of(*done: tuple[str | None, float | None]) -> Verdict:
    return verdicts(_history(*(("0", kind, rating) for kind, rating in done)))[0]


@pytest.mark.parametrize("kind", ["dislike", "skip", "hide", "remove", "return"])
def test_what_was_undone_speaks_against_the_item(kind: str) -> None:
    assert _of(("buy", None), (kind, None)) == Verdict(kind=kind, against=True)
    assert _of((kind, None), ("view", None)).against
    assert not _of((kind, None), ("buy", None)).against  # the newest judgement counts


@pytest.mark.parametrize(
    ("done", "kind"),
    [
        (["view"], "view"),
        (["cart", "view"], "cart"),
        (["view", "buy", "view"], "buy"),
        (["play", "unlocked_level"], "play"),
        (["unlocked_level"], "unlocked_level"),
        ([None], None),
    ],
)
def test_of_several_events_what_says_most_is_named(done: Sequence[str | None], kind: str | None) -> None:
    assert _of(*((one, None) for one in done)) == Verdict(kind=kind)


@pytest.mark.parametrize(
    ("ratings", "liked", "against", "best"),
    [
        ([5.0], True, False, 5),
        ([4.0], True, False, 5),
        ([3.0], False, False, 5),
        ([2.0], False, True, 5),
        ([2.0, 5.0], True, False, 5),
        ([8.0], True, False, 10),
        ([6.0], False, False, 10),
        ([40.0], False, True, 100),
        ([90.0], True, False, 100),
    ],
)
def test_ratings_are_read_on_their_scale(
    ratings: Sequence[float], *, liked: bool, against: bool, best: float
) -> None:
    found = _of(*((None, rating) for rating in ratings))
    assert (found.rating, found.best_rating, found.liked, found.against) == (
        ratings[-1],
        best,
        liked,
        against,
    )


HISTORY = _history(
    ("0", "buy", None), ("1", "buy", None), ("1", "return", None), ("2", "view", 1.0), ("3", "rate", 5.0)
)


def _said(found: Sequence[Evidence]) -> list[tuple[str, str | None, bool]]:
    return [(one.item_id, one.kind, one.liked) for one in found]


def test_evidence_leaves_out_what_is_held_against_an_item_and_names_what_was_done() -> None:
    vectors = np.ones((6, 1), dtype=np.float32)
    expected = [("0", "buy", False), ("3", "rate", True)]
    assert sorted(_said(closest_events(HISTORY, 5, vectors, CATALOG, 5))) == expected
    indices = np.array([4, 3, 2, 0], dtype=np.int32)
    effects = np.array([0.1, 0.5, 0.4, 0.2], dtype=np.float32)
    found = evidence_by_effect(HISTORY, 5, indices, effects, vectors, CATALOG, 2)
    assert _said(found) == expected
    assert (found[1].rating, found[1].best_rating) == (5.0, 5.0)
    assert evidence_by_effect(HISTORY, 5, indices[1:3], effects[1:3], vectors, CATALOG, 2) == ()


def _by_similarity(agent: RecommenderAgent) -> RecommenderAgent:
    config = agent.engine.config.model_copy(update={"evidence": "similarity", "n_evidence": 9})
    return RecommenderAgent(replace(agent.engine, config=config), agent.log)


@pytest.mark.parametrize("stored", [False, True])
def test_a_returned_item_is_no_reason_and_a_viewed_one_is_not_said_to_be_bought(
    agent: RecommenderAgent, tmp_path: Path, *, stored: bool
) -> None:
    agent, ids = _by_similarity(agent), agent.catalog.ids
    done = [(ids[0], "buy"), (ids[1], "buy"), (ids[2], "view"), (ids[3], "cart"), (ids[1], "return")]
    if stored:
        agent = agent.with_store(tmp_path / "profiles.db")
        now = agent.clock() - timedelta(days=9)
        agent.add_events(
            "zoe",
            [
                ProfileEvent.model_validate({"item_id": item, "kind": kind, "time": now + timedelta(days=n)})
                for n, (item, kind) in enumerate(done)
            ],
        )
        found = agent.recommend(user="zoe", k=1).items[0].evidence
        agent.store.close()
    else:
        events = [Event(item, START + timedelta(days=n), kind=kind) for n, (item, kind) in enumerate(done)]
        found = agent.recommend(events, k=1).items[0].evidence
    assert sorted((one.item_id, one.kind) for one in found) == sorted(
        [(ids[0], "buy"), (ids[2], "view"), (ids[3], "cart")]
    )


def test_histories_that_are_imported_keep_what_was_done(agent: RecommenderAgent, tmp_path: Path) -> None:
    agent, ids = _by_similarity(agent).with_store(tmp_path / "profiles.db"), agent.catalog.ids
    history = History.from_events(
        [Event(ids[0], START, kind="view"), Event(ids[1], START + timedelta(1), kind="unlocked_level")],
        agent.catalog,
        "zoe",
    )
    agent.import_history(history)
    assert [event.kind for event in agent.history("zoe").events(agent.catalog)] == ["view", None]
    agent.store.close()
