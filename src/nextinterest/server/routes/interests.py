"""Interests: what they are, which rise or fade, where they go."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from nextinterest.interests import InterestOutlook, InterestPortrait, describe
from nextinterest.server.bodies import (
    About,
    Ahead,
    ForecastQuery,
    ForecastRequest,
    Interests,
    InterestsRequest,
)
from nextinterest.server.failures import ErrorBody
from nextinterest.server.keys import Grant
from nextinterest.server.names import UserName
from nextinterest.server.permission import Allowed, user_of
from nextinterest.server.service import Service

__all__ = ["router"]

User = Annotated[UserName, Query(description="Id of a user with live events.")]


def router(service: Service) -> APIRouter:
    """Return /v1/interests and /v1/forecast."""
    routes = APIRouter(prefix="/v1", tags=["interests"], responses={404: {"model": ErrorBody}})
    agent = service.agent

    async def portrait(about: About, grant: Grant) -> Interests:
        user_of(grant, about.user)
        one = about.one()

        def work() -> InterestPortrait:
            if isinstance(one, str):
                return agent.interests(user=one)
            return agent.interests(one, on_unknown=about.on_unknown)

        drawn = await service.gate.run(work)
        return Interests(portrait=drawn, words=describe(drawn))

    async def outlook(about: About, ahead: Ahead, grant: Grant) -> InterestOutlook:
        user_of(grant, about.user)
        one, horizon, n_paths = about.one(), ahead.horizon, ahead.n_paths
        seed, trace = ahead.seed, ahead.trace

        def work() -> InterestOutlook:
            if isinstance(one, str):
                return agent.forecast(user=one, horizon=horizon, n_paths=n_paths, seed=seed, trace=trace)
            return agent.forecast(
                one,
                horizon=horizon,
                n_paths=n_paths,
                seed=seed,
                on_unknown=about.on_unknown,
                trace=trace,
            )

        return await service.gate.run(work)

    @routes.get("/interests")
    async def interests(user: User, grant: Allowed) -> Interests:
        """Return a user's interests now and before, and which rise or fade beyond chance."""
        return await portrait(InterestsRequest(user=user), grant)

    @routes.post("/interests")
    async def interests_of(request: InterestsRequest, grant: Allowed) -> Interests:
        """Return the same of a user or of a history given in the request."""
        return await portrait(request, grant)

    @routes.get("/forecast")
    async def forecast(query: Annotated[ForecastQuery, Query()], grant: Allowed) -> InterestOutlook:
        """Forecast how a user's attention will be shared among interests."""
        return await outlook(About(user=query.user), query, grant)

    @routes.post("/forecast")
    async def forecast_of(request: ForecastRequest, grant: Allowed) -> InterestOutlook:
        """Forecast the same for a user or for a history given in the request."""
        return await outlook(request, request, grant)

    return routes
