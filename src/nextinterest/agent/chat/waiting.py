"""Questions asked back that wait for users' answers: in memory, for ten minutes, each for one message.

A question is data kept here, never read off the words of an earlier reply. Whatever the user says next takes
it away; it counts as answered only where that message follows the one that it was asked about, so that a
"yes" in another conversation of the same user answers nothing. A restart forgets questions, which deletes
nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock

from nextinterest.agent.chat.messages import last_said
from nextinterest.agent.chat.schema import Question
from nextinterest.messages import Message

__all__ = ["PATIENCE", "WaitingQuestions"]

PATIENCE = timedelta(minutes=10)
_MOST = 10_000  # users; the question that waits longest goes first


@dataclass(frozen=True, slots=True)
class _Asked:
    question: Question
    about: str  # digest of the message it was asked about
    until: datetime


class WaitingQuestions:
    """At most one question a user; safe for many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: OrderedDict[str, _Asked] = OrderedDict()

    def put(self, user: str, messages: Sequence[Message], question: Question | None, now: datetime) -> None:
        """Keep what was asked back about the newest user message of a conversation.

        Which item a message means is not kept: whoever reads the conversation follows that.
        """
        if question is None or question.kind == "which_item":
            return
        with self._lock:
            self._asked.pop(user, None)
            self._asked[user] = _Asked(question, _digest(last_said(messages)), now + PATIENCE)
            if len(self._asked) > _MOST:
                self._asked.popitem(last=False)

    def take(self, user: str, messages: Sequence[Message], now: datetime) -> Question | None:
        """Remove the user's question and return it if the newest message of a conversation may answer it."""
        with self._lock:
            asked = self._asked.pop(user, None)
        if asked is None or now > asked.until:
            return None
        before = last_said(messages, 1)
        # Clients that send single messages replay nothing that could be compared.
        return asked.question if before is None or _digest(before) == asked.about else None

    def expire(self, now: datetime) -> None:
        """Forget questions that have waited too long."""
        with self._lock:
            for user in [user for user, asked in self._asked.items() if now > asked.until]:
                del self._asked[user]

    def drop(self, user: str) -> None:
        """Forget what was asked of a user."""
        with self._lock:
            self._asked.pop(user, None)


def _digest(said: str | None) -> str:
    return sha256((said or "").encode("utf-8", "surrogatepass")).hexdigest()
