"""Pick the retriever's options on the validation events of leave-one-out; the test events are never read.

    python bench/retrieval_tuning.py

One coordinate search: each source alone first, then fusion, then the temperature by log-loss. It prints every
value tried, so that a choice can be seen to be flat or sharp. The defaults of
`nextinterest.retrieval.RetrieverConfig` are its result on MovieLens-100K.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from nextinterest.data import HeldOut, leave_one_out, load
from nextinterest.data.assets import home, locate
from nextinterest.domain import History, IntArray
from nextinterest.retrieval import CachedEncoder, CandidateSource, Retriever, RetrieverConfig, TextEncoder
from nextinterest.retrieval.cooccurrence import CoOccurrence, fit_similarity
from nextinterest.retrieval.fusion import reciprocal_rank_fusion
from nextinterest.retrieval.lists import seen_items
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.text_source import TextNeighbours

K = 10
T = TypeVar("T")


def named(source: CandidateSource, histories: list[History], k: int) -> IntArray:
    """Return what a source names, seen items left out."""
    return source.read(histories).best(k, seen_items(histories, True))[0]


def ndcg(items: IntArray, targets: IntArray) -> float:
    """Return NDCG@10 of one relevant item per list; seen items are masked already."""
    hits = items[:, :K] == targets[:, None]
    return float((hits / np.log2(np.arange(2, hits.shape[1] + 2))).sum(axis=1).mean())


def log_loss(retriever: Retriever, histories: list[History], targets: IntArray) -> float:
    """Return the mean -log P(target), seen items masked and the rest renormalised."""
    log_p = retriever.log_probabilities(histories).astype(np.float64)
    for row, past in zip(log_p, histories, strict=True):
        row[past.items] = -np.inf
    log_p -= np.logaddexp.reduce(log_p, axis=1, keepdims=True)
    return float(-log_p[np.arange(len(targets)), targets].mean())


def best(name: str, values: Iterable[T], score: Callable[[T], float], sign: float = 1.0) -> T:
    """Print the score of every value and return the best."""
    tried = [(score(value), value) for value in values]
    print(f"{name:<28}" + "  ".join(f"{value}: {found:.4f}" for found, value in tried), flush=True)
    return max(tried, key=lambda pair: sign * pair[0])[1]


def main() -> None:
    """Run the search and print its choice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default="ml-100k", help="a named data set or a path")
    arguments = parser.parse_args()
    dataset = load(arguments.data)
    split = leave_one_out(dataset.log)
    held: HeldOut = split.validation
    histories, targets, n = list(held.histories), held.targets, len(dataset.catalog)
    encoder = CachedEncoder(TextEncoder.load(locate("all-minilm-l6-v2", "text-encoder")), home() / "vectors")
    base = Retriever.build(dataset.catalog, None, encoder)
    vectors, index = base.item_vectors, base.index

    text_half_life = best(
        "text half-life",
        (0.5, 1.0, 2.0, 5.0, 20.0),
        lambda h: ndcg(named(TextNeighbours(vectors, index, h), histories, K), targets),
    )
    # Shown and not taken: with a cut per user the gain is within noise, and it needs dated events.
    best(
        "popularity half-life, days",
        (None, 7.0, 30.0, 120.0),
        lambda days: ndcg(named(PopularItems.fit(split.train, n, days), histories, K), targets),
    )

    def cooccurrence(pick: tuple[int, float, float]) -> float:
        window, shrinkage, half_life = pick
        similarity = fit_similarity(split.train, n, window, 200, shrinkage)
        return ndcg(named(CoOccurrence(similarity, half_life), histories, K), targets)

    window = best("co-occurrence window", (1, 3, 10, 20, 50), lambda w: cooccurrence((w, 10.0, 3.0)))
    shrinkage = best("shrinkage", (0.0, 3.0, 10.0, 30.0), lambda s: cooccurrence((window, s, 3.0)))
    half_life = best(
        "co-occurrence half-life", (1.0, 3.0, 6.0, 25.0), lambda h: cooccurrence((window, shrinkage, h))
    )

    similarity = fit_similarity(split.train, n, window, 200, shrinkage)
    lists = [
        named(TextNeighbours(vectors, index, text_half_life), histories, 500),
        named(PopularItems.fit(split.train, n), histories, 500),
        named(CoOccurrence(similarity, half_life), histories, 500),
    ]
    picks = [
        (constant, text, popularity)
        for constant in (1.0, 5.0, 20.0, 60.0)
        for text in (0.0, 0.1, 0.2, 0.4)
        for popularity in (0.0, 0.1, 0.4)
    ]
    constant, text, popularity = best(
        "RRF constant, text, popularity",
        picks,
        lambda p: ndcg(reciprocal_rank_fusion(lists, [p[1], p[2], 1.0], p[0]).items, targets),
    )
    chosen = RetrieverConfig(
        text_half_life=text_half_life,
        cooccurrence_half_life=half_life,
        window=window,
        shrinkage=shrinkage,
        rrf_constant=constant,
        weights={"text": text, "popularity": popularity, "cooccurrence": 1.0},
    )
    retriever = Retriever.build(dataset.catalog, split.train, encoder, chosen)

    def loss(pick: tuple[float, float]) -> float:
        retriever.config = chosen.model_copy(update={"floor": pick[0], "temperature": pick[1]})
        return log_loss(retriever, histories, targets)

    shapes = [(floor, t) for floor in (0.0003, 0.001, 0.003) for t in (0.5, 0.6, 0.7, 0.8, 1.0)]
    floor, temperature = best("floor, temperature", shapes, loss, sign=-1.0)
    final = chosen.model_copy(update={"floor": floor, "temperature": temperature})
    print(final.model_dump_json(indent=2))
    for source in retriever.sources:
        print(f"{source.name:<14} NDCG@10 {ndcg(named(source, histories, K), targets):.4f}")
    print(f"{'fused':<14} NDCG@10 {ndcg(retriever.recommend(histories, K).items, targets):.4f}")
    shipped = Retriever.build(dataset.catalog, split.train, encoder)
    print(f"{'defaults':<14} NDCG@10 {ndcg(shipped.recommend(histories, K).items, targets):.4f}")


if __name__ == "__main__":
    main()
