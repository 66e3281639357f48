"""The profile store: durable, ordered, idempotent, forgetful on request."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nextinterest.errors import DataError
from nextinterest.profiles import AppendResult, IdempotencyError, ProfileEvent, ProfileStore, open_store

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_events_come_back_in_order_of_time(store: ProfileStore) -> None:
    later, earlier = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
    store.append("ann", [ProfileEvent(item_id="b", time=later)], received=later)
    store.append("ann", [ProfileEvent(item_id="c"), ProfileEvent(item_id="d", rating=4.5)], received=NOW)
    store.append("ann", [ProfileEvent(item_id="a", time=earlier, kind="liked")], received=NOW)
    events = store.events("ann")
    assert [event.item_id for event in events] == ["a", "c", "d", "b"]
    assert events[0].kind == "liked"
    assert events[1].time == NOW
    assert events[2].rating == 4.5
    assert store.events("bob") == []


def test_a_key_writes_once(store: ProfileStore) -> None:
    event = ProfileEvent(item_id="a")
    assert store.append("ann", [event], received=NOW, key="k") == AppendResult(accepted=1, replayed=False)
    assert store.append("ann", [event], received=NOW, key="k") == AppendResult(accepted=1, replayed=True)
    assert len(store.events("ann")) == 1
    with pytest.raises(IdempotencyError, match="already used with other events"):
        store.append("ann", [ProfileEvent(item_id="b")], received=NOW, key="k")
    store.append("bob", [event], received=NOW, key="k")
    assert len(store.events("bob")) == 1


def test_concurrent_writers_lose_nothing(store: ProfileStore) -> None:
    def write(i: int) -> None:
        store.append(f"user{i % 3}", [ProfileEvent(item_id=str(i))], received=NOW, key=f"key{i // 2}")

    with ThreadPoolExecutor(8) as pool:
        outcomes = [pool.submit(write, i) for i in range(60)]
    failed = [outcome for outcome in outcomes if outcome.exception() is not None]
    assert failed == []
    assert sum(len(store.events(user)) for user in store.users()) == 60


def test_only_the_newest_event_of_a_kind_is_retracted(store: ProfileStore) -> None:
    earlier = NOW - timedelta(hours=1)
    told = [
        ProfileEvent(item_id="a", kind="liked"),
        ProfileEvent(item_id="a", kind="liked", time=earlier),
        ProfileEvent(item_id="a", kind="seen"),
        ProfileEvent(item_id="b", kind="liked"),
    ]
    for name in ("ann", "bob"):
        store.append(name, told, received=NOW)
    assert store.retract("ann", "a", newest="liked") == 1
    assert [(e.item_id, e.kind, e.time) for e in store.events("ann")] == [
        ("a", "liked", earlier),
        ("a", "seen", NOW),
        ("b", "liked", NOW),
    ]
    assert store.retract("ann", "a", newest="disliked") == 0
    assert len(store.events("bob")) == 4


def test_retract_and_forget(store: ProfileStore) -> None:
    for name in ("ann", "bob"):
        store.append(name, [ProfileEvent(item_id="a")] * 3, received=NOW, key=f"key-{name}")
        store.append(name, [ProfileEvent(item_id="b")], received=NOW)
    assert store.retract("bob", "a") == 3
    assert [event.item_id for event in store.events("bob")] == ["b"]
    assert store.forget("ann") == 4
    assert store.events("ann") == []
    assert store.users() == ["bob"]
    # The idempotency key is forgotten with the user: it may be used anew, and for other events.
    again = store.append("ann", [ProfileEvent(item_id="c")], received=NOW, key="key-ann")
    assert again == AppendResult(accepted=1, replayed=False)


def test_forgetting_leaves_no_bytes_behind(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "profiles.db"))
    secret = "very-secret-item-name"
    for name in ("ann", "bob"):
        store.append(name, [ProfileEvent(item_id=secret + name)] * 3, received=NOW, key="secret-key-" + name)
    assert store.forget("ann") == 3
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert (secret + "ann").encode() not in left
    assert b"secret-key-ann" not in left
    assert b"secret-key-bob" in left
    store.close()


@pytest.mark.parametrize("user", ["", "x" * 257, "a\nb", "\ud800"])
def test_a_bad_user_id_is_refused(store: ProfileStore, user: str) -> None:
    with pytest.raises(DataError, match="user id"):
        store.append(user, [ProfileEvent(item_id="a")], received=NOW)


def test_hostile_text_is_only_text(store: ProfileStore) -> None:
    hostile = "'); DROP TABLE events; --"
    store.append(hostile, [ProfileEvent(item_id=hostile)], received=NOW)
    assert store.events(hostile)[0].item_id == hostile


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to be read as one\n" * 40)
    with pytest.raises(DataError, match=r"notes\.txt is damaged"):
        open_store(str(path))
    with pytest.raises(DataError, match="in memory"):
        open_store("sqlite://")
    with pytest.raises(DataError, match="mysql"):
        open_store("mysql://x")


_WRITER = """
import sys
from datetime import UTC, datetime
from nextinterest.profiles import ProfileEvent, open_store
store = open_store(sys.argv[1])
start = int(sys.argv[2])
for i in range(start, start + 100_000):
    store.append("ann", [ProfileEvent(item_id=str(i))] , received=datetime.now(UTC))
    print(i, flush=True)
"""


def kill_while_writing(url: str, start: int, delay: float) -> int:
    """Start a writer, kill it `delay` seconds after its first acknowledgement, return the last one seen."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, str(start)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(delay)
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.stdout.read().split("\n")
    writer.wait()
    writer.stdout.close()
    # The last line may be cut by the kill; only whole lines are acknowledgements.
    return int(rest[-2] if len(rest) > 1 else first)


def test_kill_loses_no_acknowledged_event(url: str) -> None:
    draw = random.Random(7)
    start = 0
    for _ in range(4):
        last = kill_while_writing(url, start, draw.uniform(0.0, 0.05))
        store = open_store(url)
        stored = {event.item_id for event in store.events("ann")}
        store.close()
        assert {str(i) for i in range(last + 1)} <= stored
        start = max(int(item) for item in stored) + 1
    assert start >= 4  # each writer acknowledged at least the event it was waited for
