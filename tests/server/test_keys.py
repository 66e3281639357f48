"""Keys: what each opens, how wrong ones are slowed down, where they come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support.talker import EchoTalker

from nextinterest.errors import DataError
from nextinterest.server.keys import Keyring, read_key_file
from nextinterest.server.settings import ServerSettings

ALL, ALICE, USERS, GOODS = (f"{name}-key-that-is-long" for name in ("all", "alice", "users", "goods"))
KEYS = (ALL, f"{ALICE} user:zoe\u0308", f"{USERS} users", f"{GOODS} catalogue")
ZOE, ZOE_APART = "zo\u00eb", "zoe\u0308"
Serve = Callable[..., TestClient]
MESSAGES = [{"role": "user", "content": "hi"}]


def as_(key: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", **more}


def reaches(client: TestClient, key: str, user: str) -> dict[str, int]:
    """Return the status of each way to read or change a user's profile."""
    asked = {
        "read": client.get(f"/v1/users/{user}", headers=as_(key)),
        "write": client.post(
            f"/v1/users/{user}/events", json={"events": [{"item_id": "a"}]}, headers=as_(key)
        ),
        "retract": client.delete(f"/v1/users/{user}/events/a", headers=as_(key)),
        "forget": client.delete(f"/v1/users/{user}", headers=as_(key)),
        "recommend": client.post("/v1/recommend", json={"user": user}, headers=as_(key)),
        "similar": client.post("/v1/similar", json={"items": ["a"], "user": user}, headers=as_(key)),
        "interests": client.get("/v1/interests", params={"user": user}, headers=as_(key)),
        "portrait": client.post("/v1/interests", json={"user": user}, headers=as_(key)),
        "forecast": client.get("/v1/forecast", params={"user": user}, headers=as_(key)),
        "outlook": client.post("/v1/forecast", json={"user": user}, headers=as_(key)),
    }
    for route, field in (("/v1/chat/completions", "messages"), ("/v1/responses", "input")):
        body = {"model": "nextinterest", field: MESSAGES}
        asked[f"{route} body"] = client.post(route, json=body | {"user": user}, headers=as_(key))
        header = {b"X-Nextinterest-User": user.encode()}
        headers = {name.encode(): value.encode() for name, value in as_(key).items()} | header
        asked[f"{route} header"] = client.post(route, json=body, headers=headers)
        # The header goes first, and yet the body's user is not for this key.
        headers[b"X-Nextinterest-User"] = ZOE.encode()
        asked[f"{route} both"] = client.post(route, json=body | {"user": user}, headers=headers)
    return {name: answer.status_code for name, answer in asked.items()}


def test_a_key_of_one_user_opens_that_user_alone(serve: Serve, talker: EchoTalker) -> None:
    client = serve(keys=KEYS)
    for name in (ZOE, ZOE_APART):
        assert set(reaches(client, ALICE, name).values()) == {200}, name
    assert set(reaches(client, ALICE, "bob").values()) == {403}
    assert client.get("/v1/users", headers=as_(ALICE)).status_code == 403
    assert client.get("/v1/users/", headers=as_(ALICE)).status_code in {403, 404}
    assert client.get("/metrics", headers=as_(ALICE)).status_code == 403
    talker.heard.clear()
    for route, field in (("/v1/chat/completions", "messages"), ("/v1/responses", "input")):
        body = {"model": "nextinterest", field: MESSAGES}
        assert client.post(route, json=body, headers=as_(ALICE)).status_code == 200
    assert [user for _, user in talker.heard] == [ZOE, ZOE]


def test_a_key_of_all_users_does_not_change_the_catalogue(serve: Serve) -> None:
    client = serve(keys=KEYS)
    assert set(reaches(client, USERS, "bob").values()) <= {200, 403}
    assert [name for name, status in reaches(client, USERS, "bob").items() if status != 200] == []
    assert client.get("/v1/users", headers=as_(USERS)).status_code == 200


@pytest.mark.parametrize(("key", "status"), [(ALL, 200), (GOODS, 200), (USERS, 403), (ALICE, 403)])
def test_who_may_change_the_catalogue(serve: Serve, key: str, status: int) -> None:
    client = serve(keys=KEYS)
    items = {"items": [{"id": "z", "title": "Zodiac"}]}
    assert client.put("/v1/items", json=items, headers=as_(key)).status_code == status
    if status == 403:
        client.put("/v1/items", json=items, headers=as_(ALL))
    assert client.delete("/v1/items/z", headers=as_(key)).status_code == status
    assert client.get("/v1/items/a", headers=as_(key)).status_code == 200
    assert client.post("/v1/recommend", json={"history": ["a"]}, headers=as_(key)).status_code == 200


def test_a_key_of_the_catalogue_opens_no_user(serve: Serve) -> None:
    client = serve(keys=KEYS)
    assert set(reaches(client, GOODS, "bob").values()) == {403}
    assert client.get("/v1/users", headers=as_(GOODS)).status_code == 403
    refused = client.get("/v1/users/bob", headers=as_(GOODS)).json()["error"]
    assert refused["code"] == "insufficient_scope"
    assert "bob" not in refused["message"]


def test_wrong_keys_are_slowed_down(serve: Serve) -> None:
    client = serve(keys=KEYS, wrong_keys_per_minute=5)
    assert client.get("/v1/models", headers=as_(USERS)).status_code == 200
    tries = [client.get("/v1/models", headers=as_(f"{ALL}{i}")) for i in range(200)]
    statuses = [answer.status_code for answer in tries]
    assert statuses[:5] == [401] * 5
    assert statuses.count(429) >= 190
    assert int(tries[-1].headers["Retry-After"]) >= 1
    assert tries[-1].json()["error"]["code"] == "rate_limited"
    # A guess that is right is not told apart any more; a key that was used from here before still works.
    assert client.get("/v1/models", headers=as_(ALL)).status_code == 429
    assert client.get("/v1/models", headers=as_(USERS)).status_code == 200
    assert client.get("/healthz").status_code == 200
    other = TestClient(client.app, base_url="http://127.0.0.1:8000", client=("192.0.2.7", 1))
    assert other.get("/v1/models", headers=as_(ALL)).status_code == 200


def test_wrong_keys_never_have_more_tries_than_right_ones(serve: Serve) -> None:
    client = serve(keys=KEYS, requests_per_minute=5)
    statuses = [client.get("/v1/models", headers=as_("wrong" * 5)).status_code for _ in range(200)]
    assert statuses.count(401) <= 7


def test_addresses_of_one_network_are_one_caller(serve: Serve) -> None:
    app = serve(keys=KEYS, wrong_keys_per_minute=2).app
    statuses = [
        TestClient(app, base_url="http://127.0.0.1:8000", client=(f"2001:db8::{i:x}", 1))
        .get("/v1/models", headers=as_("wrong" * 5))
        .status_code
        for i in range(5)
    ]
    assert statuses == [401, 401, 429, 429, 429]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["short"], "Key 1 is too short"),
        ([ALL, f"{USERS} everything"], "Key 2 has an unknown scope"),
        ([f"{USERS} usersuser:a"], "Key 1 has an unknown scope"),
        ([f"{USERS} user:"], "user id"),
        ([f"{USERS} users", f"{USERS} catalogue"], "Key 2 was given before with other scopes"),
        (["schlüssel-der-lang-genug-ist"], "Key 1 has characters that no header can carry"),
    ],
)
def test_lines_that_are_no_keys(lines: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said) as refused:
        ServerSettings(keys=tuple(lines)).checked()
    assert USERS not in str(refused.value)


def test_scopes_are_read() -> None:
    ring = Keyring([f"{ALICE} catalogue user:ann marie", f"{USERS}  users   catalogue", ALL])
    grant = ring.grant(ALICE)
    assert grant is not None
    assert (grant.user, grant.users, grant.catalogue) == ("ann marie", False, True)
    assert ring.grant(USERS) == ring.grant(ALL)
    assert ring.grant(ALL + "x") is None
    assert ALL not in repr(ServerSettings(keys=(ALL,)))


def test_a_file_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# keys\n{ALL}\n\n  {ALICE} user:zoe  \n", "utf-8")
    path.chmod(0o600)
    assert read_key_file(path) == ((ALL, f"{ALICE} user:zoe"), "")
    path.chmod(0o644)
    lines, warning = read_key_file(path)
    assert len(lines) == 2
    assert "can be read by others" in warning
    path.chmod(0o620)
    with pytest.raises(DataError, match=r"can be written by others.*chmod 600"):
        read_key_file(path)
    path.chmod(0o600)
    path.write_text("# none\n", "utf-8")
    with pytest.raises(DataError, match="holds no key"):
        read_key_file(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="not UTF-8"):
        read_key_file(path)
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_key_file(missing)
