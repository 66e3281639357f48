"""Profiles have numbers that no two share; a store is filled wholly or not at all; older files open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nextinterest.profiles import (
    EventTimeError,
    ForgottenError,
    ItemRecord,
    ProfileEvent,
    ProfileStore,
    open_store,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EVENT = ProfileEvent(item_id="a")


def test_a_profile_keeps_its_number_until_it_is_forgotten(store: ProfileStore) -> None:
    assert store.profiles(["ann"]) == {}
    seen: set[int] = set()
    for _ in range(3):
        store.append("ann", [EVENT], received=NOW)
        number = store.profiles(["ann", "nobody"])["ann"]
        store.append("ann", [EVENT], received=NOW, profile=number)
        store.retract("ann", "a")
        assert store.profiles(["ann"]) == {"ann": number}
        assert number not in seen
        seen.add(number)
        store.forget("ann")
        assert store.profiles(["ann"]) == {}
        with pytest.raises(ForgottenError):
            store.append("ann", [EVENT], received=NOW, profile=number)
        store.append("ann", [EVENT], received=NOW)
        with pytest.raises(ForgottenError):
            store.append("ann", [EVENT], received=NOW, profile=number, key="k")
        assert not store.append("ann", [EVENT], received=NOW, key="k").replayed
        store.forget("ann")


def test_many_profiles_at_once(store: ProfileStore) -> None:
    users = [f"user{i}" for i in range(1200)]
    assert store.fill({user: [EVENT] for user in users}, received=NOW) == 1200
    assert set(store.profiles([*users, "nobody"])) == set(users)
    assert store.profiles([]) == {}


def test_every_user_with_events_has_a_profile_whoever_forgets_meanwhile(
    open_url: Callable[[], ProfileStore],
) -> None:
    stores = [open_url() for _ in range(4)]

    def work(i: int) -> None:
        if i % 3:
            stores[i % 4].append("ann", [EVENT], received=NOW, key=str(i))
        else:
            stores[i % 4].forget("ann")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(120)))
    stores[0].append("ann", [EVENT], received=NOW)
    number = stores[1].profiles(["ann"])["ann"]
    stores[2].append("ann", [EVENT], received=NOW, profile=number)
    stores[3].forget("ann")
    assert stores[0].users() == []
    assert stores[0].profiles(["ann"]) == {}


def test_a_store_is_filled_wholly_or_not_at_all_and_once(open_url: Callable[[], ProfileStore]) -> None:
    store, other = open_url(), open_url()
    late = ProfileEvent(item_id="b", time=datetime(2030, 1, 1, tzinfo=UTC))
    with pytest.raises(EventTimeError):
        store.fill({"ann": [EVENT], "bob": [EVENT, late]}, received=NOW)
    assert store.users() == []
    histories = {"ann": [EVENT, EVENT], "bob": [EVENT]}
    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(lambda one: one.fill(histories, received=NOW), (store, other)))
    assert sorted(written) == [0, 2]
    assert {user: len(store.events(user)) for user in store.users()} == {"ann": 2, "bob": 1}
    store.forget("ann")
    assert store.fill(histories, received=NOW) == 0  # who was forgotten does not come back
    assert store.users() == ["bob"]


def test_changes_of_items_have_versions_in_order(store: ProfileStore) -> None:
    assert store.items_since(0) == (0, [])
    assert store.change_items([ItemRecord("a", "1"), ItemRecord("b", "2"), ItemRecord("a", "3")]) == 1
    assert store.change_items([ItemRecord("b", None)]) == 2
    assert store.items_since(0) == (2, [ItemRecord("a", "3"), ItemRecord("b", None)])
    assert store.items_since(1) == (2, [ItemRecord("b", None)])
    assert store.items_since(2) == (2, [])
    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(lambda i: store.change_items([ItemRecord(str(i), "x")]), range(20)))
    assert sorted(versions) == list(range(3, 23))
    version, records = store.items_since(2)
    assert version == 22
    assert [record.item_id for record in records] == [
        str(i) for i in sorted(range(20), key=versions.__getitem__)
    ]


def test_forgetting_leaves_no_name_of_the_user(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "profiles.db"))
    store.append("secret-person", [EVENT], received=NOW, key="k")
    store.append("other-person", [EVENT], received=NOW)
    store.forget("secret-person")
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"secret-person" not in left
    assert b"other-person" in left
    store.close()


def test_a_file_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "profiles.db"
    with closing(sqlite3.connect(path)) as old, old:
        old.executescript(
            """
            CREATE TABLE events (
                sequence INTEGER NOT NULL, user_id TEXT NOT NULL, item_id TEXT NOT NULL,
                time_us BIGINT NOT NULL, kind TEXT NOT NULL, rating FLOAT, PRIMARY KEY (sequence));
            CREATE INDEX events_by_user ON events (user_id, time_us, sequence);
            CREATE TABLE idempotency_keys (
                user_id TEXT NOT NULL, "key" TEXT NOT NULL, digest TEXT NOT NULL, accepted INTEGER NOT NULL,
                PRIMARY KEY (user_id, "key"));
            INSERT INTO events (user_id, item_id, time_us, kind) VALUES ('ann', 'a', 5, 'seen');
            INSERT INTO events (user_id, item_id, time_us, kind) VALUES ('ann', 'b', 6, 'seen');
            INSERT INTO events (user_id, item_id, time_us, kind) VALUES ('bob', 'a', 7, 'seen');
            """
        )
    for _ in range(2):
        store = open_store(str(path))
        assert [event.item_id for event in store.events("ann")] == ["a", "b"]
        assert set(store.profiles(["ann", "bob"])) == {"ann", "bob"}
        store.close()
