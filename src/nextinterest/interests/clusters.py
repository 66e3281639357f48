"""Learned interests: clusters of item vectors with names a person can read, in place of given categories.

`cluster_catalog` returns a catalogue whose categories *are* the clusters, so everything that reads interests
from a catalogue (portrait, forecast, evaluation) works on them unchanged. Clusters come from spherical
k-means; a cluster is named by the categories and title words that mark it off from the rest (class-based
tf-idf).

Sources: Dhillon & Modha, Concept decompositions for large sparse text data using clustering, Machine
Learning 2001; Grootendorst, BERTopic, 2022, section 3.3 (class-based tf-idf).
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import DataError

__all__ = ["cluster_catalog", "spherical_kmeans"]

WORD = re.compile(r"[^\W\d_]{3,}")
COMMON = frozenset({"the", "and", "for", "with", "from", "that", "this", "who", "your", "you", "part"})


def spherical_kmeans(
    vectors: FloatArray, n_clusters: int, generator: np.random.Generator, iterations: int = 50
) -> NDArray[np.int64]:
    """Return the cluster of each vector, shape (n,), by cosine; started by k-means++.

    Parameters
    ----------
    vectors
        Shape (n, d); zero vectors go to cluster 0.
    """
    x = np.asarray(vectors, dtype=np.float64)
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    x = np.divide(x, norms, out=np.zeros_like(x), where=norms > 0)
    centres = x[[int(generator.integers(len(x)))]]
    for _ in range(n_clusters - 1):
        distance = np.maximum(1.0 - (x @ centres.T).max(axis=1), 0.0)
        total = distance.sum()
        weights = distance / total if total > 0 else np.full(len(x), 1.0 / len(x))
        centres = np.concatenate([centres, x[[int(generator.choice(len(x), p=weights))]]])
    labels = np.argmax(x @ centres.T, axis=1)
    for _ in range(iterations):
        sums = np.zeros_like(centres)
        np.add.at(sums, labels, x)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-12), centres)
        moved = np.argmax(x @ centres.T, axis=1)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return np.asarray(labels, dtype=np.int64)


def cluster_catalog(
    catalog: Catalog, vectors: FloatArray, n_clusters: int = 20, seed: int = 0, words: int = 3
) -> Catalog:
    """Return the catalogue with learned clusters as categories.

    Parameters
    ----------
    vectors
        One vector per item, shape (n_items, d): text embeddings or a model's item vectors.
    n_clusters
        Number of clusters; empty ones vanish.
    seed
        Seed of the start.
    words
        Terms in a cluster's name.

    Raises
    ------
    DataError
        If vectors and items differ in number, or there are fewer items than clusters.
    """
    if len(vectors) != len(catalog) or not 1 <= n_clusters <= len(catalog):
        raise DataError(
            f"Cannot make {n_clusters} clusters of {len(vectors)} vectors and {len(catalog)} items.",
            remedy="Give one vector per item and no more clusters than items.",
        )
    labels = spherical_kmeans(vectors, n_clusters, np.random.default_rng(seed))
    names = _names(catalog, labels, n_clusters, words)
    return Catalog(
        catalog.ids,
        catalog.titles,
        [(names[int(label)],) for label in labels],
        catalog.years,
        catalog.descriptions,
    )


def _names(catalog: Catalog, labels: NDArray[np.int64], n_clusters: int, words: int) -> list[str]:
    per_cluster: list[Counter[str]] = [Counter() for _ in range(n_clusters)]
    for i, label in enumerate(labels):
        terms = set(catalog.categories[i])
        terms |= {word.lower() for word in WORD.findall(catalog.titles[i])} - COMMON
        per_cluster[int(label)].update(terms)
    overall = sum(per_cluster, Counter[str]())
    mean_size = sum(overall.values()) / max(n_clusters, 1)
    names: list[str] = []
    for label, terms_of in enumerate(per_cluster):
        size = sum(terms_of.values()) or 1
        weight = {
            term: count / size * np.log1p(mean_size / overall[term])
            for term, count in terms_of.items()
            if count > 1
        }
        best = sorted(weight, key=lambda term: (-weight[term], term))[:words]
        name = " / ".join(best) or f"cluster {label + 1}"
        names.append(name if name not in names else f"{name} ({label + 1})")
    return names
