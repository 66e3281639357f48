"""How fast the server is: an event until it shows in the next list, and what HTTP adds to the agent's work.

    python bench/http_speed.py --agents retrieval default --rounds 200

For each agent a server is started on loopback. A round posts one event and, once that is acknowledged, asks
for ten recommendations, and checks that the event counts: ``event`` is the time until the acknowledgement
(the event is on disk then), ``changed list`` the time from there to the changed list. ``overhead`` is the
time a call took less the time the agent worked, which the server says in its Server-Timing header; it is
measured with a scripted model, so that the agent's own work is small, over recommendations and chats.
Client and server share the machine's cores.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

SERVING = Path(__file__).with_name("http_serving.py")


@contextmanager
def served(agent: str) -> Iterator[httpx.Client]:
    """Start a server and give a client of it; stop it at the end."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        command = [sys.executable, str(SERVING), "--agent", agent, "--port", str(port)]
        process = subprocess.Popen([*command, "--store", f"{folder}/profiles.db"], stderr=log)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                wait_until_ready(client, process)
                yield client
        finally:
            process.terminate()
            process.wait(60)


def wait_until_ready(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    """Wait while the agent is loaded."""
    while True:
        try:
            client.get("/readyz").raise_for_status()
            return
        except httpx.TransportError:
            if process.poll() is not None:
                sys.exit("The server did not start.")
            time.sleep(0.2)


def event_rounds(client: httpx.Client, rounds: int) -> tuple[list[float], list[float]]:
    """Return seconds until each acknowledgement, and from there to the changed list."""
    accepted, changed = [], []
    for i in range(rounds + 5):
        user = f"bench{i % 10}"
        if i < 10:
            client.delete(f"/v1/users/{user}").raise_for_status()
        before = client.post("/v1/recommend", json={"user": user}).raise_for_status().json()
        item = before["items"][0]["item_id"]
        start = time.perf_counter()
        body = {"events": [{"item_id": item, "kind": "liked"}]}
        client.post(f"/v1/users/{user}/events", json=body).raise_for_status()
        acknowledged = time.perf_counter()
        after = client.post("/v1/recommend", json={"user": user}).raise_for_status().json()
        end = time.perf_counter()
        if after["events_used"] != before["events_used"] + 1 or item in {
            row["item_id"] for row in after["items"]
        }:
            sys.exit("The event did not count.")
        if i >= 5:
            accepted.append(acknowledged - start)
            changed.append(end - acknowledged)
    return accepted, changed


def overheads(client: httpx.Client, rounds: int) -> dict[str, list[float]]:
    """Return, by kind of call, seconds that were not the agent's."""
    chat = {
        "model": "nextinterest",
        "user": "1",
        "messages": [{"role": "user", "content": "Is Alien there?"}],
    }
    calls = {
        "recommend": ("/v1/recommend", {"user": "1"}),
        "chat": ("/v1/chat/completions", chat),
        "models": ("/v1/models", None),
    }
    found: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(rounds + 5):
        for name, (path, body) in calls.items():
            start = time.perf_counter()
            answer = client.get(path) if body is None else client.post(path, json=body)
            answer.raise_for_status()
            took = time.perf_counter() - start
            agent = float(answer.headers["Server-Timing"].partition("dur=")[2]) / 1e3
            if i >= 5:
                found[name].append(took - agent)
    return found


def line(name: str, seconds: list[float]) -> str:
    """Return a row of milliseconds."""
    p50, p95, p99 = 1e3 * np.quantile(seconds, [0.5, 0.95, 0.99])
    return f"{name:<38}{p50:>9.2f}{p95:>9.2f}{p99:>9.2f}   n={len(seconds)}"


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--agents", nargs="*", default=["retrieval", "default"])
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--overhead-rounds", type=int, default=500)
    given = options.parse_args()
    print(f"{'milliseconds':<38}{'p50':>9}{'p95':>9}{'p99':>9}")
    with served("scripted") as client:
        for name, seconds in overheads(client, given.overhead_rounds).items():
            print(line(f"overhead, scripted model: {name}", seconds), flush=True)
    for agent in given.agents:
        with served(agent) as client:
            accepted, changed = event_rounds(client, given.rounds)
        print(line(f"event, {agent} agent", accepted))
        print(line(f"changed list, {agent} agent", changed))
        print(
            line(f"both, {agent} agent", [a + b for a, b in zip(accepted, changed, strict=True)]), flush=True
        )


if __name__ == "__main__":
    main()
