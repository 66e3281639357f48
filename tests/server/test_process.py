"""The server as a process: it ends well, and its logs are JSON that names nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from support.serving import free_port

TESTS = Path(__file__).parents[1]


class Process:
    """A server and its log."""

    def __init__(self, tmp_path: Path, *options: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = tmp_path / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "support.serving",
                    "--store", str(tmp_path / "profiles.db"), "--port", str(port), *options,
                ],
                stderr=log,
                stdout=log,
                env={**os.environ, "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        end = time.monotonic() + 120  # a busy machine
        while True:
            try:
                httpx.get(f"{self.url}/readyz").raise_for_status()
                return
            except httpx.TransportError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < end
                time.sleep(0.1)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def one(*options: str) -> Process:
        started.append(Process(tmp_path, *options))
        return started[-1]

    yield one
    for server in started:
        server.process.kill()
        server.process.wait()


def test_its_logs_name_nobody_and_told_to_stop_it_ends_what_runs(start: Callable[..., Process]) -> None:
    server = start("--slow", "1.5")
    secrets = ("user-of-secrets", "Secretly Titled", "secret-item", "my secret message", "secret-key")
    user, title, item, message, key = secrets
    with httpx.Client(base_url=server.url) as client:
        client.put("/v1/items", json={"items": [{"id": item, "title": title}]}).raise_for_status()
        url, events = f"/v1/users/{user}/events", {"events": [{"item_id": item}]}
        client.post(url, json=events, headers={"Idempotency-Key": key}).raise_for_status()
        assert client.post(url, json={"events": [{"item_id": item + "!"}]}).status_code == 404
        client.get("/v1/interests", params={"user": user}).raise_for_status()
        client.get("/v1/items", params={"query": title}).raise_for_status()
        chat = {"model": "nextinterest", "user": user, "messages": [{"role": "user", "content": message}]}
        client.post("/v1/chat/completions", json=chat)
        client.get(f"/nowhere/{user}")
        client.delete(f"/v1/users/{user}").raise_for_status()

    answers: list[httpx.Response] = []
    asking = threading.Thread(
        target=lambda: answers.append(
            httpx.post(f"{server.url}/v1/recommend", json={"user": user}, timeout=20)
        )
    )
    asking.start()
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.4)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/healthz")
    asking.join()
    assert answers[0].status_code == 200
    assert len(answers[0].json()["items"]) == 10
    # uvicorn raises the signal again once it has ended well, as a supervisor expects.
    assert server.process.wait(10) in {0, -signal.SIGTERM}

    text = server.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert sum(line["event"] == "request" for line in lines) >= 9
    request = next(line for line in lines if line.get("route") == "/v1/users/{user}/events")
    assert set(request) == {"time", "level", "logger", "event", "route", "method", "status", "ms"}
    assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_does_not_end_is_cut_off(start: Callable[..., Process], number: signal.Signals) -> None:
    server = start("--slow", "60", "--slow-chat", "60", "--shutdown", "1")
    ended: list[str] = []

    def ask(stream: bool) -> None:
        message = {"role": "user", "content": "three films please"}
        body = {"model": "nextinterest", "messages": [message], "stream": True}
        try:
            if stream:
                httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=50)
            else:
                httpx.post(f"{server.url}/v1/recommend", json={"user": "zoe"}, timeout=50)
        except httpx.TransportError as error:
            ended.append(type(error).__name__)

    threads = [threading.Thread(target=ask, args=(stream,)) for stream in (False, True)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    started = time.monotonic()
    server.process.send_signal(number)
    assert server.process.wait(20) in {0, -number}
    # One second for requests, one for the work behind them; the rest is for a busy machine.
    assert time.monotonic() - started < 10
    for thread in threads:
        thread.join(10)
    assert "%d" not in server.log.read_text()
