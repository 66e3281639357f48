"""Conversations that are kept between two messages: in memory, for a while, each of one user.

A session is found under its user's name and its id, so that the same id of two users is two sessions. Nothing
of it is written anywhere. It goes when nothing was said in it for some time, when there are too many, and
when its user is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakSet

from nextinterest.agent.chat.schema import ChatReply
from nextinterest.domain import Answer, Outcome, Session, SessionState
from nextinterest.errors import DataError
from nextinterest.messages import Message

__all__ = ["MOST_SESSIONS", "SESSION_SECONDS", "OpenSession", "Sessions", "checked_session"]

SESSION_SECONDS = 1800.0
MOST_SESSIONS = 2000
MOST_BYTES = 64 << 20
MESSAGE_BYTES = 2048
"""Counted for what a message holds beside its text."""

_MOST_ENDED = 10_000
_LONGEST_ID = 200
_Key = tuple[str | None, str]


def checked_session(session: str) -> str:
    """Return the id of a session.

    Raises
    ------
    DataError
        If it is no text of 1 to 200 printable characters.
    """
    if not isinstance(session, str) or not 0 < len(session) <= _LONGEST_ID or not session.isprintable():
        raise DataError(
            f"A session's id is 1 to {_LONGEST_ID} printable characters.",
            remedy="Choose one that nobody else uses, such as str(uuid.uuid4()).",
            command="Choose another id.",
        )
    return session


@dataclass(eq=False)
class OpenSession:
    """A session while a message of it is answered.

    Attributes
    ----------
    session
        As it was.
    messages
        The conversation that is answered: what was kept, and what is new.
    new
        Whether nothing was kept of it.
    notes
        What the reply says about it.
    forgotten
        Whether its user was forgotten since.
    number
        Number of the user's profile once the message was carried out.
    """

    session: Session
    messages: tuple[Message, ...]
    new: bool
    notes: tuple[str, ...] = ()
    forgotten: bool = False
    number: int | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    session: Session
    number: int | None  # of the user's profile

    @property
    def size(self) -> int:
        return sum(len(one.content) + MESSAGE_BYTES for one in self.session.messages)


class Sessions:
    """The sessions of an agent; safe for many threads.

    Parameters
    ----------
    seconds
        How long a session is kept after its last message.
    most
        Sessions kept at most; the one unused longest goes first, as it does beyond `MOST_BYTES`.
    """

    def __init__(self, seconds: float = SESSION_SECONDS, most: int = MOST_SESSIONS) -> None:
        self.seconds, self.most = seconds, most
        self._lock = Lock()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._ended: OrderedDict[_Key, None] = OrderedDict()  # by themselves, not by their users
        self._open: WeakSet[OpenSession] = WeakSet()
        self._size = 0

    def open(
        self,
        user: str | None,
        session: str,
        sent: Sequence[Message],
        now: datetime,
        number: int | None = None,
    ) -> OpenSession:
        """Begin to answer a message of a session, which need not exist.

        A client may send the conversation before the new messages along: where the session has the same, it
        goes on from there, and else from what was sent.

        Parameters
        ----------
        user
            Whose it is; None for nobody known.
        session
            Its id.
        sent
            The messages; those behind the last one of an assistant are new.
        now
            The present time.
        number
            Number of the user's profile; a session of one that was forgotten since is none.
        """
        key = (user, checked_session(session))
        with self._lock:
            kept = self._live(key, now, number)
            before = Session(id=session, user=user) if kept is None else kept.session
            messages = tuple(sent) if kept is None else _continued(before.messages, sent)
            notes: tuple[str, ...] = ()
            if kept is None and key in self._ended and all(one.role != "assistant" for one in sent):
                notes = ("This session was not used for too long: what was said in it before is not known.",)
            if messages is None:
                messages = tuple(sent)
                notes = ("The messages sent along are not those of the session: it goes on from them.",)
            self._ended.pop(key, None)
            opened = OpenSession(before, messages, kept is None, notes, number=number)
            self._open.add(opened)
        return opened

    def recorded(
        self,
        opened: OpenSession,
        outcome: Outcome,
        pieces: Iterator[str | ChatReply],
        clock: Callable[[], datetime],
        number: Callable[[], int | None],
    ) -> Iterator[str | ChatReply]:
        """Yield a reply and keep it in its session; of one that is broken off, what was said and done."""
        written: list[str] = []
        closed = False
        try:
            for piece in pieces:
                if isinstance(piece, str):
                    written.append(piece)
                    yield piece
                else:
                    closed = True
                    state = self.close(opened, outcome, piece.text, clock(), number())
                    yield piece.model_copy(update={"session": state})
        finally:
            if not closed:
                self.close(opened, outcome, "".join(written), clock(), number())

    def close(
        self, opened: OpenSession, outcome: Outcome, text: str, now: datetime, number: int | None
    ) -> SessionState | None:
        """Keep a session with a reply; None where its user was forgotten meanwhile, and nothing is kept."""
        expires = now + timedelta(seconds=self.seconds)
        session = opened.session.after(opened.messages, Answer.of(outcome, text, now), expires)
        with self._lock:
            self._open.discard(opened)
            if opened.forgotten or (opened.number is not None and opened.number != number):
                return None
            self._put((session.user, session.id), _Kept(session, number))
        return SessionState(id=session.id, new=opened.new, messages=len(session.messages), expires=expires)

    def get(self, user: str | None, session: str, now: datetime, number: int | None = None) -> Session | None:
        """Return a session; None where nothing is kept of it."""
        with self._lock:
            kept = self._live((user, session), now, number)
        return None if kept is None else kept.session

    def branch(
        self, user: str | None, session: str, other: str, now: datetime, number: int | None = None
    ) -> bool:
        """Let another id of the user go on from a session as it is now; False where nothing is kept of it."""
        with self._lock:
            kept = self._live((user, session), now, number)
            if kept is not None:
                copied = kept.session.model_copy(update={"id": checked_session(other)})
                self._put((user, other), replace(kept, session=copied))
        return kept is not None

    def end(self, user: str | None, session: str) -> bool:
        """Forget a session and return whether anything was kept of it."""
        with self._lock:
            for opened in self._open:
                if (opened.session.user, opened.session.id) == (user, session):
                    opened.forgotten = True
            self._ended.pop((user, session), None)
            return self._remove((user, session))

    def drop(self, user: str) -> None:
        """Forget all sessions of a user, those that are being answered too."""
        with self._lock:
            for opened in self._open:
                opened.forgotten = opened.forgotten or opened.session.user == user
            for key in [key for key in (*self._kept, *self._ended) if key[0] == user]:
                self._remove(key)
                self._ended.pop(key, None)

    def of(self, user: str, now: datetime) -> tuple[Session, ...]:
        """Return what is kept of a user."""
        with self._lock:
            kept = [one.session for key, one in self._kept.items() if key[0] == user]
        return tuple(one for one in kept if one.expires is None or now < one.expires)

    def numbers(self) -> dict[str, int]:
        """Return the users with sessions that belong to a profile, and its number."""
        with self._lock:
            return {
                user: one.number
                for (user, _), one in self._kept.items()
                if user is not None and one.number is not None
            }

    def expire(self, now: datetime) -> None:
        """Forget sessions that were not used for too long."""
        with self._lock:
            for key in [key for key, one in self._kept.items() if _is_over(one, now)]:
                self._end(key)

    def _live(self, key: _Key, now: datetime, number: int | None) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.number is not None and kept.number != number:  # the user was forgotten elsewhere
            self._remove(key)
            return None
        if _is_over(kept, now):
            self._end(key)
            return None
        return kept

    def _put(self, key: _Key, kept: _Kept) -> None:
        self._remove(key)
        self._kept[key] = kept
        self._size += kept.size
        while self._kept and (len(self._kept) > self.most or self._size > MOST_BYTES):
            self._end(next(iter(self._kept)))

    def _end(self, key: _Key) -> None:
        self._remove(key)
        self._ended[key] = None
        if len(self._ended) > _MOST_ENDED:
            self._ended.popitem(last=False)

    def _remove(self, key: _Key) -> bool:
        kept = self._kept.pop(key, None)
        self._size -= 0 if kept is None else kept.size
        return kept is not None


def _is_over(kept: _Kept, now: datetime) -> bool:
    return kept.session.expires is not None and now >= kept.session.expires


def _continued(known: Sequence[Message], sent: Sequence[Message]) -> tuple[Message, ...] | None:
    """Return a conversation with what is new of the messages sent; None where it is another one.

    It goes on from the newest place where users said what was sent along; what followed there is dropped.
    """
    behind = max((n + 1 for n, one in enumerate(sent) if one.role == "assistant"), default=0)
    earlier = [one.content for one in sent[:behind] if one.role == "user"]
    new = tuple(sent[behind:])
    places = [n for n, one in enumerate(known) if one.role == "user"]
    texts = [known[n].content for n in places]
    for end in range(len(texts), len(earlier) - 1, -1):
        if texts[end - len(earlier) : end] == earlier:
            return (*known[: places[end] if end < len(places) else len(known)], *new)
    return None
