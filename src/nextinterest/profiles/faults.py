"""What can go wrong with a profile store, as errors of our own, and the limits of an event's time.

Drivers speak of the same fault in many ways: `store_fault` turns what SQLite and PostgreSQL raise into one
`StoreError` whose `reason` a program can branch on.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

from nextinterest.errors import DataError, NextInterestError

__all__ = [
    "EARLIEST",
    "LATEST_AHEAD",
    "EventTimeError",
    "ForgottenError",
    "IdempotencyError",
    "Reason",
    "StoreError",
    "UserNameError",
    "checked_seconds",
    "settled_times",
    "store_fault",
]

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = int(datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp())
LATEST_AHEAD = timedelta(days=1)
"""A clock may be ahead of the server's by this much; what it says then counts as the moment of receipt."""

Reason = Literal["full", "read-only", "busy", "damaged", "unavailable"]


class StoreError(DataError):
    """The store cannot do what was asked of it now.

    Attributes
    ----------
    reason
        What hinders it, for programs.
    public
        The message for callers who may not know where the store is.
    """

    def __init__(self, reason: Reason, message: str, *, remedy: str, public: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
        self.public = public or message


class IdempotencyError(NextInterestError):
    """An idempotency key was used again with other events."""


class ForgottenError(NextInterestError):
    """The profile that something was to be written to was forgotten in the meantime."""


class UserNameError(DataError):
    """No store may keep a user of this name."""


class EventTimeError(DataError):
    """An event's time lies outside the limits.

    Attributes
    ----------
    index
        Place of the event in its batch, from 0.
    """

    def __init__(self, index: int, message: str) -> None:
        super().__init__(
            message, remedy="Check the clock of the device; without a time the moment of receipt counts."
        )
        self.index = index


def settled_times(times: Iterable[datetime | None], received: datetime) -> list[datetime]:
    """Return the time by which each event counts.

    That is its own, or the moment of receipt where it has none or lies up to a day ahead of that moment.

    Raises
    ------
    EventTimeError
        For the first time before 1970 or more than a day ahead.

    Examples
    --------
    >>> noon = datetime(2024, 3, 1, 12, tzinfo=UTC)
    >>> [time.hour for time in settled_times([None, noon - timedelta(hours=1), noon + timedelta(1)], noon)]
    [12, 11, 12]
    """
    return [received if time is None else _settled(index, time, received) for index, time in enumerate(times)]


def _settled(index: int, time: datetime, received: datetime) -> datetime:
    if EARLIEST <= time <= received:
        return time
    if received < time <= received + LATEST_AHEAD:
        return received
    last = (received + LATEST_AHEAD).astimezone(UTC).isoformat(timespec="seconds")
    raise _outside(index, time.isoformat(), f"a day after the moment of receipt, {last}")


def checked_seconds(seconds: Iterable[int]) -> None:
    """Refuse times, in seconds since 1970, that no calendar has.

    Raises
    ------
    EventTimeError
        For the first one before 1970 or after the year 9999.
    """
    for index, value in enumerate(seconds):
        if not 0 <= value <= _LAST_SECOND:
            raise _outside(index, f"{value} seconds since 1970", "a day after the moment of receipt")


def _outside(index: int, time: str, last: str) -> EventTimeError:
    return EventTimeError(
        index,
        f"The time of event {index}, {time}, is outside the limits: from {EARLIEST.isoformat()} to {last}.",
    )


_FAULTS: dict[Reason, tuple[str, str]] = {
    "full": ("has no space left on its disk", "Free some space; writing works again by itself then."),
    "read-only": (
        "cannot be written: it is read-only",
        "Make the file, its folder and its disk (or the database) writable.",
    ),
    "busy": ("was locked by another program for too long", "Try again, or end the program that holds it."),
    "damaged": (
        "is damaged: its file is not a sound database",
        "If it is another program's file, name another path. Otherwise restore it from a backup, or save "
        "what can be read with `sqlite3 FILE .recover`.",
    ),
    "unavailable": (
        "cannot be reached",
        "Check the disk and the permissions of its file, or that the database server is up.",
    ),
}

# Primary result codes, https://www.sqlite.org/rescode.html
_SQLITE: dict[int, Reason] = {5: "busy", 6: "busy", 8: "read-only", 11: "damaged", 13: "full", 26: "damaged"}
_SYSTEM: dict[int, Reason] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read-only",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: dict[str, Reason] = {
    "53100": "full",
    "25006": "read-only",
    "55P03": "busy",
    "XX001": "damaged",
    "XX002": "damaged",
}


def store_fault(where: str, error: BaseException | None) -> StoreError:
    """Return the error for what a driver raised.

    Parameters
    ----------
    where
        The store, as its user knows it; without a password.
    error
        Of `sqlite3`, `psycopg` or the system.
    """
    reason = _reason(error)
    message, remedy = _FAULTS[reason]
    said = " ".join(str(error).split())
    return StoreError(
        reason,
        f"The profile store {where} {message} ({said}).",
        remedy=remedy,
        public=f"The profile store {message}.",
    )


def _reason(error: BaseException | None) -> Reason:
    code, state = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)
    if isinstance(code, int):
        return _SQLITE.get(code & 0xFF, "unavailable")
    if isinstance(state, str):
        return _POSTGRESQL.get(state, "unavailable")
    if isinstance(error, OSError):
        return _SYSTEM.get(error.errno or 0, "unavailable")
    return "damaged" if "malformed" in str(error) else "unavailable"
