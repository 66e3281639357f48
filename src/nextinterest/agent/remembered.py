"""What is kept of users in memory, beside the store, and how it goes when a user is forgotten.

Forgetting waits for no answer, and may happen in another process. So an answer looks, at its end, whether
the profile it began with is still there, and drops what it may have put back; between answers `synchronise`
does. Profiles are distinguished by the numbers that the store gives them, which no two profiles share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock

from nextinterest.agent.chat.waiting import WaitingQuestions
from nextinterest.agent.sessions import Sessions
from nextinterest.profiles import ProfileStore, StoreError
from nextinterest.retrieval import Retriever

__all__ = ["RememberedUsers"]


class RememberedUsers:
    """Users of whom something is in memory: what the language model read, questions that wait, sessions.

    Parameters
    ----------
    store
        Knows which profiles there are.
    retriever
        Returns the present retriever, which keeps what its language model has read of users.
    sessions
        Conversations.
    """

    def __init__(self, store: ProfileStore, retriever: Callable[[], Retriever], sessions: Sessions) -> None:
        self._store, self._retriever, self.sessions = store, retriever, sessions
        self.questions = WaitingQuestions()
        self._numbers: dict[str, int] = {}  # of the profiles that are remembered
        self._lock = Lock()
        self._running: Counter[str] = Counter()

    @contextmanager
    def answering(self, user: str) -> Iterator[int | None]:
        """Give the number of the user's profile, if there is one, for as long as an answer runs."""
        with self._lock:
            self._running[user] += 1
        try:
            number = self._store.profiles([user]).get(user)
            try:
                yield number
            finally:
                self._settle(user, number)
        finally:
            with self._lock:
                self._running[user] -= 1
                if not self._running[user]:
                    del self._running[user]

    def _settle(self, user: str, number: int | None) -> None:
        """Drop what an answer has put back of a profile that is there no more."""
        try:
            still = self._store.profiles([user]).get(user) == number
            if number is not None and not still:
                self.sessions.drop(user)
        except StoreError:
            still = False  # nobody knows, so nothing is kept; sessions are compared when they are used
        if not still:
            self._drop_read(user)
        elif number is not None and user in self._retriever().remembered():
            self._numbers[user] = number

    def number(self, user: str) -> int | None:
        """Return the number of a user's profile; None where there is none, or nobody knows."""
        try:
            return self._store.profiles([user]).get(user)
        except StoreError:
            return None

    def drop(self, user: str) -> None:
        """Drop what is kept of a user."""
        self.sessions.drop(user)
        self._drop_read(user)

    def _drop_read(self, user: str) -> None:
        self._retriever().forget(user)
        self.questions.drop(user)
        self._numbers.pop(user, None)

    def synchronise(self, now: datetime) -> None:
        """Drop what is kept of profiles that another process has forgotten, and questions out of date.

        Users with an answer under way are left to its end.
        """
        self.questions.expire(now)
        self.sessions.expire(now)
        talked = self.sessions.numbers()
        known = self._store.profiles(sorted(talked))
        for user, number in talked.items():
            if known.get(user) != number:
                self.sessions.drop(user)
        remembered = self._retriever().remembered()
        there = self._store.profiles(sorted(remembered))
        for user in remembered:
            with self._lock:
                running = user in self._running
            if not running and (user not in there or there[user] != self._numbers.get(user)):
                self.drop(user)
        for user in set(self._numbers) - remembered:  # the memory was needed for others
            self._numbers.pop(user, None)
