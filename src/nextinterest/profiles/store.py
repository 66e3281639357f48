"""The contract every profile store keeps, and the choice of one by URL.

A store knows users, events and item ids as strings. It does not know the catalogue: an event of an item
that was removed later stays, and the agent skips and reports it. It keeps what was changed of the catalogue
as records that it does not read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from nextinterest.amounts import Amount
from nextinterest.characters import DIRECTION_CONTROLS
from nextinterest.profiles.faults import UserNameError
from nextinterest.profiles.kinds import EventKind, GivenKind

__all__ = [
    "AppendResult",
    "ItemRecord",
    "ProfileEvent",
    "ProfileStore",
    "checked_user",
]

MAX_USER_ID = 256


class ProfileEvent(BaseModel):
    """One thing a user did or said about an item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: str = Field(description="Id of the item.", min_length=1, max_length=512)
    time: AwareDatetime | None = Field(
        default=None,
        description="When it happened (with a time zone), from 1970 to a day after the receipt; a time later "
        "than the receipt counts as the time of receipt, which is also the default.",
    )
    kind: GivenKind = Field(
        default="seen",
        description="seen and liked are events of the history; disliked takes the item's events out of it "
        "and keeps the item out of recommendations; hidden does only the latter. view, click, play, read and "
        "rate are read as seen; like, save, share, cart, buy and borrow as liked; dislike as disliked; hide, "
        "skip, remove and return as hidden. Other spellings of these (bought, purchase) are known.",
    )
    rating: Amount | None = Field(default=None, description="Rating, where one was given.", strict=True)


class AppendResult(BaseModel):
    """What a store answers once the events are durable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accepted: int = Field(description="Events written by this call, or by the first call with its key.")
    replayed: bool = Field(description="Whether the idempotency key was known, so that nothing was written.")


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """The newest change of one item: what it is now (text of the caller's), or None where it was removed."""

    item_id: str
    body: str | None


class ProfileStore(Protocol):
    """Users' events and changed items, durable once a method that writes has returned.

    Implementations may be used by many threads, and many processes may open one store. Events of a user are
    kept in order of time; events of one time in order of receipt. A profile has a number from its first event
    until it is forgotten, and no other profile ever has the same: so whoever keeps something of a user in
    memory can tell that it is out of date.

    Every method raises `StoreError` if the store cannot be read or written (a full or read-only disk, a
    damaged file, a server that is down). What was acknowledged before stays.
    """

    def append(
        self,
        user: str,
        events: Sequence[ProfileEvent],
        *,
        received: datetime,
        key: str | None = None,
        profile: int | None = None,
    ) -> AppendResult:
        """Write events of one user, all or none.

        Parameters
        ----------
        user
            The user's id.
        events
            What happened.
        received
            Time given to events that carry none, or one up to a day later.
        key
            Idempotency key: the same key with the same events writes once.
        profile
            Number of the profile the events belong to; None writes to whichever there is, or a new one.

        Raises
        ------
        EventTimeError
            If a time lies before 1970 or more than a day after `received`.
        IdempotencyError
            If the key was used by this user with other events.
        ForgottenError
            If the user has no profile of the given number any more.
        """
        ...

    def fill(self, histories: Mapping[str, Sequence[ProfileEvent]], *, received: datetime) -> int:
        """Write histories of many users into a store that has no events, all or none.

        Returns the number of users written: 0 where the store has events already. Raises as `append`.
        """
        ...

    def events(self, user: str) -> list[ProfileEvent]:
        """Return a user's events, oldest first; empty for an unknown user."""
        ...

    def retract(self, user: str, item_id: str, *, newest: EventKind | None = None) -> int:
        """Remove a user's events of one item, or only the newest of a kind; return how many there were."""
        ...

    def users(self) -> list[str]:
        """Return the ids of all users with events, sorted."""
        ...

    def profiles(self, users: Sequence[str]) -> dict[str, int]:
        """Return the number of each user's profile; users without one are left out."""
        ...

    def forget(self, user: str) -> int:
        """Remove everything about a user, keys included, beyond recovery; return the events removed."""
        ...

    def change_items(self, records: Sequence[ItemRecord]) -> int:
        """Keep changes of the catalogue, all or none, and return their version: one more than the last."""
        ...

    def items_since(self, version: int) -> tuple[int, list[ItemRecord]]:
        """Return the present version, and the newest change of each item changed after a version.

        The records stand in order of their changes. Version 0 is that of a store without any.
        """
        ...

    def check(self) -> None:
        """Write a little and return, or raise `StoreError` where the store cannot be written now."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


def checked_user(user: str) -> str:
    """Return the id, in Unicode's composed form (NFC), if a store may keep it.

    Raises
    ------
    DataError
        If it is empty, blank, ``.`` or ``..`` (clients drop these from paths), longer than 256 characters, or
        holds control characters, those of direction included, lone surrogates, or U+FFFD, which stands for
        bytes that are no text and by which no request can name a user.
    """
    user = unicodedata.normalize("NFC", user)
    if (
        not user
        or user in {".", ".."}
        or all(unicodedata.category(c)[0] in "CZ" for c in user)
        or not DIRECTION_CONTROLS.isdisjoint(user)
        or len(user) > MAX_USER_ID
        or any(c < " " or c in "\x7f\ufffd" or "\ud800" <= c <= "\udfff" for c in user)
    ):
        raise UserNameError(
            "A user id has 1 to 256 characters, one of them visible, is not '.' or '..', and has no control "
            "characters, those that change the direction of writing included, and no U+FFFD.",
            remedy="Use another id.",
        )
    return user
