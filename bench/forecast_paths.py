"""Sampled continuations: how long they take, and whether they forecast better than what needs no sampling.

    python bench/forecast_paths.py --data ml-100k --model sasrec

First 64 paths of 10 steps for one user, all together against one by one (each path a batch of one, every
step reading the history anew), in the same run. Then, on validation cases only, the log-loss of the next 10
events from the one-step marginal, from expected draws without replacement, and from sampled paths, each
alone and in the pool.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from nextinterest.agent.interests.paths import inclusion_shares, sample_paths
from nextinterest.agent.interests.pool import fit_pool, pool
from nextinterest.agent.interests.signals import RunningCounts, Shares, history_signals, model_signals
from nextinterest.data import CleaningConfig, load
from nextinterest.data.interests import population_mix
from nextinterest.domain import History, ItemScorer
from nextinterest.eval.baselines import build
from nextinterest.eval.forecast import hold_out_future
from nextinterest.eval.forecast.metrics import share_log_loss

HORIZON = 10


def main() -> None:
    """Time paths, then compare forecasts from them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-100k")
    parser.add_argument("--model", default="sasrec", help="item model, by name")
    parser.add_argument("--cache", type=Path, default=None, help="folder for fitted item models")
    parser.add_argument("--max-seconds", type=float, default=None, help="limit of the item model's search")
    parser.add_argument("--paths", type=int, default=16, help="paths per case in the comparison")
    parser.add_argument("--cases", type=int, default=600, help="validation cases in the comparison")
    arguments = parser.parse_args()
    dataset = load(arguments.data, cleaning=CleaningConfig.five_core())
    catalog = dataset.catalog
    split = hold_out_future(dataset.log, catalog)
    scorer: ItemScorer = build(
        arguments.model,
        split.for_items(),
        catalog,
        cache_dir=arguments.cache,
        max_seconds=arguments.max_seconds,
    )
    cases = split.validation.at(HORIZON)
    longest = max(range(len(cases)), key=lambda i: len(cases.histories[i]))
    _time(scorer, cases.histories[longest])

    chosen = np.random.default_rng(0).permutation(len(cases))[: arguments.cases]
    histories = [cases.histories[int(i)] for i in chosen]
    truth = cases.truth[chosen]
    population = population_mix(split.train.items, catalog)
    history = history_signals(RunningCounts.of(histories, catalog), population)
    start = time.perf_counter()
    views: dict[str, Shares] = {"one-step marginal": model_signals({"items": scorer}, histories)["items"]}
    print(f"one-step marginals of {len(histories)} cases: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    p = np.exp(scorer.log_probabilities(histories).astype(np.float64))
    for row, some in zip(p, histories, strict=True):
        row[some.items] = 0.0
    views["without replacement"] = inclusion_shares(p / p.sum(axis=1, keepdims=True), catalog, HORIZON)
    print(f"draws without replacement: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    sampled = sample_paths(scorer, histories, arguments.paths, HORIZON, np.random.default_rng(1))
    mean = np.maximum(sampled.shares(catalog).mean(axis=1), 1e-4)
    views[f"{arguments.paths} sampled paths"] = mean / mean.sum(axis=1, keepdims=True)
    print(f"sampled paths: {time.perf_counter() - start:.1f} s")
    half = len(histories) // 2
    for name, view in views.items():
        alone = share_log_loss(view, truth)[half:].mean()
        signals = history | {"items": np.maximum(view, 1e-4)}
        weights = fit_pool({key: value[:half] for key, value in signals.items()}, truth[:half])
        pooled = pool({key: value[half:] for key, value in signals.items()}, weights)
        loss = share_log_loss(pooled, truth[half:]).mean()
        print(f"  {name:<22} log-loss alone {alone:.4f}, in the pool {loss:.4f} (fitted on the other half)")


def _time(scorer: ItemScorer, history: History) -> None:
    scorer.log_probabilities([history])
    start = time.perf_counter()
    sample_paths(scorer, [history], 64, 10, np.random.default_rng(0))
    together = time.perf_counter() - start
    start = time.perf_counter()
    for seed in range(64):
        sample_paths(scorer, [history], 1, 10, np.random.default_rng(seed), cached=False)
    single = time.perf_counter() - start
    print(
        f"64 paths of 10 steps after {len(history)} events, {scorer.name}: {together:.2f} s together, "
        f"{single:.2f} s one by one, {single / together:.1f} times as fast"
    )


if __name__ == "__main__":
    main()
