"""Names and databases that the server does not take, and a store that another program holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from nextinterest.errors import DataError
from nextinterest.profiles import open_store

Serve = Callable[..., TestClient]


@pytest.mark.parametrize("name", [" ", "\u3000", "\u200b", "a\u202eb", "\u2066zoe"])
def test_names_that_nobody_can_read_are_refused_for_events(serve: Serve, name: str) -> None:
    client = serve()
    answer = client.post(f"/v1/users/{quote(name)}/events", json={"events": [{"item_id": "a"}]})
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "user"
    assert client.delete(f"/v1/users/{quote(name)}").status_code == 200


@pytest.mark.parametrize("name", [".", ".."])
def test_names_that_paths_drop_are_refused(tmp_path: Path, name: str) -> None:
    store = open_store(str(tmp_path / "profiles.db"))
    with pytest.raises(DataError, match="user id"):
        store.fill({name: []}, received=None)  # type: ignore[arg-type]
    store.close()


@pytest.mark.parametrize(
    "made", ["CREATE TABLE notes (x)", "CREATE TABLE items (x)", "PRAGMA application_id = 7"]
)
def test_another_programs_database_is_refused_and_not_changed(tmp_path: Path, made: str) -> None:
    path = tmp_path / "my.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute(made)
        other.commit()
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"my\.sqlite is another program's database"):
        open_store(str(path))
    assert path.read_bytes() == before


def test_a_folder_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"folder .*/new/deep of the profile store does not exist"):
        open_store(str(tmp_path / "new" / "deep" / "p.db"))
    assert not (tmp_path / "new").exists()


def test_a_store_locked_by_another_program_is_busy(serve: Serve, tmp_path: Path) -> None:
    client = serve()
    with closing(sqlite3.connect(tmp_path / "profiles.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_busy")


def test_items_take_item_id_and_an_unknown_one_is_advised_on(serve: Serve) -> None:
    client = serve()
    assert client.put("/v1/items", json={"items": [{"item_id": "n", "title": "Night Ferry"}]}).json()["added"]
    for method in ("GET", "DELETE"):
        message = client.request(method, "/v1/items/x").json()["error"]["message"]
        assert "on_unknown='skip'" not in message
        assert "GET /v1/items?query=" in message
    assert client.get("/v1/items", params={"query": "Night"}).json()["items"][0]["id"] == "n"
