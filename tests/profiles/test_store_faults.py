"""A store on a full or read-only disk, or with a damaged file: a clear error; what is acknowledged stays."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from nextinterest.agent import RecommenderAgent
from nextinterest.errors import DataError
from nextinterest.profiles import ProfileEvent, ProfileStore, StoreError, open_store
from nextinterest.profiles.faults import store_fault
from nextinterest.profiles.sql import SqlProfileStore
from nextinterest.server import readiness
from nextinterest.server.app import create_app

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MANY = [ProfileEvent(item_id="a" * 500)] * 20  # some 10 kB


def _mount(*options: str) -> None:
    done = subprocess.run(["mount", *options], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("mounting a small disk is not allowed here")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 1 MiB of its own."""
    if sys.platform != "linux":
        pytest.skip("small disks are made on Linux only")
    folder = tmp_path / "disk"
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def engine_of(store: ProfileStore) -> sa.Engine:
    assert isinstance(store, SqlProfileStore)
    return store._engine


@contextmanager
def pragma(store: ProfileStore, hinder: str, free: str) -> Iterator[None]:
    """Hinder every connection of a store by a pragma."""
    engine = engine_of(store)

    def run(text: str) -> Callable[..., None]:
        def one(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute(f"PRAGMA {text}")

        return one

    hindering, freeing = run(hinder), run(free)
    sa.event.listen(engine, "checkout", hindering)
    yield
    sa.event.remove(engine, "checkout", hindering)
    sa.event.listen(engine, "checkout", freeing)


def fill_up(store: ProfileStore) -> list[str]:
    """Write until it fails; return the acknowledged users."""
    acknowledged: list[str] = []
    with pytest.raises(StoreError) as error:  # noqa: PT012 - the loop ends by it
        for number in range(1000):
            store.append(f"user{number:03}", MANY, received=NOW, key="k")
            acknowledged.append(f"user{number:03}")
    assert error.value.reason == "full"
    assert "no space left on its disk" in error.value.message
    return acknowledged


@pytest.mark.parametrize("how", ["pages", "disk"])
def test_a_full_disk_loses_nothing_acknowledged(
    tmp_path: Path, request: pytest.FixtureRequest, how: str
) -> None:
    folder: Path = request.getfixturevalue("disk") if how == "disk" else tmp_path
    stone = folder / "stone"
    stone.write_bytes(bytes(200_000))
    store = open_store(str(folder / "profiles.db"))
    if how == "pages":
        with pragma(store, "max_page_count = 100", "max_page_count = 1000000"):
            acknowledged = fill_up(store)
            assert store.users() == acknowledged
            with pytest.raises(StoreError):
                store.append("late", MANY, received=NOW, key="k")
    else:
        acknowledged = fill_up(store)
        assert store.users() == acknowledged
        with pytest.raises(StoreError):
            store.check()
        stone.unlink()
    store.check()
    assert not store.append("late", MANY, received=NOW, key="k").replayed
    store.close()
    again = open_store(str(folder / "profiles.db"))
    assert again.users() == sorted([*acknowledged, "late"])
    assert all(len(again.events(user)) == len(MANY) for user in acknowledged)
    assert again.append(acknowledged[0], MANY, received=NOW, key="k").replayed
    again.close()


@contextmanager
def hindered(store: ProfileStore, how: str) -> Iterator[None]:
    if how == "read-only":
        with pragma(store, "query_only = ON", "query_only = OFF"):
            yield
    else:
        with pragma(store, "max_page_count = 1", "max_page_count = 1000000"):
            yield


@pytest.mark.parametrize(
    ("how", "status", "code"), [("full", 507, "store_full"), ("read-only", 503, "store_read_only")]
)
def test_over_http_it_is_said_and_passes(
    agent: RecommenderAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, status: int, code: str
) -> None:
    monkeypatch.setattr(readiness, "_VALID_SECONDS", 0.0)
    store = open_store(str(tmp_path / "profiles.db"))
    live = agent.with_store(store, clock=lambda: NOW)
    with TestClient(create_app(live), base_url="http://127.0.0.1") as client:
        events = {"events": [{"item_id": "a"}] * 500}
        assert client.post("/v1/users/ann/events", json=events).status_code == 200
        assert client.get("/readyz").status_code == 200
        with hindered(store, how):
            put = {"items": [{"id": f"x{i}", "title": "t" * 200} for i in range(100)]}
            for answer in (
                client.post("/v1/users/bob/events", json=events, headers={"Idempotency-Key": "k"}),
                client.put("/v1/items", json=put),
            ):
                assert answer.status_code == status
                error = answer.json()["error"]
                assert (error["code"], error["type"]) == (code, "server_error")
                assert error["message"].startswith("The profile store ")
                assert str(tmp_path) not in error["message"]
                assert "Retry-After" in answer.headers
            ready = client.get("/readyz")
            assert (ready.status_code, ready.json()["error"]["code"]) == (503, code)
            # What only reads goes on.
            assert client.post("/v1/recommend", json={"user": "ann", "k": 3}).status_code == 200
            assert len(client.get("/v1/users/ann").json()["events"]) == 500
            assert client.get("/v1/items/x1").status_code == 404
        assert client.get("/readyz").status_code == 200
        again = client.post("/v1/users/bob/events", json=events, headers={"Idempotency-Key": "k"})
        assert again.json() == {"accepted": 500, "replayed": False}
        assert client.put("/v1/items", json=put).status_code == 200


def test_a_read_only_disk(disk: Path) -> None:
    store = open_store(str(disk / "profiles.db"))
    store.append("ann", MANY, received=NOW)
    store.close()
    _mount("-o", "remount,ro", str(disk))
    for path in (disk / "profiles.db", disk / "new.db"):
        with pytest.raises(StoreError, match="profile store") as error:
            open_store(str(path))
        assert error.value.reason in {"read-only", "unavailable"}
        assert error.value.remedy
    _mount("-o", "remount,rw", str(disk))
    again = open_store(str(disk / "profiles.db"))
    assert len(again.events("ann")) == len(MANY)
    again.close()


def test_postgresql_read_only(postgres_url: str) -> None:
    store = open_store(postgres_url)
    store.append("ann", MANY, received=NOW)
    name = str(engine_of(store).url.database)

    def read_only(on: str) -> None:
        engine = engine_of(store).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = {on}")
        engine_of(store).dispose()

    read_only("on")
    for act in (store.check, lambda: store.append("bob", MANY, received=NOW), lambda: store.forget("ann")):
        with pytest.raises(StoreError) as error:
            act()
        assert error.value.reason == "read-only"
    assert len(store.events("ann")) == len(MANY)
    read_only("off")
    store.check()
    store.append("bob", MANY, received=NOW)
    assert store.users() == ["ann", "bob"]
    store.close()


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _overwritten(data: bytes) -> bytes:
    return data[:4096] + b"\xff" * 8192 + data[12288:]


@pytest.mark.parametrize(
    "harm", [_cut, _overwritten, lambda data: b"\x00" * len(data), lambda data: data[::-1]]
)
def test_a_damaged_file_is_refused_at_the_start(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "profiles.db"
    store = open_store(str(path))
    for number in range(20):
        store.append(f"user{number}", MANY, received=NOW)
    store.close()
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(StoreError, match=r"profiles\.db is damaged") as error:
        open_store(str(path))
    assert error.value.reason == "damaged"
    assert "backup" in error.value.remedy


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (SimpleNamespace(sqlstate="53100"), "full"),
        (SimpleNamespace(sqlstate="25006"), "read-only"),
        (SimpleNamespace(sqlstate="XX001"), "damaged"),
        (SimpleNamespace(sqlstate="57P01"), "unavailable"),
        (SimpleNamespace(sqlstate=None), "unavailable"),
        (SimpleNamespace(sqlite_errorcode=sqlite3.SQLITE_FULL), "full"),
        (SimpleNamespace(sqlite_errorcode=8 | 4 << 8), "read-only"),  # SQLITE_READONLY_DBMOVED
        (SimpleNamespace(sqlite_errorcode=10 | 3 << 8), "unavailable"),  # SQLITE_IOERR_WRITE
        (SimpleNamespace(sqlite_errorcode=sqlite3.SQLITE_BUSY), "busy"),
        (SimpleNamespace(sqlite_errorcode=sqlite3.SQLITE_CORRUPT), "damaged"),
        (OSError(30, "Read-only file system"), "read-only"),
        (OSError(28, "No space left on device"), "full"),
        (None, "unavailable"),
    ],
)
def test_what_drivers_raise_is_told_apart(raised: BaseException | None, reason: str) -> None:
    error = store_fault("profiles.db", raised)
    assert error.reason == reason
    assert isinstance(error, DataError)
    assert "profiles.db" in error.message
    assert "profiles.db" not in error.public
