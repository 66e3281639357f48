"""Running the application with uvicorn, so that it ends well and says nothing of its users."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from nextinterest.agent.server.logs import log_as_json
from nextinterest.agent.server.settings import ServerSettings

__all__ = ["run"]


def run(app: FastAPI, settings: ServerSettings) -> None:
    """Serve until told to stop (SIGTERM or SIGINT): running requests end, new ones are refused."""
    log_as_json()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        # Its lines hold paths, and so the ids of users, and addresses; the observer writes its own.
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=65_536,
    )
    uvicorn.Server(config).run()
