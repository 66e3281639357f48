"""What a person did and said, the newest first: the events that a request asks for."""

from __future__ import annotations

from collections.abc import Sequence

from nextinterest.agent.chat.naming import Naming
from nextinterest.agent.chat.profile import ChatProfile
from nextinterest.domain import Conditions, Event, Past, PastEvent, Request
from nextinterest.kind_names import kind_name

__all__ = ["past_events"]

N_NEWEST = 10
_ALL = frozenset({"all", "any", "everything", "seen", "watch", "watched"})
_GOOD, _POOR = 0.8, 0.5  # of the highest rating


def past_events(request: Request, profile: ChatProfile, naming: Naming, conditions: Conditions) -> Past:
    """Return the newest events that a request asks for, and how many there are.

    Parameters
    ----------
    request
        Its `past` names their kinds, its `where` what holds of their items, its `count` how many to name.
    profile
        Has the events.
    naming
        Finds their items.
    conditions
        Of the catalogue.
    """
    events = [(one, stored) for one, stored in profile.events(naming.catalog) if one.item in naming.catalog]
    meets = conditions.mask(request.where)
    ratings = [one.rating for one, _ in events if one.rating is not None]
    best = max(ratings, default=0.0)
    known = any(one.kind is not None or one.rating is not None for one, _ in events)
    wanted = [
        (one, stored)
        for one, stored in events
        if meets[naming.catalog.position(one.item)] and (not known or _is_of(one, request.past, best))
    ]
    newest = wanted[::-1][: request.count or N_NEWEST]
    return Past(
        events=tuple(
            PastEvent(
                item=naming.found(naming.catalog.position(one.item)),
                kind=one.kind,
                rating=one.rating,
                time=one.time,
                stored=stored,
            )
            for one, stored in newest
        ),
        matching=len(wanted),
        total=len(events),
    )


def _is_of(event: Event, kinds: Sequence[str], best: float) -> bool:
    """Whether an event is of one of some kinds; opinions are said or given by a rating."""
    names = {kind_name(kind) for kind in kinds}
    if not names or names & _ALL:
        return True
    kind, rating = event.kind, event.rating
    said = {kind_name(kind)} if kind is not None else set()
    said |= {"rate"} if rating is not None else set()
    if rating is not None and best > 0:
        said |= {"like"} if rating >= _GOOD * best else {"dislike"} if rating <= _POOR * best else set()
    return bool(names & said)
