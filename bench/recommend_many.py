"""What the lists of many users cost in batches, beside single calls for the same users.

    python bench/recommend_many.py
    python bench/recommend_many.py --users 40 --language-model    # the recommender that ships

Histories are those of ML-100K, each cut at several lengths until there are enough users. In each round single
calls for a share of them and `recommend_many` for all of them take turns, so that a busy machine slows both.
Times are of this process (CPU), for one user. That the lists are the same is checked on the way.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from nextinterest import RecommenderAgent
from nextinterest.data import load
from nextinterest.domain import History

COMPARED = ("rank", "item_id")


def timed(work: Callable[[], pl.DataFrame]) -> tuple[float, pl.DataFrame]:
    """Return the seconds that the processor took for a table, and the table."""
    began = time.process_time()
    table = work()
    return time.process_time() - began, table


def singly(agent: RecommenderAgent, histories: list[History], k: int) -> pl.DataFrame:
    """Return the lists of single calls as one table."""
    return pl.concat([agent.recommend(history, k).to_polars() for history in histories])


def cut(agent: RecommenderAgent, n: int) -> list[History]:
    """Return n histories: those of all users, and the same ones cut short."""
    log, rng = agent.log, np.random.default_rng(0)
    assert log is not None
    whole = [log.history(user) for user in range(min(n, log.n_users))]
    ends = [(i % len(whole), rng.uniform(0.2, 1.0)) for i in range(n - len(whole))]
    return whole + [log.history(user, max(1, int(share * len(whole[user])))) for user, share in ends]


def main() -> None:
    """Print the times and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--language-model", action="store_true", help="The recommender that ships.")
    given = parser.parse_args()
    agent = (
        RecommenderAgent.from_pretrained()
        if given.language_model
        else RecommenderAgent.from_dataset(load("ml-100k"), language_model=None)
    )
    config = agent.engine.config.model_copy(update={"n_evidence": 0})
    bare = RecommenderAgent(replace(agent.engine, config=config), agent.log)
    histories = cut(agent, given.users)
    rows: dict[str, list[float]] = {"single calls": [], "single calls without evidence": [], "many": []}
    agent.recommend_many(histories[:2], given.k).to_polars()  # what is loaded at first use
    moved = listed = 0
    for some in np.array_split(np.arange(len(histories)), given.rounds):
        own = [histories[i] for i in some]
        seconds, single = timed(lambda own=own: singly(agent, own, given.k))  # type: ignore[misc]
        rows["single calls"].append(seconds / len(own))
        seconds, _ = timed(lambda own=own: singly(bare, own, given.k))  # type: ignore[misc]
        rows["single calls without evidence"].append(seconds / len(own))
        seconds, many = timed(lambda: agent.recommend_many(histories, given.k).to_polars())
        rows["many"].append(seconds / len(histories))
        same = many.filter(pl.col("index").is_between(int(some[0]), int(some[-1]))).select(COMPARED)
        moved += sum(a != b for a, b in zip(same.rows(), single.select(COMPARED).rows(), strict=True))
        listed += len(single)
    batches = float(np.median(rows["many"]))
    print(f"{len(histories):,} users, {given.k} items each; {moved:,} of {listed:,} places differ")
    for name, found in rows.items():
        took = float(np.median(found))
        print(f"{name:30} {1e3 * took:9.3f} ms a user   {took / batches:6.1f} times recommend_many")


if __name__ == "__main__":
    main()
