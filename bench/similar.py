"""How well items like the last one foretell the next: HR@10 and NDCG@10 of each signal and of their blend.

    python bench/similar.py --data PATH/ml-latest-small --k-core 5 --ties item --held-out 1 1
    python bench/similar.py --data ml-100k --recommender src/nextinterest/artifacts/ml-100k-smollm2

Each held-out event is looked for among the ten items most like the event before it; only that item itself is
left out. Without `--recommender` an untrained retriever learns from the training part. `--part test` reads
the test events, by default validation events are read; `--fit` fits the weights on the validation events of a
third of the users and measures the others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from nextinterest.agent.artifact import load_trained_retriever
from nextinterest.data import CleaningConfig, HeldOut, leave_last_out, load
from nextinterest.data.assets import DEFAULT_TEXT_ENCODER
from nextinterest.domain import FloatArray, History
from nextinterest.finetune.likeness_fit import fit_likeness
from nextinterest.retrieval import Retriever, encoder_assets
from nextinterest.retrieval.likeness import Likeness

ROWS = 256


def ranks_of(likeness: Likeness, cases: HeldOut) -> FloatArray:
    """Return the place of each next item among those like the one before, from 1, shape (n,)."""
    before = np.array([history.items[-1] for history in cases.histories], dtype=np.int32)
    ranks = np.empty(len(cases), dtype=np.float32)
    for start in range(0, len(cases), ROWS):
        some = slice(start, start + ROWS)
        n = np.arange(len(before[some]))
        scores = likeness.read([History(before[i : i + 1]) for i in start + n]).all()
        scores[n, before[some]] = -np.inf
        own = scores[n, cases.targets[some]]
        # Of items that are equally like it, half come first.
        ahead = (scores > own[:, None]).sum(axis=1) + ((scores == own[:, None]).sum(axis=1) - 1) / 2
        ranks[some] = 1 + ahead
    return ranks


def row(name: str, ranks: FloatArray) -> str:
    """Return a line of the table."""
    hits = ranks <= 10
    gains = np.where(hits, 1 / np.log2(1 + ranks), 0.0)
    error = np.sqrt(hits.mean() * (1 - hits.mean()) / len(hits))
    return f"{name:44} HR@10 {hits.mean():.4f} (s.e. {error:.4f})  NDCG@10 {gains.mean():.4f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--k-core", type=int, default=0)
    parser.add_argument("--ties", default="file")
    parser.add_argument("--held-out", type=int, nargs=2, default=(10, 5), metavar=("TEST", "VALIDATION"))
    parser.add_argument("--recommender", type=Path)
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--weights", nargs="*", default=(), metavar="NAME=WEIGHT")
    given = parser.parse_args()
    cleaning = CleaningConfig(min_user_events=given.k_core, min_item_events=given.k_core, ties=given.ties)
    data = load(given.data, cleaning=cleaning)
    split = leave_last_out(data.log, *given.held_out)
    encoder = encoder_assets.open_encoder(DEFAULT_TEXT_ENCODER)
    if given.recommender is None:
        retriever = Retriever.build(data.catalog, split.train, encoder)
    else:
        retriever = load_trained_retriever(given.recommender, encoder)
    cases = getattr(split, given.part)
    cases = cases.take(np.unique(np.linspace(0, len(cases) - 1, given.events).astype(np.int64)))
    likeness = retriever.likeness
    print(f"{data.name}: {len(data.catalog)} items, {len(cases)} {given.part} events")
    for name in likeness.sources:
        print(row(name, ranks_of(Likeness(likeness.sources, {name: 1.0}), cases)), flush=True)
    blends = {"equal": dict.fromkeys(likeness.sources, 1.0), "as it is set": dict(likeness.weights)}
    blends |= {"text and co-occurrence": {"text": 1.0, "cooccurrence": 1.0}}
    if given.weights:
        named = (one.split("=") for one in given.weights)
        blends["given"] = {name: float(weight) for name, weight in named}
    for name, weights in blends.items():
        kept = {one: w for one, w in weights.items() if one in likeness.sources and w > 0}
        print(row(f"{name}: {shown(kept)}", ranks_of(Likeness(likeness.sources, kept), cases)), flush=True)
    if given.fit:
        third = split.validation.users % 3 == 0
        weights = fit_likeness(likeness, len(data.catalog), split.validation.take(np.flatnonzero(third)))
        others = cases.take(np.flatnonzero(cases.users % 3 != 0))
        print(row(f"fitted, others: {shown(weights)}", ranks_of(Likeness(likeness.sources, weights), others)))
        print("fitted on all:", fit_likeness(likeness, len(data.catalog), split.validation))


def shown(weights: dict[str, float]) -> str:
    """Return weights in a few words."""
    return ", ".join(f"{name} {weight:.2g}" for name, weight in weights.items())


if __name__ == "__main__":
    main()
