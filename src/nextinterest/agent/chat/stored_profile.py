"""The durable profile: events reported in a conversation are written to the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from nextinterest.agent.chat.understanding import ReportedEvent, ReportedKind
from nextinterest.domain import Catalog, Event, History
from nextinterest.profiles import ProfileEvent, ProfileReading, ProfileStore, read_profile

__all__ = ["StoredProfile", "events_of"]

_AS_EVENTS: Mapping[str, str | None] = {"seen": None, "liked": "like", "hidden": "hide"}
"""Kinds of a profile that have another name in a history; of what is only seen, no kind is known."""


def events_of(profile: ProfileReading) -> list[Event]:
    """Return the events of a profile that count, as those of a history.

    What was done with an item that was returned or skipped since is that: no reason is made of a purchase
    that was undone.
    """
    kinds = [profile.withdrawn.get(event.item_id, event.kind) for event in profile.events]
    return [
        Event(event.item_id, event.time, event.rating, _AS_EVENTS.get(kind, kind))
        for event, kind in zip(profile.events, kinds, strict=True)
    ]


class StoredProfile:
    """One user's profile in a store.

    `nextinterest.profiles.read_profile` decides which events count towards recommendations.

    Parameters
    ----------
    catalog
        The catalogue whose positions stand for items.
    store
        Where the events are.
    user
        Whose.
    now
        Time of the events recorded.
    number
        Number of the profile as the answer began; nothing is written where that one was forgotten since.
    """

    durable = True

    def __init__(
        self,
        catalog: Catalog,
        store: ProfileStore,
        user: str,
        now: datetime,
        number: int | None = None,
    ) -> None:
        self._catalog, self._store, self._user, self._now = catalog, store, user, now
        self._number = number

    def history(self) -> History:
        """Return the stored events that speak for what comes next, of items that the catalogue has."""
        catalog = self._catalog
        events = events_of(read_profile(self._store.events(self._user)))
        return History.from_events([one for one in events if one.item in catalog], catalog, self._user)

    def events(self, catalog: Catalog) -> list[tuple[Event, bool]]:
        """Return all stored events, dislikes among them."""
        stored = self._store.events(self._user)
        return [(Event(one.item_id, one.time, one.rating, one.kind), True) for one in stored]

    def unwanted(self) -> frozenset[int]:
        """Return hidden and disliked items."""
        catalog = self._catalog
        unwanted = read_profile(self._store.events(self._user)).unwanted
        return frozenset(catalog.position(item) for item in unwanted if item in catalog)

    def record(self, reported: Sequence[ReportedEvent]) -> Sequence[ReportedEvent]:
        """Write events; one that repeats the profile's newest event word for word is a resent message."""
        stored = self._store.events(self._user)
        newest = {(event.item_id, event.kind) for event in stored[-len(reported) :]}
        ids = self._catalog.ids
        fresh = [one for one in reported if (ids[one.item], one.kind) not in newest]
        events = [ProfileEvent(item_id=ids[one.item], time=self._now, kind=one.kind) for one in fresh]
        if events:
            self._store.append(self._user, events, received=self._now, profile=self._number)
        return fresh

    def take_back(self, item: int, newest: ReportedKind | None = None) -> int:
        """Remove the events of an item, or only the newest of a kind."""
        return self._store.retract(self._user, self._catalog.ids[item], newest=newest)

    def held(self) -> dict[int, int]:
        """Return how many events are stored of each item that the catalogue has."""
        catalog = self._catalog
        return Counter(
            catalog.position(event.item_id)
            for event in self._store.events(self._user)
            if event.item_id in catalog
        )

    def size(self) -> int:
        """Return how many events are stored."""
        return len(self._store.events(self._user))

    def forget(self) -> int:
        """Remove everything about the user."""
        return self._store.forget(self._user)
