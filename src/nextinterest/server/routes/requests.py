"""Whole requests, carried out without words, and what the language model says comes next."""

from __future__ import annotations

from fastapi import APIRouter, Response

from nextinterest.domain import NextInterests, Outcome
from nextinterest.server.bodies import CarryOutRequest, GenerateRequest
from nextinterest.server.failures import ErrorBody, Failure
from nextinterest.server.permission import Allowed, user_of
from nextinterest.server.service import Service
from nextinterest.server.sessions import SessionHeader, place_of

__all__ = ["router"]


def router(service: Service) -> APIRouter:
    """Return /v1/requests and /v1/generate."""
    routes = APIRouter(prefix="/v1", tags=["requests"], responses={404: {"model": ErrorBody}})
    agent = service.agent

    def check_length(n: int | None, param: str) -> None:
        if n is not None and n > service.settings.max_k:
            message = f"{param} is at most {service.settings.max_k}."
            raise Failure(422, message, code="invalid_value", param=param)

    @routes.post("/requests")
    async def carry_out(
        body: CarryOutRequest, grant: Allowed, response: Response, session: SessionHeader = None
    ) -> Outcome:
        """Do what a request asks for, for a user or for a history given here: chat without words."""
        user_of(grant, body.user)
        user, history = body.given()
        check_length(body.request.count, "request.count")
        place = place_of(grant, user, session, body.session)
        response.headers.update({} if place is None else place.headers)
        return await service.gate.run(
            lambda: agent.carry_out(
                body.request,
                user,
                history,
                session=None if place is None else place.key,
                on_unknown=body.on_unknown,
                confirm_forget=body.confirm_forget,
            )
        )

    @routes.post("/generate", responses={501: {"model": ErrorBody}})
    async def generate(body: GenerateRequest, grant: Allowed) -> NextInterests:
        """Let the language model say next interests and titles, held to the catalogue."""
        user_of(grant, body.user)
        user, history = body.given()
        check_length(body.n, "n")
        if not agent.can_generate:
            raise Failure(501, "This server has no language model.", code="no_language_model")
        return await service.gate.run(
            lambda: agent.generate(
                history,
                body.n,
                user=user,
                request=body.request,
                where=body.where,
                exclude_seen=body.exclude_seen,
                on_unknown=body.on_unknown,
                trace=body.trace,
            )
        )

    return routes
