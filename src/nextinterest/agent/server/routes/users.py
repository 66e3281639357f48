"""Users: their events, their profile, forgetting them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path

from nextinterest.agent.server.bodies import EventsAccepted, EventsRequest, Forgotten, Profile
from nextinterest.agent.server.failures import ErrorBody, Failure
from nextinterest.agent.server.service import Service

__all__ = ["router"]

UserId = Annotated[str, Path(description="Id of the user.", min_length=1, max_length=256)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The same key with the same events writes once.",
        min_length=1,
        max_length=256,
    ),
]


def router(service: Service) -> APIRouter:
    """Return /v1/users/{user} and /v1/users/{user}/events."""
    routes = APIRouter(prefix="/v1/users", tags=["users"])

    @routes.post("/{user}/events", responses={404: {"model": ErrorBody}, 409: {"model": ErrorBody}})
    async def add_events(user: UserId, request: EventsRequest, key: Key = None) -> EventsAccepted:
        """Write events; when this answers they are on disk and count for the next answer."""
        most = service.settings.max_events_per_request
        if len(request.events) > most:
            raise Failure(422, f"At most {most} events a request.", code="invalid_value", param="events")
        result = await service.gate.run(lambda: service.live.add_events(user, request.events, key=key))
        service.metrics.events.inc(0 if result.replayed else result.accepted)
        return EventsAccepted(accepted=result.accepted, replayed=result.replayed)

    @routes.get("/{user}")
    async def profile(user: UserId) -> Profile:
        """Return everything the server holds of a user; no events for one it does not know."""
        return Profile(user=user, events=await service.gate.run(lambda: service.live.store.events(user)))

    @routes.delete("/{user}")
    async def forget(user: UserId) -> Forgotten:
        """Remove everything the server holds of a user."""
        return Forgotten(user=user, events=await service.gate.run(lambda: service.live.forget(user)))

    return routes
