"""Kill writers at random and count what is missing.

    python bench/profile_kills.py --kills 1000

Each round forks a process that opens the profile store anew and appends events in batches, each with an
idempotency key of its own, telling the parent through a pipe once `append` has returned. The parent sends
SIGKILL after a random time, from before the store is open to amid the writing, opens the store itself, and
looks: every acknowledged batch must be there once, the batch under way wholly or not at all, and sending it
again must not double it. Prints what was lost, torn or doubled, and how long opening took after a kill.
`--url` takes a PostgreSQL store instead of a SQLite file. A power failure is not simulated: what a commit
has handed to the disk is the disk's word.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sqlite3
import struct
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from nextinterest.profiles import ProfileEvent, ProfileStore, open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACK = struct.Struct("<q")


@dataclass
class Tally:
    """What the rounds have shown."""

    acknowledged: int = 0
    lost: int = 0
    torn: int = 0
    doubled: int = 0
    before_any: int = 0


def batch(user: str, number: int) -> list[ProfileEvent]:
    """Return the events of a batch: one to four, by its number."""
    return [ProfileEvent(item_id=f"{user}:{number}:{i}") for i in range(1 + number % 4)]


def write_until_killed(url: str, user: str, acknowledge: int) -> None:
    """Append batch after batch and acknowledge each by its number."""
    store = open_store(url)
    for number in range(1_000_000):
        store.append(user, batch(user, number), received=NOW, key=str(number))
        os.write(acknowledge, ACK.pack(number))


def one_round(url: str, user: str, seconds: float) -> int:
    """Start a writer, kill it, and return how many batches it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with contextlib.suppress(BaseException):
            write_until_killed(url, user, writing)
        os._exit(1)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        sys.exit("The writer ended by itself; nothing was tested.")
    acknowledged = b""
    while part := os.read(reading, 1 << 16):
        acknowledged += part
    os.close(reading)
    return len(acknowledged) // ACK.size


def check(store: ProfileStore, user: str, acknowledged: int, tally: Tally) -> None:
    """Compare the store with what was acknowledged, and send the batch under way again."""
    found = Counter(event.item_id for event in store.events(user))
    tally.acknowledged += sum(len(batch(user, number)) for number in range(acknowledged))
    tally.before_any += acknowledged == 0
    for number in range(acknowledged):
        tally.lost += sum(found[event.item_id] == 0 for event in batch(user, number))
    under_way = [found[event.item_id] for event in batch(user, acknowledged)]
    tally.torn += len(set(under_way)) > 1
    store.append(user, batch(user, acknowledged), received=NOW, key=str(acknowledged))
    again = Counter(event.item_id for event in store.events(user))
    tally.doubled += sum(count > 1 for count in again.values())
    expected = {event.item_id for number in range(acknowledged + 1) for event in batch(user, number)}
    tally.torn += set(again) != expected


def main() -> None:
    """Run the rounds and print the tally."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--most-ms", type=float, default=200.0, help="longest life of a writer")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--url", help="a store of your own; default: a SQLite file that is thrown away")
    given = options.parse_args()
    draw = np.random.default_rng(given.seed)
    tally, opening = Tally(), []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profiles.db"
        url = given.url or f"sqlite:///{file}"
        open_store(url).close()
        for kill in range(given.kills):
            user = f"user{given.seed}-{kill}"
            acknowledged = one_round(url, user, draw.uniform(0.0, given.most_ms) / 1e3)
            clock = time.perf_counter()
            store = open_store(url)
            store.events(user)
            opening.append(time.perf_counter() - clock)
            check(store, user, acknowledged, tally)
            store.close()
        sound = "not asked (PostgreSQL)"
        if given.url is None:
            with contextlib.closing(sqlite3.connect(file)) as connection:
                sound = str(connection.execute("pragma integrity_check").fetchone()[0])
    opening.sort()
    print(f"kills                      {given.kills}, of them {tally.before_any} before any acknowledgement")
    print(f"acknowledged events        {tally.acknowledged:,}")
    print(f"lost                       {tally.lost}")
    print(f"batches torn               {tally.torn}")
    print(f"doubled by sending again   {tally.doubled}")
    print(f"integrity check            {sound}")
    middle, last = opening[len(opening) // 2], opening[-1]
    print(f"open and read after a kill {1e3 * middle:.1f} ms median, {1e3 * last:.1f} ms at most")
    print(f"took                       {time.monotonic() - started:.0f} s")
    if tally.lost or tally.torn or tally.doubled:
        sys.exit(1)


if __name__ == "__main__":
    main()
