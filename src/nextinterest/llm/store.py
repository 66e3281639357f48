"""Cached states of many users: bounded in bytes, least recently used out first, none seen by another.

A state belongs to a user under one model and one template; when either changes nothing old can be found.
The fixed start of every prompt (the instruction) is read once and copied into each new state. Knows keys
and tokens, nothing of what they say.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from nextinterest.errors import BudgetError
from nextinterest.llm.local import LocalModel
from nextinterest.llm.state import CausalState

__all__ = ["StateStore", "StoreStatistics"]

Key = tuple[str, str, str]  # model fingerprint, template hash, user


@dataclass(slots=True)
class StoreStatistics:
    """What the store did since it was made."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0


@dataclass(slots=True)
class _Entry:
    """One user's state, and who works on it."""

    state: CausalState
    lock: threading.Lock = field(default_factory=threading.Lock)
    nbytes: int = 0
    users: int = 0
    dead: bool = False


class StateStore:
    """States by user.

    Parameters
    ----------
    model
        The model that reads.
    template
        Hash of the template that prompts are rendered with.
    max_bytes
        Bytes that all states may keep together. A state in use is never evicted, so concurrent requests
        can exceed this for as long as they run.

    Raises
    ------
    BudgetError
        If `max_bytes` is not positive.
    """

    def __init__(self, model: LocalModel, template: str, *, max_bytes: int = 1 << 30) -> None:
        if max_bytes <= 0:
            raise BudgetError(
                f"A store of {max_bytes} bytes keeps nothing.", remedy="Give max_bytes above zero."
            )
        self.max_bytes = max_bytes
        self.statistics = StoreStatistics()
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._starts: list[CausalState] = []
        self._model, self._template = model, template

    @property
    def nbytes(self) -> int:
        """Bytes that states and shared starts keep now."""
        with self._lock:
            return self._total()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, user: object) -> bool:
        return isinstance(user, str) and self._key(user) in self._entries

    def users(self) -> list[str]:
        """Return the users of whom a state is kept now."""
        with self._lock:
            return [user for _, _, user in self._entries]

    def share(self, tokens: Sequence[int]) -> None:
        """Read the fixed start of prompts once; new states that begin with it copy it."""
        state = self._model.open(tokens)
        state.compact()
        with self._lock:
            self._starts = [s for s in self._starts if s.tokens != state.tokens] + [state]

    def forget(self, user: str) -> None:
        """Drop a user's state, if there is one."""
        with self._lock:
            entry = self._entries.pop(self._key(user), None)
            if entry is not None:
                entry.dead = True

    @contextmanager
    def state(self, user: str, tokens: Sequence[int]) -> Iterator[CausalState]:
        """Lend a user's state for one request; nobody else has it meanwhile.

        Parameters
        ----------
        user
            Whose state.
        tokens
            The prompt that is about to be read; a new state starts from a shared start of it.
        """
        while True:
            entry = self._claim(user, tokens)
            entry.lock.acquire()
            if not entry.dead:
                break
            # Forgotten or out of date while we waited for it: what the waiter reads must be new.
            entry.lock.release()
            with self._lock:
                entry.users -= 1
        try:
            yield entry.state
        except BaseException:
            # A request that failed half-way may have left anything behind: nothing of it is kept.
            entry.dead = True
            raise
        finally:
            entry.lock.release()
            self._settle(user, entry)

    def _key(self, user: str) -> Key:
        return (self._model.fingerprint, self._template, user)

    def _total(self) -> int:
        return sum(e.nbytes for e in self._entries.values()) + sum(s.nbytes for s in self._starts)

    def _claim(self, user: str, tokens: Sequence[int]) -> _Entry:
        with self._lock:
            key = self._key(user)
            entry = self._entries.get(key)
            if entry is None:
                self.statistics.misses += 1
                entry = _Entry(self._fresh(tokens))
                self._entries[key] = entry
            else:
                self.statistics.hits += 1
            self._entries.move_to_end(key)
            entry.users += 1
            return entry

    def _fresh(self, tokens: Sequence[int]) -> CausalState:
        fitting = [s for s in self._starts if tuple(tokens[: len(s)]) == s.tokens]
        return max(fitting, key=len).fork() if fitting else CausalState(self._model)

    def _settle(self, user: str, entry: _Entry) -> None:
        """Count what the request left, then evict what exceeds the budget."""
        with self._lock:
            entry.users -= 1
            entry.nbytes = entry.state.nbytes
            if entry.dead:
                for key in [k for k, e in self._entries.items() if e is entry]:
                    del self._entries[key]
            for key in list(self._entries):
                if self._total() <= self.max_bytes:
                    break
                if self._entries[key].users == 0:
                    self._entries[key].dead = True
                    del self._entries[key]
                    self.statistics.evictions += 1
