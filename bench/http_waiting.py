"""What waits for the language model: forgetting, adding events and the search box, while a slow model runs.

    python bench/http_waiting.py --rounds 200

A server is started whose scripted model takes three seconds for every ranked list and keeps both cores busy
meanwhile (``--burn``: matrix products in two threads and Python code in turn, which hold the interpreter as a
real model's tokenizer does; Python code alone; or nothing, it only sleeps). Callers keep as many lists under
way as the server runs at a time. Beside them another client adds an event, looks items up, puts an item and
forgets the user, one call after another, and times each; first without the callers, then with them. Prints
milliseconds and how much of them the model costs, and fails where p99 of forgetting, adding events or the
search box reaches 150 ms. The client shares the machine's cores with server and model.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np

LIMIT_MS = 150.0
PROMISED = ("event", "search", "forget")
CONCURRENCY = 2  # the server's default


def burn(seconds: float, how: str) -> None:
    """Take some seconds as a model does."""
    import torch

    end = time.perf_counter() + seconds
    if how == "sleep":
        time.sleep(seconds)
        return
    matrix = torch.ones(512, 512)
    while time.perf_counter() < end:
        if how == "cores":
            for _ in range(10):
                torch.mm(matrix, matrix)
        sum(i * i for i in range(50_000))  # about 3 ms with the interpreter held


def serve(port: int, store: str, seconds: float, how: str) -> None:
    """Serve MovieLens-100K with a model that is slow; a process of its own."""
    import torch

    from nextinterest.agent import AgentConfig, RecommenderAgent
    from nextinterest.data import load
    from nextinterest.llm import ScriptedLanguageModel
    from nextinterest.llm.base import FloatArray
    from nextinterest.server.app import create_app
    from nextinterest.server.run import run
    from nextinterest.server.settings import ServerSettings

    class SlowModel(ScriptedLanguageModel):
        def choose(
            self,
            prompts: Sequence[Sequence[int]],
            choices: Sequence[Sequence[str]],
            *,
            normalize: bool = True,
        ) -> list[FloatArray]:
            burn(seconds, how)
            return super().choose(prompts, choices, normalize=normalize)

    torch.set_num_threads(os.cpu_count() or 2)
    config = AgentConfig(choice_calibrated=False, max_prompt_tokens=8192)
    agent = RecommenderAgent.from_dataset(load("ml-100k"), language_model=None, config=config)
    live = RecommenderAgent(replace(agent.engine, language_model=SlowModel())).with_store(store)
    settings = ServerSettings(port=port, requests_per_minute=10_000_000)
    run(create_app(live, settings), settings)


@contextmanager
def served(seconds: float, how: str) -> Iterator[str]:
    """Start the server and give its address."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        given = ["--serve", str(port), "--store", f"{folder}/profiles.db"]
        command = [sys.executable, __file__, *given, "--seconds", str(seconds), "--burn", how]
        process = subprocess.Popen(command, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            while True:
                try:
                    httpx.get(f"{address}/readyz", timeout=60).raise_for_status()
                    break
                except httpx.TransportError:
                    if process.poll() is not None:
                        sys.exit(f"The server did not start:\n{(Path(folder) / 'log').read_text()}")
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(60)


class Callers:
    """Threads that keep the model busy."""

    def __init__(self, address: str) -> None:
        self.answers, self.failures, self._stop = 0, 0, threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(address,)) for _ in range(CONCURRENCY)]

    def _ask(self, address: str) -> None:
        with httpx.Client(base_url=address, timeout=120) as client:
            while not self._stop.is_set():
                answer = client.post("/v1/recommend", json={"history": ["1", "50"]})
                self.answers += answer.status_code == 200
                self.failures += answer.status_code != 200

    def __enter__(self) -> Callers:
        for thread in self._threads:
            thread.start()
        time.sleep(1.0)  # until both are with the model
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def rounds(address: str, count: int) -> dict[str, list[float]]:
    """Return milliseconds of each call."""
    took: dict[str, list[float]] = {"event": [], "search": [], "profile": [], "put item": [], "forget": []}
    with httpx.Client(base_url=address, timeout=120) as client:
        items = client.get("/v1/items", params={"query": "the", "limit": 50}).json()["items"]
        for i in range(count):
            user, item = f"bench{i}", items[i % len(items)]
            put = {"items": [{"id": "bench", "title": f"Bench {i}"}]}
            calls = [
                ("event", "POST", f"/v1/users/{user}/events", {"events": [{"item_id": item["id"]}]}),
                ("search", "GET", f"/v1/items?query={item['title'][:4]}", None),
                ("profile", "GET", f"/v1/users/{user}", None),
                *([("put item", "PUT", "/v1/items", put)] if i % 10 == 0 else []),
                ("forget", "DELETE", f"/v1/users/{user}", None),
            ]
            for name, method, path, body in calls:
                start = time.perf_counter()
                client.request(method, path, json=body).raise_for_status()
                took[name].append(1e3 * (time.perf_counter() - start))
    return took


def main() -> None:
    """Measure, print, and fail where the promise is not kept."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--burn", choices=("cores", "python", "sleep"), default="cores")
    options.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options.add_argument("--store", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        serve(given.serve, given.store, given.seconds, given.burn)
        return
    with served(given.seconds, given.burn) as address:
        rounds(address, 5)
        idle = rounds(address, given.rounds)
        with Callers(address) as callers:
            busy = rounds(address, given.rounds)
    if callers.failures or not callers.answers:
        sys.exit(f"{callers.failures} lists failed, {callers.answers} came: the model was not busy.")
    print(f"model: {given.seconds:g} s a list, {CONCURRENCY} at a time, {given.burn}; {callers.answers} came")
    heads = ("idle p50", "p99", "busy p50", "p99", "most", "p99 ratio")
    print(f"{'milliseconds':<12}" + "".join(f"{head:>11}" for head in heads))
    late = []
    for name in idle:
        (a50, a99), (b50, b99) = (np.quantile(took[name], [0.5, 0.99]) for took in (idle, busy))
        most = max(busy[name])
        row = (a50, a99, b50, b99, most, b99 / a99)
        print(f"{name:<12}" + "".join(f"{figure:>11.1f}" for figure in row))
        late += [name] if name in PROMISED and b99 >= LIMIT_MS else []
    if late:
        sys.exit(f"p99 reaches {LIMIT_MS:g} ms: {', '.join(late)}")


if __name__ == "__main__":
    main()
