"""Items: look up, add, replace, remove; the index follows, and changes outlast a restart."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from nextinterest.server.failures import ErrorBody
from nextinterest.server.item_bodies import ItemBody, ItemsChanged, ItemsFound, ItemsRemoved, ItemsRequest
from nextinterest.server.service import Service

__all__ = ["router"]

ItemId = Annotated[str, Path(description="Id of the item.", min_length=1, max_length=512)]


def router(service: Service) -> APIRouter:
    """Return /v1/items and /v1/items/{item}."""
    routes = APIRouter(prefix="/v1/items", tags=["items"])

    @routes.put("")
    async def put(request: ItemsRequest) -> ItemsChanged:
        """Add items, or replace those whose id exists; they are kept, and recommended from this answer on."""
        items = request.distinct()
        change = await service.changes.run(lambda: service.agent.put_items(items))
        return ItemsChanged(added=change.added, replaced=change.replaced, total=change.total)

    @routes.get("")
    async def find(
        query: Annotated[str, Query(description="Part of a title.", min_length=1, max_length=300)],
        limit: Annotated[int, Query(description="Items at most.", ge=1, le=50)] = 10,
    ) -> ItemsFound:
        """Look items up by part of their title."""
        found = await service.ledger.run(lambda: service.agent.find_items(query, limit))
        return ItemsFound(items=[ItemBody.of(item) for item in found])

    @routes.get("/{item:path}", responses={404: {"model": ErrorBody}})
    async def get(item: ItemId) -> ItemBody:
        """Return one item."""
        return ItemBody.of(await service.ledger.run(lambda: service.agent.item(item)))

    @routes.delete("/{item:path}", responses={404: {"model": ErrorBody}})
    async def delete(item: ItemId) -> ItemsRemoved:
        """Remove an item; events of it stay in profiles and are skipped."""
        return ItemsRemoved(
            removed=1, total=await service.changes.run(lambda: service.agent.remove_items([item]))
        )

    return routes
