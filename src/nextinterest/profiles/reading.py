"""What a profile says: which of its events speak for what comes next, and which items are not wanted.

The one place of that rule. Recommendations, portraits, forecasts and chat all read profiles by it. It knows
no catalogue and no store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nextinterest.profiles.kinds import READ_AS, EventKind, ReadAs
from nextinterest.profiles.store import ProfileEvent

__all__ = ["ProfileReading", "read_profile"]


@dataclass(frozen=True, slots=True)
class ProfileReading:
    """A profile, read.

    Attributes
    ----------
    events
        The events that speak for what comes next, in the order given.
    unwanted
        Ids of items never to be recommended.
    withdrawn
        The newest kind of those of them that have events: returned, skipped, hidden and the like.
    """

    events: tuple[ProfileEvent, ...]
    unwanted: frozenset[str]
    withdrawn: Mapping[str, EventKind]


def read_profile(events: Iterable[ProfileEvent]) -> ProfileReading:
    """Read a user's events, oldest first, each as its kind is read (`READ_AS`).

    An item's verdict is its newest event that judges: liked, disliked or hidden; having seen it judges
    nothing. Events of an item that is disliked speak for nothing. Disliked and hidden items are unwanted.
    That an item was hidden is no event of the history; its other events are.

    Examples
    --------
    >>> given = [("a", "seen"), ("b", "liked"), ("a", "disliked"), ("c", "hidden"), ("b", "seen")]
    >>> reading = read_profile([ProfileEvent(item_id=item, kind=kind) for item, kind in given])
    >>> [event.item_id for event in reading.events], sorted(reading.unwanted)
    (['b', 'b'], ['a', 'c'])
    """
    given = [(event, READ_AS[event.kind]) for event in events]
    verdicts: dict[str, tuple[ReadAs, EventKind]] = {
        event.item_id: (kind, event.kind) for event, kind in given if kind != "seen"
    }
    unwanted = {item: kind for item, (read, kind) in verdicts.items() if read in ("disliked", "hidden")}
    events = tuple(
        event
        for event, kind in given
        if kind != "hidden" and verdicts.get(event.item_id, ("seen",))[0] != "disliked"
    )
    held = {event.item_id for event in events}
    return ProfileReading(
        events, frozenset(unwanted), {item: kind for item, kind in unwanted.items() if item in held}
    )
