"""Load the server at half, once and twice its capacity, and watch what it does.

    python bench/http_load.py --agent retrieval --minutes 10

Capacity is measured first: as many calls in a row as a few callers get through. Then calls arrive at random
(Poisson) at each multiple of it, for an equal share of the time, whether or not earlier ones were answered,
as people do. One in five is an event, the others ask for recommendations (three), interests or a forecast.
Printed for each rate: latencies of answers, answers within two seconds per second (goodput), what was turned
away (503), failed, or never answered (stuck). The server's memory is read once a second; drift compares the
last tenth of the time with the first after a warm-up. Users that get events are forgotten after a while, so
that the work stays the same. Client and server share the machine's cores; all traffic is on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil

SERVING = Path(__file__).with_name("http_serving.py")
GOOD_SECONDS = 2.0
STUCK_SECONDS = 90.0
CALLERS = 4
EVENTS_BEFORE_FORGETTING = 40


@dataclass
class Outcome:
    """How the calls of one phase ended."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


class Load:
    """Calls to one server.

    Parameters
    ----------
    client
        A client of it.
    rng
        Chooses what is asked and when.
    users
        Users to ask about.
    items
        Items that events may be of.
    """

    def __init__(
        self, client: httpx.AsyncClient, rng: np.random.Generator, users: list[str], items: list[str]
    ) -> None:
        self._client, self._rng, self._users, self._items = client, rng, users, items
        self._written: Counter[str] = Counter()

    async def call(self, outcome: Outcome) -> None:
        """Make one call of the mixture and note how it ended."""
        kind = int(self._rng.integers(5))
        user = self._users[int(self._rng.integers(len(self._users)))]
        started = time.perf_counter()
        try:
            if kind == 0:
                answer = await self._event()
            elif kind == 1:
                path = "/v1/interests" if self._rng.random() < 0.5 else "/v1/forecast"
                answer = await self._client.get(path, params={"user": user})
            else:
                answer = await self._client.post("/v1/recommend", json={"user": user})
        except httpx.TimeoutException:
            outcome.statuses["stuck"] += 1
            return
        except httpx.TransportError as error:
            outcome.statuses[type(error).__name__] += 1
            return
        outcome.statuses[str(answer.status_code)] += 1
        if answer.is_success:
            outcome.seconds.append(time.perf_counter() - started)

    async def _event(self) -> httpx.Response:
        writer = f"writer{int(self._rng.integers(20))}"
        self._written[writer] += 1
        if self._written[writer] % EVENTS_BEFORE_FORGETTING == 0:
            return await self._client.delete(f"/v1/users/{writer}")
        item = self._items[int(self._rng.integers(len(self._items)))]
        body = {"events": [{"item_id": item}]}
        return await self._client.post(f"/v1/users/{writer}/events", json=body)

    async def capacity(self, seconds: float) -> float:
        """Return answers per second of a few callers who ask one thing after the other."""
        outcome = Outcome()
        end = time.perf_counter() + seconds

        async def caller() -> None:
            while time.perf_counter() < end:
                await self.call(outcome)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        return len(outcome.seconds) / seconds

    async def arrivals(self, per_second: float, seconds: float) -> Outcome:
        """Let calls arrive at random, and wait for the last answers."""
        outcome = Outcome()
        calls: set[asyncio.Task[None]] = set()
        start = time.perf_counter()
        at = 0.0
        while (at := at + float(self._rng.exponential(1.0 / per_second))) < seconds:
            await asyncio.sleep(max(0.0, start + at - time.perf_counter()))
            task = asyncio.create_task(self.call(outcome))
            calls.add(task)
            task.add_done_callback(calls.discard)
        await asyncio.gather(*calls)
        return outcome


async def watch(process: psutil.Process, sizes: list[int]) -> None:
    """Note the server's memory once a second."""
    while True:
        sizes.append(process.memory_info().rss)
        await asyncio.sleep(1.0)


def row(name: str, rate: float, seconds: float, outcome: Outcome) -> str:
    """Return a line of the table."""
    p50, p95, p99 = 1e3 * np.quantile(outcome.seconds or [float("nan")], [0.5, 0.95, 0.99])
    good = sum(took <= GOOD_SECONDS for took in outcome.seconds) / seconds
    counts = outcome.statuses
    away, stuck = counts["503"], counts["stuck"]
    failed = sum(count for status, count in counts.items() if status not in {"200", "503", "stuck"})
    times = f"{p50:>8.0f}{p95:>8.0f}{p99:>8.0f}"
    return (
        f"{name:<8}{rate:>8.1f}{times}{good:>9.1f}{len(outcome.seconds):>9,}{away:>8,}{failed:>8}{stuck:>7}"
    )


async def measure(port: int, process: psutil.Process, minutes: float, seed: int, agent: str) -> None:
    """Run all phases and print them."""
    rng = np.random.default_rng(seed)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=STUCK_SECONDS, limits=limits
    ) as client:
        while True:
            try:
                (await client.get("/readyz")).raise_for_status()
                break
            except httpx.TransportError:
                if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                    sys.exit("The server did not start.")
                await asyncio.sleep(0.3)
        users = (await client.get("/v1/users")).raise_for_status().json()["users"]
        listed = (await client.post("/v1/recommend", json={"history": [], "k": 200})).raise_for_status()
        load = Load(client, rng, users, [item["item_id"] for item in listed.json()["items"]])
        await load.capacity(5.0)  # warm up
        capacity = await load.capacity(min(20.0, 10.0 * minutes))
        print(f"{agent} agent, {os.cpu_count()} cores: {capacity:.1f} answers a second of {CALLERS} callers")
        print(f"{'rate':<8}{'calls/s':>8}{'p50':>8}{'p95':>8}{'p99':>8}{'good/s':>9}{'answers':>9}{'503':>8}"
              f"{'failed':>8}{'stuck':>7}")  # fmt: skip
        sizes: list[int] = []
        watching = asyncio.create_task(watch(process, sizes))
        share = 60.0 * minutes / 3
        for multiple in (0.5, 1.0, 2.0):
            rate = multiple * capacity
            outcome = await load.arrivals(rate, share)
            print(row(f"{multiple:g} x", rate, share, outcome), flush=True)
        watching.cancel()
        (await client.get("/healthz")).raise_for_status()
    tenth = max(1, len(sizes) // 10)
    # The first tenth still fills caches; drift is what goes on after it.
    first, last = np.median(sizes[tenth : 2 * tenth]), np.median(sizes[-tenth:])
    print(f"memory {first / 1e6:.0f} MB, at the end {last / 1e6:.0f} MB: drift {last / first - 1:+.2%}")


def main() -> None:
    """Start the server, load it, stop it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--agent", choices=("default", "retrieval", "scripted"), default="retrieval")
    options.add_argument("--minutes", type=float, default=10.0, help="of all three rates together")
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        command = [sys.executable, str(SERVING), "--agent", given.agent, "--port", str(port)]
        server = subprocess.Popen([*command, "--store", f"{folder}/profiles.db"], stderr=log)
        try:
            asyncio.run(measure(port, psutil.Process(server.pid), given.minutes, given.seed, given.agent))
        finally:
            server.terminate()
            server.wait(60)


if __name__ == "__main__":
    main()
