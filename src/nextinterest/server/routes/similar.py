"""Items like others."""

from __future__ import annotations

from fastapi import APIRouter

from nextinterest.domain import Recommendations
from nextinterest.server.bodies import SimilarRequest
from nextinterest.server.failures import ErrorBody, Failure
from nextinterest.server.permission import Allowed, user_of
from nextinterest.server.service import Service

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return /v1/similar."""
    routes = APIRouter(prefix="/v1", tags=["recommendations"])

    @routes.post("/similar", responses={404: {"model": ErrorBody}})
    async def similar(request: SimilarRequest, grant: Allowed) -> Recommendations:
        """Find items like those named, for anybody or without what a user of the server has seen."""
        user_of(grant, request.user)
        if request.k > service.settings.max_k:
            raise Failure(422, f"k is at most {service.settings.max_k}.", code="invalid_value", param="k")

        def work() -> Recommendations:
            return service.agent.similar(
                request.items,
                request.k,
                user=request.user,
                exclude_seen=request.exclude_seen,
                on_unknown=request.on_unknown,
                where=request.where,
                trace=request.trace,
            )

        return await service.gate.run(work)

    return routes
