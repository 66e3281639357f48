"""The HTTP application: routes behind a guard, behind an observer.

`create_app` builds it around an agent with a store; ``nextinterest serve`` runs it with uvicorn.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from nextinterest.agent import RecommenderAgent
from nextinterest.agent.chat import Converses
from nextinterest.agent.following import following
from nextinterest.server.failures import ErrorBody, install_failures
from nextinterest.server.guard import Guard
from nextinterest.server.heads import Heads
from nextinterest.server.json_bodies import JsonBodies
from nextinterest.server.observe import Observer
from nextinterest.server.origins import Origins
from nextinterest.server.permission import permit
from nextinterest.server.routes import (
    catalogue,
    chat,
    health,
    interests,
    items,
    models,
    page,
    recommend,
    requests,
    responses,
    sessions,
    similar,
    users,
)
from nextinterest.server.service import Service
from nextinterest.server.settings import ServerSettings
from nextinterest.version import __version__

__all__ = ["create_app"]


def create_app(
    agent: RecommenderAgent, settings: ServerSettings | None = None, *, talker: Converses | None = None
) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    agent
        What is served, with a store; the store is closed when the application ends.
    settings
        Keys and limits.
    talker
        Answers chats; the agent itself by default.

    Raises
    ------
    DataError
        If the agent has no store, or the settings are not safe to serve with.
    """
    settings = (settings or ServerSettings()).checked()
    service = Service(agent, settings, talker)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with following(agent, settings.sync_seconds):
            yield
        await service.close()

    app = FastAPI(
        title="nextinterest",
        version=__version__,
        description="What a person will want next, which interests rise and fade, and why.",
        lifespan=lifespan,
        responses={
            400: {"model": ErrorBody},
            401: {"model": ErrorBody},
            403: {"model": ErrorBody},
            408: {"model": ErrorBody},
            413: {"model": ErrorBody},
            415: {"model": ErrorBody},
            422: {"model": ErrorBody},
            429: {"model": ErrorBody},
            500: {"model": ErrorBody},
            502: {"model": ErrorBody},
            503: {"model": ErrorBody},
            504: {"model": ErrorBody},
            507: {"model": ErrorBody},
        },
        # The guard checks keys; here they are only named in the document.
        dependencies=[Depends(permit), *([Depends(HTTPBearer(auto_error=False))] if settings.keys else [])],
        docs_url=None,  # the interactive pages load their scripts from another host
        redoc_url=None,
    )
    install_failures(app)
    for group in (
        page,
        health,
        models,
        chat,
        responses,
        sessions,
        recommend,
        similar,
        requests,
        interests,
        users,
        items,
        catalogue,
    ):
        app.include_router(group.router(service))
    # The last one added is the outermost: what the guard refuses is counted too.
    app.add_middleware(Heads)
    app.add_middleware(JsonBodies)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Origins, allowed=settings.origins)
    app.add_middleware(Observer, metrics=service.metrics)
    app.state.service = service
    return app
