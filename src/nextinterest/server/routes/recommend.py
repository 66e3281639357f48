"""Recommendations."""

from __future__ import annotations

from fastapi import APIRouter

from nextinterest.domain import Recommendations
from nextinterest.server.bodies import RecommendRequest
from nextinterest.server.failures import ErrorBody, Failure
from nextinterest.server.permission import Allowed, user_of
from nextinterest.server.service import Service

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return /v1/recommend."""
    routes = APIRouter(prefix="/v1", tags=["recommendations"])

    @routes.post("/recommend", responses={404: {"model": ErrorBody}})
    async def recommend(request: RecommendRequest, grant: Allowed) -> Recommendations:
        """Rank the catalogue for a user of the server or for a history given in the request."""
        user_of(grant, request.user)
        user, history = request.given()
        k = request.k
        if k > service.settings.max_k:
            raise Failure(422, f"k is at most {service.settings.max_k}.", code="invalid_value", param="k")

        def work() -> Recommendations:
            return service.agent.recommend(
                history,
                k,
                user=user,
                exclude_seen=request.exclude_seen,
                on_unknown=request.on_unknown,
                where=request.where,
                query=request.query,
                trace=request.trace,
            )

        return await service.gate.run(work)

    return routes
