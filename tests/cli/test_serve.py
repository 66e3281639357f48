"""``nextinterest serve`` as it is run, with the default agent and its language model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from support.serving import free_port


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(600)
def test_the_default_agent_is_served(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "nextinterest", "serve", "--port", str(port), "--examples", "2"]
    log = tmp_path / "log"
    with log.open("wb") as written:
        server = subprocess.Popen(
            [*command, "--store", str(tmp_path / "profiles.db")],
            stderr=written,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            end = time.monotonic() + 400
            while True:
                try:
                    client.get("/readyz").raise_for_status()
                    break
                except httpx.TransportError:
                    assert server.poll() is None, log.read_text()
                    assert time.monotonic() < end
                    time.sleep(0.5)
            assert "<title>nextinterest</title>" in client.get("/").text
            users = client.get("/v1/users").json()["users"]
            assert len(users) == 2
            before = client.post("/v1/recommend", json={"user": users[0], "k": 5}).json()
            assert len(before["items"]) == 5
            assert sum(item["probability"] for item in before["items"]) < 1
            first = before["items"][0]
            question = {"role": "user", "content": f"I just watched {first['title']} and loved it"}
            chat = {"model": "nextinterest", "user": users[0], "messages": [question]}
            told = client.post("/v1/chat/completions", json=chat).raise_for_status().json()
            assert told["nextinterest"]["confirmation"]["durable"] is True
            after = client.post("/v1/recommend", json={"user": users[0], "k": 5}).json()
            assert after["events_used"] == before["events_used"] + 1
            assert first["item_id"] not in {item["item_id"] for item in after["items"]}
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) in {0, -signal.SIGTERM}
    finally:
        server.kill()
        server.wait()


def test_without_a_key_only_loopback_is_served(tmp_path: Path) -> None:
    run = subprocess.run(
        [
            sys.executable, "-m", "nextinterest", "serve", "--host", "0.0.0.0",  # noqa: S104 - refused
            "--store", str(tmp_path / "profiles.db"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={key: value for key, value in os.environ.items() if key != "NEXTINTEREST_SERVE_KEYS"},
    )  # fmt: skip
    assert run.returncode == 1
    assert "Without keys the server listens on loopback only" in " ".join(run.stderr.split())
