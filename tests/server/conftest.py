"""The server over the small world: in the test's own process, or listening on a port of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient
from support.four_users import agent, catalog, log, model
from support.talker import EchoTalker

from nextinterest.agent import RecommenderAgent
from nextinterest.server.app import create_app
from nextinterest.server.settings import ServerSettings

__all__ = ["agent", "catalog", "log", "model"]

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def talker() -> EchoTalker:
    return EchoTalker()


@pytest.fixture
def serve(agent: RecommenderAgent, tmp_path: Path, talker: EchoTalker) -> Iterator[Callable[..., TestClient]]:
    """Return a function that starts the server, with settings, and gives a client of it."""
    clients: list[TestClient] = []

    def start(**settings: object) -> TestClient:
        live = agent.with_store(tmp_path / "profiles.db", clock=lambda: NOW)
        app = create_app(live, ServerSettings.model_validate(settings), talker=talker)
        client = TestClient(app, base_url="http://127.0.0.1:8000")
        client.__enter__()
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def listen(agent: RecommenderAgent, tmp_path: Path, talker: EchoTalker) -> Iterator[Callable[..., str]]:
    """Return a function that starts a real server in a thread, with settings, and gives its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(talker: EchoTalker | None = talker, **settings: object) -> str:
        live = agent.with_store(tmp_path / "profiles.db", clock=lambda: NOW)
        app = create_app(live, ServerSettings.model_validate(settings), talker=talker)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(60)  # a busy machine may take long to let go of its connections
        assert not thread.is_alive()
