"""Whose history a conversation is about, and where reported events go.

`SessionProfile` keeps them for one answer; `stored_profile` has the durable one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from nextinterest.agent.chat.understanding import ReportedEvent, ReportedKind
from nextinterest.domain import Catalog, Event, History

__all__ = ["ChatProfile", "SessionProfile", "extended", "without"]


class ChatProfile(Protocol):
    """A person's history as chat sees and changes it. Items are catalogue positions."""

    @property
    def durable(self) -> bool:
        """Whether recorded events outlast the conversation."""
        ...

    def history(self) -> History:
        """Return the events that count towards recommendations."""
        ...

    def events(self, catalog: Catalog) -> list[tuple[Event, bool]]:
        """Return all events, oldest first, and whether each outlasts the conversation."""
        ...

    def unwanted(self) -> frozenset[int]:
        """Return items not to be recommended besides those of the history."""
        ...

    def record(self, reported: Sequence[ReportedEvent]) -> Sequence[ReportedEvent]:
        """Record events and return those that were new."""
        ...

    def take_back(self, item: int, newest: ReportedKind | None = None) -> int:
        """Remove the events of an item, or only the newest of a kind, and return how many there were."""
        ...

    def held(self) -> dict[int, int]:
        """Return how many events there are of each item."""
        ...

    def size(self) -> int:
        """Return how many events `forget` would remove, those of items the catalogue lost included."""
        ...

    def forget(self) -> int:
        """Remove everything and return how many events that was."""
        ...


class SessionProfile:
    """A given history and the events that one conversation reports; nothing is stored.

    Parameters
    ----------
    history
        The history the caller gave.
    earlier
        Events that earlier messages reported.
    """

    durable = False

    def __init__(self, history: History, earlier: Sequence[ReportedEvent] = ()) -> None:
        self._given = history
        self._reported = list(earlier)

    def history(self) -> History:
        """Return the given events, followed by the reported ones that are not dislikes."""
        disliked = {one.item for one in self._reported if one.kind == "disliked"}
        history = without(self._given, disliked)
        for one in self._reported:
            if one.kind != "disliked":
                history = extended(history, [one.item], "like" if one.kind == "liked" else None)
        return history

    def events(self, catalog: Catalog) -> list[tuple[Event, bool]]:
        """Return the given events and those reported in the conversation."""
        said = [(Event(catalog.ids[one.item], kind=one.kind), False) for one in self._reported]
        return [*((one, True) for one in self._given.events(catalog)), *said]

    def unwanted(self) -> frozenset[int]:
        """Return the items reported as disliked."""
        return frozenset(one.item for one in self._reported if one.kind == "disliked")

    def record(self, reported: Sequence[ReportedEvent]) -> Sequence[ReportedEvent]:
        """Record events for this answer."""
        new = {one.item for one in reported}
        self._reported = [one for one in self._reported if one.item not in new] + list(reported)
        return reported

    def take_back(self, item: int, newest: ReportedKind | None = None) -> int:
        """Drop the reported events of an item; the given history is not changed."""
        before = len(self._reported)
        self._reported = [one for one in self._reported if one.item != item or newest not in {None, one.kind}]
        return before - len(self._reported)

    def held(self) -> dict[int, int]:
        """Return the number of events reported in the conversation, by item."""
        return Counter(one.item for one in self._reported)

    def size(self) -> int:
        """Return how much the conversation one."""
        return len(self._reported)

    def forget(self) -> int:
        """Drop what the conversation one."""
        gone = len(self._reported)
        self._reported = []
        return gone


def extended(history: History, items: Sequence[int], kind: str | None = None) -> History:
    """Return the history with items as its newest events, of one kind, at the time of its last one."""
    return history.followed_by(np.asarray(items, dtype=np.int32), kind) if items else history


def without(history: History, items: frozenset[int] | set[int]) -> History:
    """Return the history without some items."""
    return history.without(sorted(items)) if items else history
