"""The addresses that the server listens on."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from fastapi import FastAPI

from nextinterest.errors import DataError
from nextinterest.server.listening import bound, listen
from nextinterest.server.run import run
from nextinterest.server.settings import ServerSettings


def test_a_bound_port_accepts_nothing_until_it_listens() -> None:
    with ExitStack() as held:
        sockets = [held.enter_context(one) for one in bound("localhost", 0)]
        address = sockets[0].getsockname()
        assert len({one.getsockname()[1] for one in sockets}) == 1
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", address[1]))
        listen(sockets, 5)
        socket.create_connection(("127.0.0.1", address[1])).close()
        with pytest.raises(DataError, match="in use"):
            bound("127.0.0.1", address[1])


def test_two_that_load_at_once_do_not_both_listen() -> None:
    with ExitStack() as held:
        first = [held.enter_context(one) for one in bound("127.0.0.1", 0)]
        port = first[0].getsockname()[1]
        try:
            second = [held.enter_context(one) for one in bound("127.0.0.1", port)]
        except DataError:
            return  # systems that refuse it at once
        listen(first, 5)
        with pytest.raises(DataError, match=f"Port {port} is in use"):
            listen(second, 5)


def test_the_server_says_when_it_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.server.run.log_as_json", lambda: None)
    monkeypatch.setattr(sys, "setswitchinterval", lambda _: None)
    app = FastAPI()
    app.state.service = SimpleNamespace(unfinished=0)
    said: list[str] = []

    def ready() -> None:
        socket.create_connection(sockets[0].getsockname()).close()
        said.append("ready")
        signal.raise_signal(signal.SIGINT)

    with ExitStack() as held:
        sockets = [held.enter_context(one) for one in bound("127.0.0.1", 0)]
        run(app, ServerSettings(), sockets, ready)
    assert said == ["ready"]
