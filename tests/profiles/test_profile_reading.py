"""The one rule of what a profile says, and that every reader of stored profiles keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat.stored_profile import StoredProfile
from nextinterest.domain import KINDS, NEGATIVE_KINDS, Event, Where
from nextinterest.errors import DataError
from nextinterest.profiles import ProfileEvent, open_store, read_profile
from nextinterest.profiles.kinds import READ_AS, EventKind

NOW = datetime(2026, 5, 1, tzinfo=UTC)
EVENTS = st.lists(
    st.builds(
        ProfileEvent,
        item_id=st.sampled_from("abcd"),
        kind=st.sampled_from(get_args(EventKind)),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(EVENTS)
def test_the_newest_verdict_holds(events: list[ProfileEvent]) -> None:
    reading = read_profile(events)
    for item in "abcd":
        own = [event for event in events if event.item_id == item]
        judging = [READ_AS[event.kind] for event in own if READ_AS[event.kind] != "seen"]
        verdict = judging[-1] if judging else None
        assert (item in reading.unwanted) == (verdict in {"disliked", "hidden"})
        kept = [event for event in reading.events if event.item_id == item]
        assert kept == ([] if verdict == "disliked" else [e for e in own if READ_AS[e.kind] != "hidden"])
    order = iter(events)
    assert all(event in order for event in reading.events)


@pytest.fixture
def live(agent: RecommenderAgent, tmp_path: Path) -> Iterator[RecommenderAgent]:
    store = open_store(str(tmp_path / "profiles.db"))
    yield agent.with_store(store, clock=lambda: NOW)
    store.close()


def told(live: RecommenderAgent, user: str, *events: tuple[str, str]) -> None:
    live.add_events(
        user, [ProfileEvent.model_validate({"item_id": item, "kind": kind}) for item, kind in events]
    )


def test_a_disliked_item_speaks_for_nothing(live: RecommenderAgent) -> None:
    told(live, "eve", ("c", "liked"), ("a", "seen"), ("a", "disliked"))
    told(live, "ida", ("c", "liked"))
    eve = live.recommend(user="eve", k=9)
    ida = live.recommend(user="ida", k=9, where=Where(excluded_items=("a",)))
    assert eve.events_used == ida.events_used == 1
    assert [item.item_id for item in eve.items] == [item.item_id for item in ida.items]
    assert {named.item_id for item in eve.items for named in item.evidence} == {"c"}
    assert live.interests(user="eve").interests == live.interests(user="ida").interests
    assert live.forecast(user="eve").interests == live.forecast(user="ida").interests
    # Seen ones may be asked for again; what is disliked may not.
    again = {item.item_id for item in live.recommend(user="eve", k=9, exclude_seen=False).items}
    assert again == set("bcdefghi")


def test_who_comes_to_like_an_item_has_its_events_back(live: RecommenderAgent) -> None:
    told(live, "eve", ("c", "liked"), ("a", "disliked"), ("d", "hidden"), ("a", "liked"), ("d", "liked"))
    assert live.unwanted("eve") == frozenset()
    assert live.recommend(user="eve", k=9).events_used == 4


def test_chat_and_lists_read_one_profile_alike(live: RecommenderAgent, agent: RecommenderAgent) -> None:
    told(live, "eve", ("c", "liked"), ("a", "seen"), ("d", "hidden"), ("a", "disliked"), ("b", "seen"))
    chat = StoredProfile(agent.catalog, live.store, "eve", NOW)
    assert chat.history().items.tolist() == live.history("eve").items.tolist()
    assert {agent.catalog.ids[item] for item in chat.unwanted()} == live.unwanted("eve") == {"a", "d"}


def test_every_named_kind_of_an_event_is_one_of_a_profile() -> None:
    assert set(get_args(EventKind)) == set(READ_AS) == {"seen", "liked", "disliked", "hidden", *KINDS}
    for kind, spellings in KINDS.items():
        negative = READ_AS[ProfileEvent.model_validate({"item_id": "a", "kind": kind}).kind]
        assert (negative in {"disliked", "hidden"}) == (kind in NEGATIVE_KINDS)
        for spelling in spellings:
            read = ProfileEvent.model_validate({"item_id": "a", "kind": spelling})
            assert read.kind in {kind, spelling}
            assert READ_AS[read.kind] == READ_AS[kind]  # type: ignore[index]


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_an_event_is_kept_under_its_own_kind(live: RecommenderAgent, kind: str) -> None:
    told(live, "eve", ("c", "seen"), ("a", kind))
    live.add_events("ida", [Event("a", NOW, kind=kind)])
    assert [event.kind for event in live.store.events("eve")] == ["seen", kind]
    assert [event.kind for event in live.store.events("ida")] == [kind]
    counts = READ_AS[kind] in {"seen", "liked"}  # type: ignore[index]
    assert live.recommend(user="eve", k=9).events_used == 1 + counts
    assert (live.unwanted("eve") == frozenset()) == counts


def test_unknown_kinds_are_refused_with_the_list(live: RecommenderAgent) -> None:
    told(live, "eve", ("a", "Purchased"), ("b", "addToCart"))
    assert [event.kind for event in live.store.events("eve")] == ["buy", "cart"]
    for event in ({"item_id": "a", "kind": "unlocked"}, Event("a", NOW, kind="unlocked")):
        with pytest.raises(DataError, match=r"kind: .*'seen', 'liked', .*'buy', .* or 'return'"):
            live.add_events("eve", event)
