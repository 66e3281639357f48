"""Reading data of the size of MovieLens-1M, beside a reader of the csv module: seconds and peak memory.

    python bench/read_data.py                       # 1,000,209 events, about a minute
    python bench/read_data.py --events 20000000     # the size of MovieLens-20M

The files are made here, the same each time: 6,040 users, 3,706 films, times over three years, popularity with
a long tail; as .dat and .csv as MovieLens ships, tab-separated as RecBole keeps it, and as JSON lines with a
review text each, as Amazon ships. Every measurement is a process of its own, so peaks of memory
do not hide one another; what an empty process with the same imports needs is subtracted nowhere and printed.
Both readers end in the same arrays, sorted by user and time.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

USERS, ITEMS = 6040, 3706
TIMED = "seconds"


def generate(folder: Path, n_events: int, seed: int) -> dict[str, Path]:
    """Write the same events in each format and return the path to read for each."""
    import polars as pl

    rng = np.random.default_rng(seed)
    users = rng.integers(1, USERS + 1, n_events)
    items = 1 + (ITEMS * rng.random(n_events) ** 2.5).astype(np.int64)
    times = 956_700_000 + rng.integers(0, 90_000_000, n_events)
    frame = pl.DataFrame({"u": users, "i": items, "r": rng.integers(1, 6, n_events), "t": times})
    movies = [f"{i}::Film number {i}, The ({1930 + i % 70})::Drama|War" for i in range(1, ITEMS + 1)]
    paths = {name: folder / name for name in ("ml-dat", "ml-csv", "recbole", "amazon")}
    for path in paths.values():
        path.mkdir()
    text = frame.select(pl.format("{}::{}::{}::{}", "u", "i", "r", "t").alias("line"))
    text.write_csv(paths["ml-dat"] / "ratings.dat", include_header=False, quote_style="never")
    (paths["ml-dat"] / "movies.dat").write_text("\n".join(movies) + "\n")
    frame.rename({"u": "userId", "i": "movieId", "r": "rating", "t": "timestamp"}).write_csv(
        paths["ml-csv"] / "ratings.csv"
    )
    names = {"u": "user_id:token", "i": "item_id:token", "r": "rating:float", "t": "timestamp:float"}
    frame.rename(names).write_csv(paths["recbole"] / "ml.inter", separator="\t")
    text_of_review = "A film to see twice, and then once more with friends. " * 4
    parts = (
        '{"reviewerID": "A',
        "u",
        '", "asin": "B',
        "i",
        '", "overall": ',
        "r",
        '.0, "unixReviewTime": ',
        "t",
    )
    pieces = [pl.col(part) if len(part) == 1 else pl.lit(part) for part in parts]
    reviews = frame.select(pl.concat_str(*pieces, pl.lit(f', "reviewText": "{text_of_review}"}}')))
    reviews.write_csv(paths["amazon"] / "reviews.json", include_header=False, quote_style="never")
    return paths


def read_naively(path: Path) -> int:
    """Read with csv or json and one tuple per event, as most scripts do; returns the number of events."""
    events: list[tuple[str, str, float, int]] = []
    if path.name == "amazon":
        with (path / "reviews.json").open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                events.append(
                    (row["reviewerID"], row["asin"], float(row["overall"]), int(row["unixReviewTime"]))
                )
    elif path.name == "ml-dat":
        with (path / "ratings.dat").open(encoding="latin-1") as file:
            for line in file:
                u, i, r, t = line.rstrip("\n").split("::")
                events.append((u, i, float(r), int(t)))
    else:
        name, separator = ("ratings.csv", ",") if path.name == "ml-csv" else ("ml.inter", "\t")
        with (path / name).open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, delimiter=separator)
            next(rows)
            for u, i, r, t in rows:
                events.append((u, i, float(r), int(t)))
    first: dict[tuple[str, str], tuple[str, str, float, int]] = {}
    for event in sorted(events, key=lambda e: e[3]):
        first.setdefault(event[:2], event)
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    coded = [
        (users.setdefault(u, len(users)), t, items.setdefault(i, len(items)), r)
        for u, i, r, t in first.values()
    ]
    coded.sort(key=lambda e: e[:2])
    arrays = [np.array(column) for column in zip(*coded, strict=True)]
    return len(arrays[0])


def read_ours(path: Path) -> int:
    """Read with `nextinterest.data.load`; returns the number of events."""
    from nextinterest.data import load

    return load(path).log.n_events


def peak_megabytes() -> float:
    """Return the peak memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would report the peak of the process this one was forked from
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def measure(which: str, path: str) -> None:
    """Run one reader in this process and print seconds, events and peak memory as JSON."""
    import nextinterest.data  # noqa: F401 - both carry the same imports

    started = time.perf_counter()
    n = 0 if which == "none" else {"ours": read_ours, "naive": read_naively}[which](Path(path))
    megabytes = peak_megabytes()
    print(json.dumps({TIMED: time.perf_counter() - started, "events": n, "megabytes": megabytes}))


def in_a_process(which: str, path: Path) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--measure", which, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main() -> None:
    """Generate, measure each format with both readers in turn, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_209)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(*arguments.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = generate(Path(folder), arguments.events, arguments.seed)
        empty = in_a_process("none", Path(folder))["megabytes"]
        print(
            f"{arguments.events:,} events; imports alone hold {empty:.0f} MB; best of {arguments.repeats}\n"
        )
        print("format        file     ours    naive  ratio  peak ours peak naive")
        for name, path in paths.items():
            # In turn, so that whatever else the machine does falls on both.
            runs = [
                (in_a_process("ours", path), in_a_process("naive", path)) for _ in range(arguments.repeats)
            ]
            ours, naive = (min((run[side] for run in runs), key=lambda r: r[TIMED]) for side in (0, 1))
            assert ours["events"] == naive["events"], (name, ours, naive)
            size = sum(file.stat().st_size for file in path.iterdir()) / 1024**2
            print(
                f"{name:9} {size:6.0f} MB {ours[TIMED]:6.2f} s {naive[TIMED]:6.2f} s "
                f"{naive[TIMED] / ours[TIMED]:5.1f}x {ours['megabytes']:7.0f} MB {naive['megabytes']:7.0f} MB"
            )


if __name__ == "__main__":
    main()
