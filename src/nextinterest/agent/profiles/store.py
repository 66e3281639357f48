"""The contract every profile store keeps, and the choice of one by URL.

A store knows users, events and item ids as strings. It does not know the catalogue: an event of an item
that was removed later stays, and the agent skips and reports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from nextinterest.errors import DataError, MissingExtraError, NextInterestError

__all__ = [
    "AppendResult",
    "EventKind",
    "IdempotencyError",
    "ProfileEvent",
    "ProfileStore",
    "checked_user",
    "open_store",
]

EventKind = Literal["seen", "liked", "disliked", "hidden"]
MAX_USER_ID = 256


class ProfileEvent(BaseModel):
    """One thing a user did or said about an item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: str = Field(description="Id of the item.", min_length=1, max_length=512)
    time: AwareDatetime | None = Field(
        default=None, description="When it happened (with a time zone); the time of receipt by default."
    )
    kind: EventKind = Field(
        default="seen",
        description="seen and liked are events of the history; disliked takes the item's events out of it "
        "and keeps the item out of recommendations; hidden does only the latter.",
    )
    rating: float | None = Field(
        default=None, description="Rating, where one was given.", allow_inf_nan=False, strict=True
    )


class AppendResult(BaseModel):
    """What a store answers once the events are durable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accepted: int = Field(description="Events written by this call, or by the first call with its key.")
    replayed: bool = Field(description="Whether the idempotency key was known, so that nothing was written.")


class IdempotencyError(NextInterestError):
    """An idempotency key was used again with other events."""


class ProfileStore(Protocol):
    """Users' events, durable once `append` has returned.

    Implementations may be used by many threads at once. Events of a user are kept in order of time; events
    of one time in order of receipt.
    """

    def append(
        self, user: str, events: Sequence[ProfileEvent], *, received: datetime, key: str | None = None
    ) -> AppendResult:
        """Write events of one user, all or none.

        Parameters
        ----------
        user
            The user's id.
        events
            What happened.
        received
            Time given to events that carry none.
        key
            Idempotency key: the same key with the same events writes once.

        Raises
        ------
        IdempotencyError
            If the key was used by this user with other events.
        """
        ...

    def events(self, user: str) -> list[ProfileEvent]:
        """Return a user's events, oldest first; empty for an unknown user."""
        ...

    def retract(self, user: str, item_id: str) -> int:
        """Remove a user's events of one item and return how many there were."""
        ...

    def users(self) -> list[str]:
        """Return the ids of all users with events, sorted."""
        ...

    def forget(self, user: str) -> int:
        """Remove everything about a user, keys included, beyond recovery; return the events removed."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


def checked_user(user: str) -> str:
    """Return the id if a store may keep it.

    Raises
    ------
    DataError
        If it is empty, longer than 256 characters, or holds control characters or lone surrogates.
    """
    if (
        not user
        or len(user) > MAX_USER_ID
        or any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in user)
    ):
        raise DataError(
            "A user id has 1 to 256 characters and no control characters.", remedy="Use another id."
        )
    return user


def open_store(url: str) -> ProfileStore:
    """Open a store: a path or ``sqlite:///path`` is SQLite, ``postgresql://...`` is PostgreSQL.

    Raises
    ------
    DataError
        For any other scheme, or where the database cannot be opened.
    MissingExtraError
        Where the database's driver is not installed.
    """
    try:
        from nextinterest.agent.profiles.sql import SqlProfileStore
    except ModuleNotFoundError:
        raise MissingExtraError("sqlalchemy", "serve") from None
    scheme, separator, rest = url.partition("://")
    if not separator:
        return SqlProfileStore(f"sqlite:///{url}")
    if scheme == "sqlite":
        return SqlProfileStore(url)
    if scheme in {"postgresql", "postgres"}:
        return SqlProfileStore(f"postgresql+psycopg://{rest}")
    raise DataError(
        f"No profile store is known for URLs that start with {scheme!r}.",
        remedy="Use a path, sqlite:///path or postgresql://user@host/database.",
    )
