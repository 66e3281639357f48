"""Probes and metrics."""

from __future__ import annotations

from fastapi import APIRouter, Response

from nextinterest.server.bodies import Health
from nextinterest.server.failures import ErrorBody, Failure
from nextinterest.server.service import Service

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return /healthz, /readyz and /metrics."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/healthz")
    async def healthz() -> Health:
        """Report that the process answers."""
        return Health()

    @routes.get("/readyz", responses={503: {"model": ErrorBody}})
    async def readyz() -> Health:
        """Report readiness: not while the server shuts down or its store cannot be written."""
        if service.closing:
            raise Failure(503, "The server is shutting down.", kind="server_error", retry_after=5)
        await service.readiness.check()
        return Health()

    @routes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Return metrics in Prometheus' text format."""
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
