"""The durable profile: what a conversation tells is written to the store and outlasts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nextinterest.agent.chat.profile import without
from nextinterest.agent.chat.understanding import Told
from nextinterest.agent.profiles import ProfileEvent, ProfileStore
from nextinterest.agent.recommender import RecommenderAgent
from nextinterest.domain import Event, History

__all__ = ["StoredProfile"]


class StoredProfile:
    """One user's profile in a store.

    Disliked items count as seen, but do not speak for what comes next.

    Parameters
    ----------
    agent
        Whose catalogue the items are of.
    store
        Where the events are.
    user
        Whose.
    now
        Time of what is told.
    """

    durable = True

    def __init__(self, agent: RecommenderAgent, store: ProfileStore, user: str, now: datetime) -> None:
        self._agent, self._store, self._user, self._now = agent, store, user, now

    def history(self) -> History:
        """Return the stored events of items that the catalogue has, those of disliked ones left out."""
        events = [
            Event(event.item_id, event.time, event.rating)
            for event in self._store.events(self._user)
            if event.kind != "hidden" and event.item_id in self._agent.catalog
        ]
        history = History.from_events(events, self._agent.catalog, self._user)
        return without(history, self._of_kinds("disliked"))

    def unwanted(self) -> frozenset[int]:
        """Return hidden and disliked items."""
        return frozenset(self._of_kinds("hidden", "disliked"))

    def _of_kinds(self, *kinds: str) -> set[int]:
        """Return items whose newest event, among those that judge, is of one of the kinds."""
        newest: dict[str, str] = {}
        for event in self._store.events(self._user):
            if event.kind != "seen":
                newest[event.item_id] = event.kind
        catalog = self._agent.catalog
        return {catalog.position(i) for i, kind in newest.items() if kind in kinds and i in catalog}

    def tell(self, told: Sequence[Told]) -> int:
        """Write events; one that repeats the profile's newest event word for word is a resent message."""
        stored = self._store.events(self._user)
        newest = {(event.item_id, event.kind) for event in stored[-len(told) :]}
        ids = self._agent.catalog.ids
        fresh = [
            ProfileEvent(item_id=ids[one.item], time=self._now, kind=one.kind)
            for one in told
            if (ids[one.item], one.kind) not in newest
        ]
        if fresh:
            self._store.append(self._user, fresh, received=self._now)
        return len(fresh)

    def take_back(self, item: int) -> int:
        """Remove the events of an item."""
        return self._store.retract(self._user, self._agent.catalog.ids[item])

    def forget(self) -> int:
        """Remove everything about the user."""
        return self._store.forget(self._user)
