"""Weights in 16 bits beside 32: what they gain for new events, and what they cost in NDCG.

Run: ``python bench/llm_half_weights.py [--users 200]``

The shipped recommender is loaded twice, in float32 and with its language model's weights in float16
(``dtype="float16-weights"``). Both rank the validation events of the same users (validation, since choosing a
precision is a choice), and both read a new event on a warm state, in turns. Times are those of one thread on
the processor, so that a busy machine counts little.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import torch

from nextinterest.agent.artifact import load_trained_retriever
from nextinterest.data import HeldOut, leave_last_out, load
from nextinterest.data.assets import DEFAULT_DATA, DEFAULT_TEXT_ENCODER
from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.finetune.validation import rank_scores
from nextinterest.llm.devices import DtypeName
from nextinterest.retrieval.encoder_assets import open_encoder
from nextinterest.retrieval.item_softmax import ItemSoftmax

DIRECTORY = Path(__file__).parents[1] / "artifacts" / "ml-100k-smollm2"
KINDS: tuple[DtypeName, ...] = ("float32", "float16-weights")
ROUNDS = 9


def main() -> None:
    """Rank, time and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200)
    arguments = parser.parse_args()
    dataset = load(DEFAULT_DATA)
    validation = leave_last_out(dataset.log, 10, 5).validation
    chosen = np.random.default_rng(0).choice(np.unique(validation.users), arguments.users, replace=False)
    cases = validation.take(np.flatnonzero(np.isin(validation.users, chosen)))
    encoder = open_encoder(DEFAULT_TEXT_ENCODER)
    rankers = {kind: load_trained_retriever(DIRECTORY, encoder, dtype=kind) for kind in KINDS}
    torch.set_num_threads(1)
    parts: dict[DtypeName, ItemSoftmax] = {}
    log_p: dict[DtypeName, FloatArray] = {}
    for kind, ranker in rankers.items():
        parts[kind] = next(part for part in ranker.pool.parts if isinstance(part, ItemSoftmax))
        started = time.process_time()
        alone = np.concatenate([parts[kind].scores(some) for some in by_user(cases)])
        seconds = time.process_time() - started
        log_p[kind] = np.concatenate([ranker.log_probabilities(some) for some in by_user(cases)])
        print(
            f"{kind:<16} {len(cases)} events: item softmax {figures(alone, cases)} in {seconds:.0f} s; "
            f"blend {figures(log_p[kind], cases)}",
            flush=True,
        )
    a, b = (np.exp(log_p[kind]) for kind in KINDS)
    tops = [np.argsort(-p, axis=1, kind="stable")[:, :10] for p in (a, b)]
    print(
        f"largest difference of a probability {np.abs(a - b).max():.1e}; the first ten items are the same, "
        f"in the same order, in {(tops[0] == tops[1]).all(axis=1).mean():.1%} of lists"
    )
    long = next(some[0] for some in by_user(cases) if len(some[0]) > 60)
    print(new_event(parts, long, dataset.catalog))


def by_user(cases: HeldOut) -> list[list[History]]:
    """Return each user's histories together: they share one prompt."""
    starts = np.unique(cases.users, return_index=True)[1].tolist()
    ends = [*starts[1:], len(cases)]
    return [[cases.histories[i] for i in range(a, b)] for a, b in zip(starts, ends, strict=True)]


def figures(scores: FloatArray, cases: HeldOut) -> str:
    """Return NDCG@10 and log-loss of scores."""
    found = rank_scores([scores], cases)
    return f"NDCG@10 {found['ndcg@10']:.5f}, log-loss {found['log_loss']:.5f}"


def new_event(parts: dict[DtypeName, ItemSoftmax], history: History, catalog: Catalog) -> str:
    """Return the median milliseconds from a new event to new scores of all items, of each kind."""
    before = history.first(len(history) - 1)
    taken: dict[str, list[float]] = {kind: [] for kind in parts}
    for _ in range(ROUNDS):
        for kind, part in parts.items():
            part.remember(1 << 28)  # an empty store
            part.scores([replace(before, user="somebody")])
            read, started = part.tokens_read, time.process_time()
            part.scores([replace(history, user="somebody")])
            taken[kind].append(time.process_time() - started)
            read = part.tokens_read - read
    told = ", ".join(f"{kind} {1e3 * median(found):.0f} ms" for kind, found in taken.items())
    ratio = median(a / b for a, b in zip(*taken.values(), strict=True))
    return f"a new event of {read} tokens to scores of {len(catalog):,} items: {told}; {ratio:.1f} x"


if __name__ == "__main__":
    main()
