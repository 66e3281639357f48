"""Metrics, intervals and tests for many methods and a million users, from saved ranks.

    python bench/eval_metrics.py                      # 10 methods x 1,000,000 users
    python bench/eval_metrics.py --users 100000

Writes a run of synthetic answers (not timed), then times, in one process: reading the ranks, every rank and
list metric at its default cut-offs, bootstrap intervals of all of them, and randomisation tests with Holm's
correction between all pairs of methods on three measures. Prints seconds by step, and the peak memory of
the process. It measures the machinery; the answers mean nothing.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from nextinterest.eval.answers import Answers
from nextinterest.eval.comparisons import compare_methods
from nextinterest.eval.metrics import MISS
from nextinterest.eval.protocol import Protocol
from nextinterest.eval.run_manifests import Asked, MethodRecord
from nextinterest.eval.runs import Run
from nextinterest.eval.scores import score

LIST_LENGTH = 20


def write_run(path: Path, n_users: int, n_methods: int, n_items: int) -> Run:
    """Write a run of methods whose answers get better one after another."""
    rng = np.random.default_rng(0)
    weights = 1.0 / np.arange(1, n_items + 1)
    counts = np.maximum(1, (weights / weights.sum() * 20 * n_users)).astype(np.int64)
    users = np.arange(n_users, dtype=np.int32)
    targets = rng.integers(n_items, size=n_users, dtype=np.int32)
    names = [f"genre {i}" for i in range(18)]
    items = pl.DataFrame(
        {
            "item_id": [str(i) for i in range(n_items)],
            "title": [f"item {i}" for i in range(n_items)],
            "categories": [[names[i % 18], names[(i * 7 + 3) % 18]] for i in range(n_items)],
            "count": counts,
        }
    )
    ids = pl.Series("user_id", users).cast(pl.String)
    cases = pl.DataFrame(
        {
            "case": users,
            "user": users,
            "user_id": ids,
            "target": targets,
            "target_id": pl.Series(targets).cast(pl.String),
            "profile_index": pl.Series(
                np.tile(np.array([0, 3, 7], np.int32), (n_users, 1)), dtype=pl.Array(pl.Int32, 3)
            ),
            "profile_weight": pl.Series(
                np.full((n_users, 3), 1 / 3, np.float32), dtype=pl.Array(pl.Float32, 3)
            ),
        }
    ).with_columns(pl.col("profile_index", "profile_weight").arr.to_list())
    run = Run.create(
        path,
        Asked(
            data="synthetic", log_fingerprint="0", catalog_fingerprint="0", train_fingerprint="0",
            split="leave-one-out", protocol=Protocol(list_length=LIST_LENGTH), cases_fingerprint="0",
            n_cases=n_users, n_users=n_users, n_items=n_items, created=datetime.now(UTC), code={}, machine={},
        ),
        cases,
        items,
    )  # fmt: skip
    for m in range(n_methods):
        rank = (rng.pareto(0.35 + 0.02 * m, size=n_users) * 8 + 1).clip(1, n_items).astype(np.int32)
        lists = rng.integers(n_items, size=(n_users, LIST_LENGTH), dtype=np.int32)
        at = np.flatnonzero(rank <= LIST_LENGTH)
        lists[at, rank[at] - 1] = targets[at]
        answers = Answers(
            np.where(rank >= n_items, MISS, rank).astype(np.int32),
            (-np.log(rank + 1.0) - 2 + rng.normal(0, 0.3, n_users)).astype(np.float32),
            np.zeros(n_users, np.uint8),
            lists,
            np.tile((0.1 / np.arange(1, LIST_LENGTH + 1)).astype(np.float32), (n_users, 1)),
            np.zeros(n_users, np.float32),
        )
        run.add_part(f"method{m}", 0, answers, {})
        run.finish(
            f"method{m}",
            MethodRecord(
                name=f"method{m}",
                scored="all items",
                flaws={},
                flawed_misses=0,
                build_seconds=0,
                answer_seconds=0,
            ),
            {},
        )
    return run


def main() -> None:
    """Write the run, time the steps, print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--methods", type=int, default=10)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--resamples", type=int, default=1_000)
    parser.add_argument("--permutations", type=int, default=10_000)
    parser.add_argument("--run", type=Path, help="a run this command wrote before; written there if absent")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.run or Path(scratch) / "run"
        if not (folder / "manifest.json").is_file():
            write_run(folder, given.users, given.methods, given.items)
            if given.run:
                print(f"wrote {folder}; run again to measure without the memory of writing it")
                return
        steps: list[tuple[str, float]] = []
        began = time.perf_counter()

        def step(name: str) -> None:
            nonlocal began
            steps.append((name, time.perf_counter() - began))
            began = time.perf_counter()

        table = score(Run(folder), n_resamples=given.resamples)
        step("read answers, compute metrics")
        numbers = [
            table.number(method, one.name)
            for method in table.methods
            for one in (*table.measures, *table.set_measures)
        ]
        step(f"{len(numbers)} intervals of {given.resamples:,} resamples")
        tests = [
            result
            for name in ("ndcg@10", "hr@10", "logloss")
            for result in compare_methods(table, name, n_permutations=given.permutations)
        ]
        step(f"{len(tests)} tests of {given.permutations:,} sign flips, Holm")
        for name, seconds in steps:
            print(f"{seconds:8.1f} s  {name}")
        total = sum(seconds for _, seconds in steps)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{total:8.1f} s  in all, {len(table.methods)} methods x {table.n_users:,} users; limit 60 s")
        print(f"{peak:8.2f} GiB peak memory of the process; limit 4 GB")


if __name__ == "__main__":
    main()
