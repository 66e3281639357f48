"""Whose history a conversation is about, and where what is told goes.

`SessionProfile` keeps it for one answer only; for good: `nextinterest.agent.chat.stored_profile`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from nextinterest.agent.chat.understanding import Told, ToldKind
from nextinterest.domain import History

__all__ = ["ChatProfile", "SessionProfile", "extended", "without"]


class ChatProfile(Protocol):
    """A person's history as chat sees and changes it. Items are catalogue positions."""

    @property
    def durable(self) -> bool:
        """Whether what is told outlasts the conversation."""
        ...

    def history(self) -> History:
        """Return the events that speak for what comes next."""
        ...

    def unwanted(self) -> frozenset[int]:
        """Return items never to be recommended, beside those of the history."""
        ...

    def tell(self, told: Sequence[Told]) -> int:
        """Take note of what happened and return how many events that makes."""
        ...

    def take_back(self, item: int, newest: ToldKind | None = None) -> int:
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
    """A given history, and what one conversation tells beside it; nothing is kept.

    Parameters
    ----------
    history
        The history the caller gave.
    earlier
        What earlier messages told.
    """

    durable = False

    def __init__(self, history: History, earlier: Sequence[Told] = ()) -> None:
        self._given = history
        self._told = list(earlier)

    def history(self) -> History:
        """Return the given events, and behind them what was told and not disliked."""
        fresh = [told.item for told in self._told if told.kind != "disliked"]
        disliked = {told.item for told in self._told if told.kind == "disliked"}
        return extended(without(self._given, disliked), fresh)

    def unwanted(self) -> frozenset[int]:
        """Return what was told to be disliked."""
        return frozenset(told.item for told in self._told if told.kind == "disliked")

    def tell(self, told: Sequence[Told]) -> int:
        """Count what is told for this answer."""
        new = {one.item for one in told}
        self._told = [one for one in self._told if one.item not in new] + list(told)
        return len(told)

    def take_back(self, item: int, newest: ToldKind | None = None) -> int:
        """Count an item no longer; the given history is the caller's and stays as it is."""
        before = len(self._told)
        self._told = [one for one in self._told if one.item != item or newest not in {None, one.kind}]
        return before - len(self._told)

    def held(self) -> dict[int, int]:
        """Return what the conversation told, by item."""
        return Counter(one.item for one in self._told)

    def size(self) -> int:
        """Return how much the conversation told."""
        return len(self._told)

    def forget(self) -> int:
        """Drop what the conversation told."""
        gone = len(self._told)
        self._told = []
        return gone


def extended(history: History, items: Sequence[int]) -> History:
    """Return the history with items as its newest events, at the time of its last one."""
    return history.followed_by(np.asarray(items, dtype=np.int32)) if items else history


def without(history: History, items: frozenset[int] | set[int]) -> History:
    """Return the history without some items."""
    return history.without(sorted(items)) if items else history
