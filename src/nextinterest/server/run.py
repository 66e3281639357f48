"""Running the application with uvicorn, so that it ends well and says nothing of its users."""

from __future__ import annotations

import logging
import math
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from nextinterest.server.listening import bound, listen
from nextinterest.server.logs import log_as_json
from nextinterest.server.settings import ServerSettings

__all__ = ["run"]

_LOG = logging.getLogger("nextinterest.server")

_SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter while others want it. A short request needs it some ten times,
and at Python's own 5 ms would wait for a model's Python code each time."""


class _Server(uvicorn.Server):
    """A server that says when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so once connections are accepted."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def run(
    app: FastAPI,
    settings: ServerSettings,
    sockets: Sequence[socket.socket] | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until asked to stop (SIGTERM or SIGINT): running requests end, new ones are refused.

    After `ServerSettings.shutdown_seconds` what still runs is cut off; a call of a model that goes on in a
    thread even then ends with the process.

    Parameters
    ----------
    app
        From `create_app`.
    settings
        Those of the application.
    sockets
        Bound sockets (`nextinterest.server.listening`); None binds to the settings' host and port.
    ready
        Called once connections are accepted.

    Raises
    ------
    DataError
        If the settings' host and port cannot be listened on.
    """
    sockets = list(bound(settings.host, settings.port) if sockets is None else sockets)
    log_as_json()
    sys.setswitchinterval(_SWITCH_SECONDS)
    config = uvicorn.Config(
        app,
        log_config=None,
        # Its lines hold paths, and so the ids of users, and addresses; the observer writes its own.
        access_log=False,
        server_header=False,
        # A header that any local caller can write is not whom the rates count.
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, math.ceil(settings.shutdown_seconds)),
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=65_536,
    )
    listen(sockets, config.backlog)
    with suppress(KeyboardInterrupt):  # uvicorn raises SIGINT again once it has ended
        _Server(config, ready).run(sockets)
    unfinished = app.state.service.unfinished
    if unfinished:
        _LOG.warning("calls cut off", extra={"fields": {"calls": unfinished}})
        logging.shutdown()
        # The interpreter would wait for their threads without a limit.
        os._exit(0)
