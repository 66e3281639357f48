"""Recommendations."""

from __future__ import annotations

from fastapi import APIRouter

from nextinterest.agent.server.bodies import ModelCard, ModelList, RecommendRequest
from nextinterest.agent.server.failures import Failure
from nextinterest.agent.server.service import Service
from nextinterest.domain import Recommendations

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return /v1/recommend and /v1/models."""
    routes = APIRouter(prefix="/v1", tags=["recommendations"])

    @routes.post("/recommend")
    async def recommend(request: RecommendRequest) -> Recommendations:
        """Rank the catalogue for a user of the server or for a history given in the request."""
        if (request.user is None) == (request.history is None):
            raise Failure(422, "Give either user or history.", code="invalid_value", param="user")
        if request.k > service.settings.max_k:
            raise Failure(422, f"k is at most {service.settings.max_k}.", code="invalid_value", param="k")
        if request.user is not None:
            user = request.user
            return await service.gate.run(
                lambda: service.live.recommend(user, request.k, exclude_seen=request.exclude_seen)
            )
        history = request.history or []
        return await service.gate.run(
            lambda: service.live.recommend_for(
                history,
                request.k,
                exclude_seen=request.exclude_seen,
                on_unknown=request.on_unknown,
            )
        )

    @routes.get("/models")
    async def models() -> ModelList:
        """List the models this server answers with."""
        model = service.live.agent.model
        return ModelList(data=[ModelCard(id="nextinterest" if model is None else model.name)])

    return routes
