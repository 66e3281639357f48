"""Live: after any events the tracker says what is said of the whole history."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.domain import Catalog, Event, History, ItemScorer
from nextinterest.errors import DataError, UnknownItemError
from nextinterest.interests import InterestTracker, PortraitConfig, forecast_interests, portray
from nextinterest.interests.signals import RunningCounts

CONFIG = PortraitConfig(draws=99)
SMALL = Catalog(
    [str(i) for i in range(9)], [f"T{i}" for i in range(9)], [("A", "B", "C")[: 1 + i % 3] for i in range(9)]
)


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 100_000)), min_size=1, max_size=40),
    st.booleans(),
    st.integers(0, 40),
)
@settings(deadline=None, max_examples=50)
def test_tracking_equals_reading_at_once(steps: list[tuple[int, int]], dated: bool, start: int) -> None:
    items = np.array([item for item, _ in steps], dtype=np.int32)
    times = np.cumsum([gap for _, gap in steps]) + 1_000_000_000 if dated else None
    whole = History(items, times)
    start = min(start, len(whole))
    tracker = InterestTracker(SMALL, config=CONFIG, history=whole.first(start) if start else None)
    for i in range(start, len(whole)):
        time = None if times is None else datetime.fromtimestamp(int(times[i]), UTC)
        tracker.add(Event(SMALL.ids[items[i]], time))
    counts = RunningCounts.of([whole], SMALL)
    np.testing.assert_allclose(tracker.counts.total, counts.total, atol=1e-6)
    np.testing.assert_allclose(tracker.counts.decayed, counts.decayed, atol=1e-6)
    assert tracker.portrait() == portray(whole, SMALL, config=CONFIG)


def test_outlook_equals_recomputation(catalog: Catalog, scorer: ItemScorer, history: History) -> None:
    tracker = InterestTracker(catalog)
    for event in history.events(catalog):
        tracker.add(event)
    live = tracker.outlook(scorer)
    whole = forecast_interests(history, catalog, scorer)
    assert live.next_step == whole.next_step
    for ours, theirs in zip(live.interests, whole.interests, strict=True):
        assert ours.interest == theirs.interest
        assert ours.share == pytest.approx(theirs.share, abs=1e-6)


def test_wrong_events_are_refused_and_leave_no_trace(catalog: Catalog, history: History) -> None:
    tracker = InterestTracker(catalog, history=history, config=CONFIG)
    before = tracker.portrait()
    with pytest.raises(DataError, match="older"):
        tracker.add(Event("i1", datetime(1990, 1, 1, tzinfo=UTC)))
    with pytest.raises(DataError, match="has no time"):
        tracker.add(Event("i1"))
    with pytest.raises(UnknownItemError):
        tracker.add(Event("nothing", datetime(2030, 1, 1, tzinfo=UTC)))
    assert tracker.portrait() == before
    assert len(tracker) == len(history)
