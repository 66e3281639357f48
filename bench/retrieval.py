"""Time nearest-item search side by side in one run: FAISS exact, numpy brute force, FAISS HNSW.

    OMP_NUM_THREADS=1 python bench/retrieval.py --sizes 10000 100000

Unit vectors with the spread of real text embeddings: cluster centres plus noise, since uniform random vectors
have no neighbours to find. Every method answers the same queries one at a time (a user waits) and in one
batch, rounds interleaved so that a noisy machine hurts all alike; medians are printed, with ratios to numpy
and the recall of the graph against exact search. Then the cost of changing an index: adding, replacing and
removing one item against building it again.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import FloatArray
from nextinterest.retrieval import ItemIndex

K = 100


def clustered(rng: np.random.Generator, n: int, dimension: int, centres: FloatArray) -> FloatArray:
    """Return n unit vectors around the centres."""
    noise = rng.standard_normal((n, dimension)).astype(np.float32) / np.float32(np.sqrt(dimension))
    vectors = centres[rng.integers(0, len(centres), n)] + noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def brute_force(vectors: FloatArray, queries: FloatArray) -> NDArray[np.int64]:
    """Return the K best items of each query by one matrix product and a partial sort."""
    scores = queries @ vectors.T
    top = np.argpartition(-scores, K, axis=1)[:, :K]
    order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1)
    return np.take_along_axis(top, order, 1)


def seconds(work: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bench(n: int, dimension: int, n_queries: int, rounds: int) -> None:
    """Print the table of one catalogue size."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((max(20, n // 200), dimension)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    vectors, queries = (clustered(rng, size, dimension, centres) for size in (n, n_queries))
    exact_build = seconds(lambda: ItemIndex.from_vectors(vectors, "exact"))
    exact = ItemIndex.from_vectors(vectors, "exact")
    start = time.perf_counter()
    graph = ItemIndex.from_vectors(vectors, "hnsw")
    graph_build = time.perf_counter() - start
    methods: dict[str, Callable[[FloatArray], object]] = {
        "numpy": lambda q: brute_force(vectors, q),
        "exact": lambda q: exact.search(q, K),
        "hnsw": lambda q: graph.search(q, K),
    }
    single: dict[str, list[float]] = {name: [] for name in methods}
    batch: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(rounds):
        for name, search in methods.items():
            single[name] += [seconds(partial(search, queries[i : i + 1])) for i in range(n_queries)]
            batch[name].append(seconds(partial(search, queries)) / n_queries)
    truth, found = exact.search(queries, K)[0], graph.search(queries, K)[0]
    agree = np.mean(
        [len(np.intersect1d(a, b)) / K for a, b in zip(truth, brute_force(vectors, queries), strict=True)]
    )
    recall = np.mean([len(np.intersect1d(a, b)) / K for a, b in zip(truth, found, strict=True)])
    seen = [rng.permutation(n)[:500].astype(np.int32) for _ in range(n_queries)]
    masked = np.median([seconds(lambda: exact.search(queries, K, seen)) for _ in range(rounds)]) / n_queries

    print(f"\n{n:,} items, {dimension}-d, top {K}, {n_queries} queries, {rounds} rounds")
    print(f"{'method':<8}{'one at a time':>16}{'vs numpy':>10}{'in a batch':>14}{'vs numpy':>10}")
    for name in methods:
        one, many = float(np.median(single[name])), float(np.median(batch[name]))
        one_ratio = float(np.median(single["numpy"])) / one
        many_ratio = float(np.median(batch["numpy"])) / many
        print(f"{name:<8}{one * 1e3:>13.3f} ms{one_ratio:>9.1f}x{many * 1e3:>11.3f} ms{many_ratio:>9.1f}x")
    print(f"exact with 500 seen items a query, in a batch: {masked * 1e3:.3f} ms")
    print(f"recall@{K}: exact against numpy {agree:.4f}, hnsw against exact {recall:.4f}")
    print(f"build: exact {exact_build:.2f} s, hnsw {graph_build:.2f} s")
    changes = [np.array([n + i], dtype=np.int32) for i in range(n_queries)]
    rows = [queries[i : i + 1] for i in range(n_queries)]
    for name, index, build in (("exact", exact, exact_build), ("hnsw", graph, graph_build)):
        add = np.median([seconds(partial(index.add, *pair)) for pair in zip(changes, rows, strict=True)])
        replace = np.median(
            [seconds(partial(index.replace, *pair)) for pair in zip(changes, rows[::-1], strict=True)]
        )
        remove = np.median([seconds(partial(index.remove, change)) for change in changes])
        print(
            f"{name}: add one item {add * 1e3:.2f} ms, replace {replace * 1e3:.2f} ms, remove "
            f"{remove * 1e3:.2f} ms; building anew costs {build / add:,.0f} additions"
        )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for n in arguments.sizes:
        bench(n, arguments.dimension, arguments.queries, arguments.rounds)


if __name__ == "__main__":
    main()
