"""Candidates against the whole catalogue, on validation events: what is lost, what it costs.

    python bench/candidates.py                                      # the shipped recommender
    python bench/candidates.py --no-language --events 2000
    python bench/candidates.py --untrained
    python bench/candidates.py --recommender DIRECTORY --data ../shared/data/amazon-games --held-out 1 1

Each event is ranked by `shortlist` (the candidates of every source, scored by the pool) and densely (the same
scores of every item), one after the other. Printed: which share of the dense first ten the candidates hold,
and in how many lists all of them; NDCG@10 both ways with the standard error of the difference; searches of a
FAISS index for each list; the mass of the items that are not candidates, estimated and true; milliseconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from nextinterest import RecommenderAgent
from nextinterest.agent.roles import SAVED
from nextinterest.data import leave_last_out, load
from nextinterest.data.assets import DEFAULT_DATA, DEFAULT_TEXT_ENCODER
from nextinterest.domain import History
from nextinterest.retrieval import ItemIndex, Retriever
from nextinterest.retrieval.encoder_assets import open_encoder
from nextinterest.retrieval.ranks import top_k

K = 10
GAINS = 1 / np.log2(np.arange(2, K + 2))
Floats = NDArray[np.float64]


def dense(retriever: Retriever, history: History) -> Floats:
    """Return the probability of every item, 0 for the history's own."""
    p = np.exp(retriever.log_probabilities([history])[0].astype(np.float64))
    p[history.items] = 0.0
    return np.asarray(p / p.sum())


def ndcg(items: NDArray[np.int32], target: int) -> float:
    """Return NDCG@10 of one relevant item."""
    return float(GAINS[: len(items)][items == target].sum())


def compare(retriever: Retriever, histories: Sequence[History], targets: Sequence[int]) -> None:
    """Print the figures."""
    kept, gain, off, counts, widths = [], [], [], [], []
    estimated, true, within, searches = [], [], 0, 0
    took: dict[str, list[float]] = {"candidates": [], "dense": []}
    with patch.object(ItemIndex, "search", autospec=True, side_effect=ItemIndex.search) as search:
        for history, target in zip(histories, targets, strict=True):
            start = time.perf_counter()
            (found,) = retriever.shortlist([history], K)
            middle = time.perf_counter()
            searches += search.call_count
            p = dense(retriever, history)
            best = top_k(p[None], K)[0]
            took["candidates"].append(middle - start)
            took["dense"].append(time.perf_counter() - middle)
            search.reset_mock()
            listed = np.exp(found.log_probabilities)
            # Scores are the same both ways, so the candidates hold exactly what their first ten hold, and the
            # two normalisations differ by the error of the rest alone.
            kept.append(np.isin(best, found.items).mean())
            gain.append((ndcg(best, target), ndcg(found.items, target)))
            estimated.append(found.rest)
            true.append(1 - (1 - found.rest) * p[found.items[0]] / listed[0])
            within += found.rest_least - 1e-6 <= true[-1] <= found.rest_most + 1e-6
            off.append(np.abs(listed - p[found.items]).max())
            widths.append(found.rest_most - found.rest_least)
            counts.append(found.n_candidates)
    gains, differences = np.array(gain).mean(axis=0), np.diff(np.array(gain), axis=1)[:, 0]
    error = differences.std() / np.sqrt(len(differences))
    share = np.abs(np.array(estimated) - np.array(true))
    n_items, lists = len(retriever.catalog), len(kept)
    print(f"{lists:,} validation events, {n_items:,} items, {np.mean(counts):.0f} candidates")
    print(f"first ten kept: {np.mean(kept):.3%} of items, {np.mean(np.array(kept) == 1):.2%} of lists whole")
    print(
        f"NDCG@10: dense {gains[0]:.4f}, candidates {gains[1]:.4f}, "
        f"difference {differences.mean():+.5f} +- {error:.5f}"
    )
    print(f"index searches a list: {searches / lists:.1f}")
    print(
        f"mass of the rest: true {np.mean(true):.4f}, estimated {np.mean(estimated):.4f}, mean error "
        f"{share.mean():.5f}; bounds are {np.mean(widths):.4f} apart and hold it in {within / lists:.1%}; "
        f"largest error of a listed probability {np.max(off):.1e}"
    )
    for name, seconds in took.items():
        median, most = 1e3 * np.quantile(seconds, [0.5, 0.95])
        print(f"{name}: {median:.1f} ms a list (median), {most:.1f} (95 %)")


def main() -> None:
    """Read the arguments and run."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--recommender", type=Path, help="a directory; the shipped one by default")
    options.add_argument("--data", default=DEFAULT_DATA)
    options.add_argument("--held-out", type=int, nargs=2, default=[10, 5], help="test and validation events")
    options.add_argument("--events", type=int, default=1000)
    options.add_argument("--candidates", type=int, default=500)
    options.add_argument("--no-language", action="store_true")
    options.add_argument("--untrained", action="store_true")
    given = options.parse_args()
    dataset = load(given.data)
    split = leave_last_out(dataset.log, *given.held_out)
    if given.untrained:
        retriever = Retriever.build(dataset.catalog, split.train, open_encoder(DEFAULT_TEXT_ENCODER))
    else:
        model = None if given.no_language else SAVED
        retriever = RecommenderAgent.from_pretrained(given.recommender, language_model=model).retriever
    retriever.config = retriever.config.model_copy(update={"n_candidates": given.candidates})
    cases = split.validation
    chosen = np.sort(np.random.default_rng(0).permutation(len(cases))[: given.events])
    histories = [cases.histories[int(i)] for i in chosen]
    compare(retriever, histories, cases.targets[chosen].tolist())


if __name__ == "__main__":
    main()
