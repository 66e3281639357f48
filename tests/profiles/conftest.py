"""Stores to test with: SQLite, and a PostgreSQL server of the tests' own where it is installed."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.four_users import agent, catalog, log, model

from nextinterest.profiles import ProfileStore, open_store

__all__ = ["agent", "catalog", "log", "model"]

_NAMES = itertools.count()


def _program(name: str) -> str | None:
    """Find a program of the server, which Debian keeps out of the PATH."""
    found = shutil.which(name)
    if found is not None:
        return found
    return next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a server that listens on a socket in a folder of its own; give the folder."""
    programs = {name: _program(name) for name in ("initdb", "postgres", "psql")}
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        pytest.skip(f"PostgreSQL is not installed: no {missing[0]}")
    # It refuses to run as root; Debian's package makes a user for it.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="nextinterest-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    options = ["-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
    subprocess.run(
        [str(programs["initdb"]), *options], user=user, check=True, capture_output=True, cwd=folder
    )
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [str(programs["postgres"]), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="],
            user=user,
            stderr=log,
            stdout=log,
            cwd=folder,
        )
    try:
        end = time.monotonic() + 60
        while not _answers(folder):
            assert server.poll() is None, (folder / "server.log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        yield str(folder)
    finally:
        server.send_signal(signal.SIGQUIT)  # its data is thrown away, so it need not write it out first
        server.wait(30)
        shutil.rmtree(folder)


def _sql(folder: str | Path, text: str) -> subprocess.CompletedProcess[bytes]:
    psql = _program("psql")
    assert psql is not None
    command = [psql, "-X", "-h", str(folder), "-U", "postgres", "-c", text, "postgres"]
    return subprocess.run(command, capture_output=True, check=False)


def _answers(folder: Path) -> bool:
    return _sql(folder, "select 1").returncode == 0


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'profiles.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """Return the URL of an empty store on PostgreSQL."""
    folder = postgres
    name = f"test_{next(_NAMES)}"
    made = _sql(folder, f"create database {name}")
    assert made.returncode == 0, made.stderr
    return f"postgresql://postgres@/{name}?host={folder}"


@pytest.fixture
def open_url(url: str) -> Iterator[Callable[[], ProfileStore]]:
    """Return a function that opens the store, again and again."""
    opened: list[ProfileStore] = []

    def one() -> ProfileStore:
        opened.append(open_store(url))
        return opened[-1]

    yield one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_url: Callable[[], ProfileStore]) -> ProfileStore:
    return open_url()
