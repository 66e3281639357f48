"""The models this server answers with, as OpenAI's API lists them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from nextinterest.server.bodies import ModelCard, ModelList
from nextinterest.server.failures import ErrorBody
from nextinterest.server.service import MODEL_ID, Service

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return /v1/models and /v1/models/{model}."""
    routes = APIRouter(prefix="/v1/models", tags=["chat"])

    @routes.get("")
    async def models() -> ModelList:
        """List the models this server answers with."""
        return ModelList(data=[card()])

    @routes.get("/{model}", responses={404: {"model": ErrorBody}})
    async def model(model: Annotated[str, Path(description="Id of the model.")]) -> ModelCard:
        """Return one model."""
        service.check_model(model)
        return card()

    def card() -> ModelCard:
        return ModelCard(
            id=MODEL_ID,
            created=service.started,
            language_model=service.agent.engine.model_name,
        )

    return routes
