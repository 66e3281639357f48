"""Routes that describe the catalogue: categories, years and what else can be asked for."""

from __future__ import annotations

from fastapi import APIRouter

from nextinterest.server.item_bodies import CatalogueFacts
from nextinterest.server.service import Service

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return /v1/catalogue."""
    routes = APIRouter(prefix="/v1", tags=["items"])

    @routes.get("/catalogue")
    async def facts() -> CatalogueFacts:
        """Return the categories, years, prices and attributes that items have."""
        return await service.ledger.run(lambda: CatalogueFacts.of(service.agent.catalog))

    return routes
