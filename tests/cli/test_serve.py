"""``nextinterest serve`` as it is run, with the default agent and its language model."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest
from support.serving import free_port, small_agent
from typer.testing import CliRunner, Result

from nextinterest.agent import RecommenderAgent
from nextinterest.cli.main import app, main
from nextinterest.cli.opening import Source
from nextinterest.data import EventLog
from nextinterest.errors import NextInterestError
from nextinterest.profiles import open_store

Refused = Callable[..., str]


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


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Return what runs the command for every address until it is refused; it returns what was printed."""
    monkeypatch.delenv("NEXTINTEREST_SERVE_KEYS", raising=False)

    def run(*options: str) -> str:
        store = str(tmp_path / "profiles.db")
        with pytest.raises(SystemExit) as ended:
            main(["serve", "--host", "0.0.0.0", "--store", store, *options])  # noqa: S104 - refused
        assert ended.value.code == 1
        return " ".join(capsys.readouterr().err.split())

    return run


def test_without_a_key_only_loopback_is_served(refused: Refused) -> None:
    assert "Without keys the server listens on loopback only" in refused()


@pytest.fixture
def serve_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs the command over the small world, without serving."""

    def run(*options: str, first_time: int = 0, run: Callable[..., None] = lambda *_: None) -> Result:
        agent = small_agent()
        catalog = agent.catalog
        users, items = np.array([0, 0, 1, 2], dtype=np.int32), np.array([0, 1, 2, 3], dtype=np.int32)
        times = np.array([5, 6, first_time, 8], dtype=np.int64)
        known = RecommenderAgent(agent.engine, EventLog.from_arrays(("u1", "u2", "u3"), users, items, times))
        assert known.catalog is catalog
        monkeypatch.setattr(Source, "open", lambda _: known)
        monkeypatch.setattr("nextinterest.server.run.run", run)
        return CliRunner().invoke(
            app, ["serve", "--port", "0", "--store", str(tmp_path / "profiles.db"), *options]
        )

    return run


def test_examples_are_written_wholly_or_not_at_all(
    serve_small: Callable[..., Result], tmp_path: Path
) -> None:
    def users() -> list[str]:
        store = open_store(str(tmp_path / "profiles.db"))
        found = store.users()
        store.close()
        return found

    failed = serve_small("--examples", "3", first_time=2**40)  # the second user's only event
    assert isinstance(failed.exception, NextInterestError)
    assert "outside the limits" in str(failed.exception)
    assert users() == []
    written = serve_small("--examples", "2")
    assert written.exit_code == 0
    assert "Example users: u1, u2." in written.stderr
    assert users() == ["u1", "u2"]
    again = serve_small("--examples", "3")
    assert again.exit_code == 0
    assert "--examples wrote nothing: the store holds events of 2 users already." in again.stderr
    assert users() == ["u1", "u2"]
    assert serve_small("--examples", "-1").exit_code == 2


def test_examples_are_named_by_the_catalogue_they_come_from(
    serve_small: Callable[..., Result], tmp_path: Path
) -> None:
    store = open_store(str(tmp_path / "profiles.db"))
    live = small_agent().with_store(store)
    live.remove_items(["a"])  # positions move
    store.close()
    assert serve_small("--examples", "3").exit_code == 0
    store = open_store(str(tmp_path / "profiles.db"))
    assert [event.item_id for event in store.events("u1")] == ["a", "b"]
    assert [event.item_id for event in store.events("u3")] == ["d"]
    store.close()


def test_a_damaged_store_is_a_sentence(serve_small: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "profiles.db").write_bytes(b"SQLite format 3\x00" + bytes(8000))
    refused = serve_small()
    assert isinstance(refused.exception, NextInterestError)
    assert "profiles.db is damaged" in str(refused.exception)


def test_a_key_on_the_command_line_is_refused_and_a_file_is_read(refused: Refused, tmp_path: Path) -> None:
    said = refused("--key", "my-very-secret-key")
    assert "--key-file FILE, or set NEXTINTEREST_SERVE_KEYS" in said
    assert "my-very-secret-key" not in said
    keys = tmp_path / "keys"
    keys.write_text("my-very-secret-key everything\n", "utf-8")
    keys.chmod(0o600)
    said = refused("--key-file", str(keys))
    assert "Key 1 has an unknown scope" in said
    assert "my-very-secret-key" not in said
    assert "there is no wildcard" in refused("--origin", "https://*.example")


@pytest.fixture
def busy() -> Iterator[int]:
    """Return a port that another program listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


def test_what_is_wrong_is_said_before_the_agent_is_loaded(
    tmp_path: Path, busy: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NEXTINTEREST_SERVE_KEYS", raising=False)
    monkeypatch.setattr(Source, "open", lambda _: pytest.fail("the agent was loaded"))
    short, damaged, foreign = tmp_path / "keys", tmp_path / "damaged.db", tmp_path / "foreign.db"
    short.write_text("short\n", "utf-8")
    short.chmod(0o600)
    damaged.write_bytes(b"SQLite format 3\x00" + bytes(8000))
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE songs (name TEXT)")
    other.close()

    def said(*options: str) -> str:
        given = ["serve", *options]
        for option, value in (("--store", str(tmp_path / "new.db")), ("--port", "0")):
            given += [] if option in options else [option, value]
        with pytest.raises(SystemExit) as ended:
            main(given)
        assert ended.value.code in {1, 2}
        return " ".join(capsys.readouterr().err.split())

    in_use = f"Port {busy} is in use. Use another with --port (0: any that is free)"
    assert in_use in said("--port", str(busy))
    assert in_use in said("--port", str(busy), "--host", "localhost")
    assert "no address '203.0.113.7'" in said("--host", "203.0.113.7", "--key-file", str(a_key(tmp_path)))
    assert "no address 'nowhere.invalid'" in said(
        "--host", "nowhere.invalid", "--key-file", str(a_key(tmp_path))
    )
    assert "Without keys" in said("--host", "0.0.0.0")  # noqa: S104 - refused
    assert "missing of the profile store does not exist" in said(
        "--store", str(tmp_path / "missing" / "profiles.db")
    )
    assert "is damaged" in said("--store", str(damaged))
    assert "another program's database" in said("--store", str(foreign))
    assert "that start with 'mysql'" in said("--store", "mysql://host/x")
    assert "cannot be read" in said("--key-file", str(tmp_path / "no-such-file"))
    assert "at least 16 characters" in said("--key-file", str(short))
    assert "give --data" in said("--examples", "2", "--model", str(tmp_path))
    assert "user id" in said("mcp", "--user", "..")
    assert not (tmp_path / "new.db").exists()


def a_key(folder: Path) -> Path:
    file = folder / "good-keys"
    file.write_text("my-very-secret-key\n", "utf-8")
    file.chmod(0o600)
    return file


def test_a_port_in_use_is_refused_without_loading_the_heavy_libraries(tmp_path: Path, busy: int) -> None:
    code = (
        "import sys\nfrom nextinterest.cli.main import main\ntry:\n"
        f"    main(['serve', '--port', '{busy}', '--store', {str(tmp_path / 'profiles.db')!r}])\n"
        "except SystemExit as ended:\n    print(ended.code)\n"
        "print({'torch', 'transformers', 'nextinterest.server.app'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["1", "set()"]
    assert "in use" in ended.stderr
    assert "Serving on" not in ended.stderr


def test_serving_is_said_once_connections_are_accepted(
    serve_small: Callable[..., Result],
) -> None:
    refused = serve_small("--port", "0")
    assert refused.exit_code == 0
    assert "Serving on" not in refused.stderr  # the server of this fixture never accepts anything
    seen: list[str] = []

    def run(_: object, __: object, sockets: Sequence[socket.socket], ready: Callable[[], None]) -> None:
        seen.append(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/")
        ready()

    serving = serve_small("--port", "0", run=run)
    assert f"Serving on {seen[0]}" in serving.stderr
