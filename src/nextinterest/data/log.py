"""The event log: what every user did, in order, as flat arrays with one slice per user.

Knows nothing of files (see `nextinterest.data.sources`) or of what is held out (`nextinterest.data.splits`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nextinterest.amounts import amounts
from nextinterest.counting import counted
from nextinterest.domain import FloatArray, History, IntArray, Kinds, TimeArray, found_name
from nextinterest.errors import DataError

__all__ = ["EventLog"]


@dataclass(frozen=True, eq=False)
class EventLog:
    """Events of all users, sorted by user, then time, then the order of the file.

    Attributes
    ----------
    user_ids
        Ids of the users, shape (n_users,).
    offsets
        Events of user u are ``offsets[u]:offsets[u + 1]``; int64, shape (n_users + 1,).
    items
        Catalogue positions, int32, shape (n_events,).
    times
        Seconds since 1970 UTC, int64, shape (n_events,); None where the data has no times.
    ratings
        Ratings as given, float32, NaN where missing, shape (n_events,); None where there are none.
    nanoseconds
        What each time is beyond its second, int32, shape (n_events,); None where times are whole seconds.
    kinds
        What each event was; None where no kind is known.
    weights
        Weights of the events, float32, NaN where missing, shape (n_events,); None where there are none.
    """

    user_ids: tuple[str, ...]
    offsets: NDArray[np.int64]
    items: IntArray
    times: TimeArray | None = None
    ratings: FloatArray | None = None
    nanoseconds: IntArray | None = None
    kinds: Kinds | None = None
    weights: FloatArray | None = None

    def __post_init__(self) -> None:
        n = len(self.items)
        if len(self.offsets) != len(self.user_ids) + 1 or self.offsets[0] != 0 or self.offsets[-1] != n:
            raise DataError(
                f"The offsets of {len(self.user_ids):,} users do not cover {counted(n, 'event')}.",
                remedy="Build the log with EventLog.from_arrays.",
            )

    @classmethod
    def from_arrays(
        cls,
        user_ids: Sequence[str],
        users: IntArray,
        items: IntArray,
        times: TimeArray | None = None,
        ratings: FloatArray | None = None,
        nanoseconds: IntArray | None = None,
        kinds: Kinds | None = None,
        weights: FloatArray | None = None,
    ) -> EventLog:
        """Build a log from one row per event, in the order of the file.

        The sort is stable: by user, then time; events of the same user and time keep the file's order.

        Parameters
        ----------
        user_ids
            Ids of the users, shape (n_users,).
        users
            Index into `user_ids` of each event, shape (n_events,).
        items, times, ratings, nanoseconds, kinds, weights
            As the attributes of the class, one per event, in the order of the file.

        Raises
        ------
        DataError
            If a rating or weight is beyond `nextinterest.amounts.MAX_AMOUNT`.
        """
        keys = [key for key in (nanoseconds, times, users) if key is not None]
        order = np.lexsort(keys)
        counts = np.bincount(users, minlength=len(user_ids))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(
            tuple(user_ids),
            offsets,
            np.ascontiguousarray(items[order], dtype=np.int32),
            None if times is None else np.ascontiguousarray(times[order], dtype=np.int64),
            None if ratings is None else np.ascontiguousarray(amounts(ratings, "rating")[order]),
            None if nanoseconds is None else np.ascontiguousarray(nanoseconds[order], dtype=np.int32),
            None if kinds is None else kinds.take(order),
            None if weights is None else np.ascontiguousarray(amounts(weights, "weight")[order]),
        )

    def __repr__(self) -> str:
        """Return the counts and what is known of the events, not the events."""
        columns = ("times", "ratings", "kinds", "weights")
        has = [name for name in columns if getattr(self, name) is not None]
        return (
            f"EventLog({counted(self.n_users, 'user')}, {', '.join((counted(self.n_events, 'event'), *has))})"
        )

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.user_ids)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.items)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Events per user, shape (n_users,)."""
        return np.diff(self.offsets)

    @cached_property
    def users(self) -> IntArray:
        """Index of the user of each event, shape (n_events,)."""
        return np.repeat(np.arange(self.n_users, dtype=np.int32), self.lengths)

    @cached_property
    def moments(self) -> TimeArray | None:
        """Times to compare for order and equality, int64, shape (n_events,); None where there are none.

        Nanoseconds since 1970 where the log has them, else its seconds.
        """
        if self.times is None or self.nanoseconds is None:
            return self.times
        return self.times * 1_000_000_000 + self.nanoseconds

    @cached_property
    def user_index(self) -> dict[str, int]:
        """Index of each user by id."""
        return {user_id: u for u, user_id in enumerate(self.user_ids)}

    def user(self, user_id: str) -> int | None:
        """Return the index of a user, in whatever Unicode form the id is written; None for an unknown one."""
        return found_name(self.user_index, user_id)

    def item_counts(self, n_items: int) -> NDArray[np.int64]:
        """Events per item, shape (n_items,)."""
        return np.bincount(self.items, minlength=n_items)

    def history(self, user: int, end: int | None = None) -> History:
        """Return the events of user index `user`, the first `end` of them where given."""
        lo = int(self.offsets[user])
        hi = int(self.offsets[user + 1]) if end is None else lo + end
        return History(
            self.items[lo:hi],
            None if self.times is None else self.times[lo:hi],
            None if self.ratings is None else self.ratings[lo:hi],
            self.user_ids[user],
            None if self.nanoseconds is None else self.nanoseconds[lo:hi],
            None if self.kinds is None else self.kinds.take(slice(lo, hi)),
            None if self.weights is None else self.weights[lo:hi],
        )

    def histories(self) -> Iterator[History]:
        """Yield the whole history of each user, in order of `user_ids`."""
        return (self.history(u) for u in range(self.n_users))

    def keep(self, mask: NDArray[np.bool_]) -> EventLog:
        """Return the log with only the events where `mask` is true; users without events stay, empty."""
        kept = np.concatenate([[0], np.cumsum(mask)])
        return EventLog(
            self.user_ids,
            kept[self.offsets].astype(np.int64),
            self.items[mask],
            None if self.times is None else self.times[mask],
            None if self.ratings is None else self.ratings[mask],
            None if self.nanoseconds is None else self.nanoseconds[mask],
            None if self.kinds is None else self.kinds.take(mask),
            None if self.weights is None else self.weights[mask],
        )

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over users and events in order."""
        digest = hashlib.sha256("\0".join(self.user_ids).encode("utf-8", "surrogatepass"))
        for column in (self.offsets, self.items, self.times, self.ratings):
            digest.update(b"-" if column is None else np.ascontiguousarray(column).tobytes())
        if self.nanoseconds is not None:  # logs of whole seconds keep the fingerprint they always had
            digest.update(np.ascontiguousarray(self.nanoseconds).tobytes())
        if self.kinds is not None:
            digest.update("\0".join(("kinds", *self.kinds.names)).encode("utf-8", "surrogatepass"))
            digest.update(self.kinds.codes.tobytes())
        if self.weights is not None:
            digest.update(b"weights" + np.ascontiguousarray(self.weights).tobytes())
        return digest.hexdigest()
