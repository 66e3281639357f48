"""Users: their events, their profile, forgetting them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path

from nextinterest.server.bodies import EventsAccepted, EventsRequest, Forgotten, Profile, UserName, Users
from nextinterest.server.failures import ErrorBody, Failure
from nextinterest.server.item_bodies import ItemBody
from nextinterest.server.paths import SentPathRoute
from nextinterest.server.service import Service

__all__ = ["router"]

UserId = Annotated[UserName, Path(description="Id of the user.")]
ItemId = Annotated[str, Path(description="Id of the item.", min_length=1, max_length=512)]
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
    """Return /v1/users, /v1/users/{user} and the events below it."""
    routes = APIRouter(prefix="/v1/users", tags=["users"], route_class=SentPathRoute)

    @routes.post("/{user}/events", responses={404: {"model": ErrorBody}, 409: {"model": ErrorBody}})
    async def add_events(user: UserId, request: EventsRequest, key: Key = None) -> EventsAccepted:
        """Write events; when this answers they are on disk and count for the next answer."""
        most = service.settings.max_events_per_request
        if len(request.events) > most:
            raise Failure(422, f"At most {most} events a request.", code="invalid_value", param="events")
        result = await service.ledger.run(lambda: service.agent.add_events(user, request.events, key=key))
        service.metrics.events.inc(0 if result.replayed else result.accepted)
        return EventsAccepted(accepted=result.accepted, replayed=result.replayed)

    @routes.get("")
    async def users() -> Users:
        """List the users of whom the server holds events."""
        return Users(users=await service.ledger.run(service.store.users))

    @routes.get("/{user}")
    async def profile(user: UserId) -> Profile:
        """Return everything the server holds of a user; no events for one it does not know."""

        def work() -> Profile:
            events = service.store.events(user)
            items = service.agent.items(event.item_id for event in events)
            agent = service.agent
            return Profile(
                user=user,
                events=events,
                items={item.id: ItemBody.of(item) for item in items},
                sessions=list(agent.sessions.of(user, agent.clock())),
            )

        return await service.ledger.run(work)

    @routes.delete("/{user}/events/{item:path}")
    async def retract(user: UserId, item: ItemId) -> Forgotten:
        """Remove what was recorded of one item."""
        removed = await service.ledger.run(lambda: service.agent.retract(user, item))
        return Forgotten(user=user, events=removed)

    @routes.delete("/{user}")
    async def forget(user: UserId) -> Forgotten:
        """Remove everything the server holds of a user."""
        return Forgotten(user=user, events=await service.ledger.run(lambda: service.agent.forget(user)))

    return routes
