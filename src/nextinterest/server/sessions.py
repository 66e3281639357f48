"""Which session a request means, and under which id the agent keeps it.

A user's sessions are found under the user's name. Those of nobody known belong to the key that sent them, so
that two keys with the same id have two sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Header
from pydantic import StringConstraints

from nextinterest.agent.chat import ChatReply
from nextinterest.domain import Session
from nextinterest.server.failures import Failure
from nextinterest.server.keys import Grant

__all__ = ["SESSION_HEADER", "SessionHeader", "SessionId", "SessionPlace", "place_of", "unknown_response"]

SESSION_HEADER = "X-Nextinterest-Session"
SessionId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
"""Id of a session: 1 to 128 visible ASCII characters, without spaces."""

SessionHeader = Annotated[
    SessionId | None,
    Header(alias=SESSION_HEADER, description="The session of the message; goes before the body's session."),
]
_HOLDER = 16


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """Where the agent keeps a session.

    Attributes
    ----------
    id
        As the client has it.
    user
        Whose it is.
    holder
        Which key it belongs to where it is nobody's.
    after
        Id of the session that it goes on from, which has to be kept.
    kept
        Whether it is kept behind the answer.
    """

    id: str
    user: str | None
    holder: str
    after: str | None = None
    kept: bool = True

    @property
    def key(self) -> str:
        """The id under which the agent keeps it."""
        return self._key(self.id)

    @property
    def after_key(self) -> str | None:
        """The same of the session that it goes on from."""
        return None if self.after is None else self._key(self.after)

    def _key(self, session: str) -> str:
        return session if self.user is not None or not self.holder else f"{self.holder[:_HOLDER]}/{session}"

    def named(self, reply: ChatReply) -> ChatReply:
        """Return a reply with the id of its session as the client has it."""
        if reply.session is None:
            return reply
        state = reply.session.model_copy(update={"id": self.id}) if self.kept else None
        return reply.model_copy(update={"session": state})

    def shown(self, session: Session) -> Session:
        """Return a session under the id that the client has."""
        return session.model_copy(update={"id": self.id})

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says of it."""
        return {SESSION_HEADER: self.id} if self.kept else {}


def place_of(grant: Grant, user: str | None, *named: str | None) -> SessionPlace | None:
    """Return where the first of some named sessions is kept; None where none is named."""
    given = next((name for name in named if name is not None), None)
    return None if given is None else SessionPlace(given, user, grant.holder)


def unknown_response(previous: str) -> Failure:
    """Return the answer to a request that goes on from a response of which nothing is kept."""
    return Failure(
        400,
        f"Previous response with id {previous[:200]!r} not found: it was not kept, has expired, is another "
        "user's, or the server was started since. Send the conversation as input.",
        code="previous_response_not_found",
        param="previous_response_id",
    )
