"""Sessions: what is kept of a conversation, and forgetting it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from nextinterest.domain import Session
from nextinterest.server.failures import ErrorBody, Failure
from nextinterest.server.names import UserName
from nextinterest.server.permission import Allowed, user_of
from nextinterest.server.routes.chat import Profile
from nextinterest.server.service import Service
from nextinterest.server.sessions import SessionId, SessionPlace

__all__ = ["router"]

Id = Annotated[SessionId, Path(description="Id of the session.")]
User = Annotated[UserName | None, Query(description="Whose it is; X-Nextinterest-User goes before it.")]


class Ended(BaseModel):
    """A session was forgotten."""

    id: str = Field(description="Id of the session.")
    kept: bool = Field(description="Whether anything was kept of it.")


def router(service: Service) -> APIRouter:
    """Return /v1/sessions."""
    routes = APIRouter(prefix="/v1/sessions", tags=["chat"])
    agent = service.agent

    @routes.get("/{session}", responses={404: {"model": ErrorBody}})
    async def read(session: Id, grant: Allowed, header: Profile = None, user: User = None) -> Session:
        """Return what is kept of a conversation: messages, lists, what was noted, when it expires."""
        whose = user_of(grant, header, user)
        place = SessionPlace(session, whose, grant.holder)
        kept = await service.ledger.run(lambda: agent.session(place.key, whose))
        if kept is None:
            raise Failure(404, "Nothing is kept of this session.", code="session_not_found", param="session")
        return place.shown(kept)

    @routes.delete("/{session}")
    async def end(session: Id, grant: Allowed, header: Profile = None, user: User = None) -> Ended:
        """Forget a conversation; what it wrote to a profile stays there."""
        whose = user_of(grant, header, user)
        place = SessionPlace(session, whose, grant.holder)
        return Ended(id=session, kept=agent.end_session(place.key, whose))

    return routes
