"""The portrait: its claims follow from the events, and it stands for any history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.domain import Catalog, History
from nextinterest.errors import DataError
from nextinterest.interests import PortraitConfig, cluster_catalog, portray
from nextinterest.interests.windows import own_pace_windows

QUICK = PortraitConfig(draws=199)


def test_a_switch_is_reported_with_the_events_it_rests_on(catalog: Catalog, changed: History) -> None:
    portrait = portray(changed, catalog)
    assert [c.interest for c in portrait.rising] == ["War"]
    assert [c.interest for c in portrait.fading] == ["Comedy"]
    rise = portrait.rising[0]
    assert (rise.before, rise.after) == (0.0, 1.0)
    assert rise.evidence
    for event in rise.evidence:
        assert event.index >= 60
        assert "War" in catalog.categories[catalog.position(event.item_id)]
    assert all(event.index < 60 for event in portrait.fading[0].evidence)
    assert portrait.novelty is not None
    assert portrait.novelty.new_interests == ("War",)
    assert portrait.current[0].interest == "War"
    assert portrait.pace is not None
    assert portrait.pace.sessions == 80


def test_a_steady_user_gets_no_claim(catalog: Catalog) -> None:
    items = np.tile(np.arange(20), 5).astype(np.int32)
    portrait = portray(History(items), catalog)
    assert portrait.rising == portrait.fading == ()
    assert portrait.breadth is not None
    assert portrait.breadth.direction == "steady"
    assert portrait.pace is None


@given(st.lists(st.integers(0, 59), max_size=60), st.integers(0, 3))
@settings(deadline=None, max_examples=40)
def test_any_history_has_a_portrait_whose_parts_agree(items: list[int], seed: int) -> None:
    catalog = Catalog(
        [str(i) for i in range(60)],
        [f"T{i}" for i in range(60)],
        [("A", "B")[: 1 + i % 2] for i in range(60)],
    )
    history = History(np.array(items, dtype=np.int32), np.arange(len(items)) * 1000)
    portrait = portray(history, catalog, config=QUICK.model_copy(update={"seed": seed}))
    for shares in (portrait.interests, portrait.current, *(w.interests for w in portrait.windows)):
        assert sum(s.share for s in shares) == pytest.approx(1.0)
        assert all(s.lower <= s.share <= s.upper for s in shares)
    assert sum(s.events for s in portrait.interests) == pytest.approx(len(items), abs=1e-4)
    covered = [i for w in portrait.windows for i in range(w.first, w.last + 1)]
    assert covered == list(range(len(items)))
    assert portrait == portray(history, catalog, config=QUICK.model_copy(update={"seed": seed}))
    assert type(portrait).model_validate_json(portrait.model_dump_json()) == portrait


def test_empty_history_says_so(catalog: Catalog) -> None:
    portrait = portray(History(np.zeros(0, dtype=np.int32)), catalog)
    assert portrait.events == 0
    assert "empty" in portrait.notes[0]
    assert portrait.windows == ()


def test_windows_are_cut_at_pauses() -> None:
    times = np.concatenate([np.arange(17), 100_000 + np.arange(13)])
    assert own_pace_windows(History(np.zeros(30, dtype=np.int32), times)) == [(0, 17), (17, 30)]


def test_learned_interests_separate_what_the_vectors_separate() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(3)[np.arange(90) % 3]
    vectors = (centres + 0.1 * rng.normal(size=(90, 3))).astype(np.float32)
    words = ("Alien Planet", "Wedding Kiss", "Battle Front")
    catalog = Catalog(
        [str(i) for i in range(90)],
        [f"{words[i % 3]} {i}" for i in range(90)],
        [(words[i % 3][:3],) for i in range(90)],
    )
    learned = cluster_catalog(catalog, vectors, n_clusters=3)
    assert len(learned.category_names) == 3
    assert len({learned.categories[i] for i in range(0, 90, 3)}) == 1
    assert any("planet" in name for name in learned.category_names)
    portrait = portray(History(np.arange(30, dtype=np.int32)), learned, config=QUICK)
    assert {s.interest for s in portrait.interests} == set(learned.category_names)
    with pytest.raises(DataError, match="one vector per item"):
        cluster_catalog(catalog, vectors[:5])
