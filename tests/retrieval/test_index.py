from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.domain import FloatArray, IntArray
from nextinterest.errors import DataError, IntegrityError
from nextinterest.retrieval import ItemIndex

Kind = Literal["exact", "hnsw"]
KINDS: tuple[Kind, ...] = ("exact", "hnsw")


def unit(rng: np.random.Generator, n: int, dimension: int = 12) -> FloatArray:
    vectors = rng.standard_normal((n, dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def brute_force(vectors: dict[int, FloatArray], query: FloatArray, k: int, exclude: IntArray) -> list[int]:
    allowed = [item for item in vectors if item not in set(exclude.tolist())]
    return sorted(allowed, key=lambda item: -float(vectors[item] @ query))[:k]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 80), k=st.integers(1, 100))
def test_search_is_brute_force_less_the_excluded(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, queries = unit(rng, n), unit(rng, 5)
    # From nothing excluded to everything excluded.
    exclude = [rng.permutation(n)[: rng.integers(0, n + 1)].astype(np.int32) for _ in range(4)] + [
        np.arange(n, dtype=np.int32)
    ]
    items, scores = ItemIndex.from_vectors(vectors).search(queries, k, exclude)
    assert items.shape == scores.shape == (5, k)
    table = dict(enumerate(vectors))
    for row, query in enumerate(queries):
        expected = brute_force(table, query, k, exclude[row])
        found = items[row][items[row] >= 0]
        assert len(found) == len(expected)
        assert not np.isin(found, exclude[row]).any()
        np.testing.assert_allclose(scores[row, : len(found)], vectors[expected] @ query, atol=1e-5)
        assert (items[row, len(found) :] == -1).all()
        assert np.isneginf(scores[row, len(found) :]).all()
    assert (items[4] == -1).all()


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(KINDS))
def test_adds_replacements_removals_and_renumbering_equal_a_fresh_index(seed: int, kind: Kind) -> None:
    rng = np.random.default_rng(seed)
    index = ItemIndex(12, kind)
    truth: dict[int, FloatArray] = {}
    for _ in range(6):
        fresh = np.array([i for i in range(60) if i not in truth][: rng.integers(0, 20)], dtype=np.int32)
        index.add(fresh, new := unit(rng, len(fresh)))
        truth |= dict(zip(fresh.tolist(), new, strict=True))
        held = np.array(sorted(truth), dtype=np.int32)
        changed = rng.permutation(held)[: len(held) // 3]
        index.replace(changed, new := unit(rng, len(changed)))
        truth |= dict(zip(changed.tolist(), new, strict=True))
        gone = rng.permutation(held)[: len(held) // 4]
        index.remove(gone)
        truth = {item: vector for item, vector in truth.items() if item not in set(gone.tolist())}
        assert sorted(index.items.tolist()) == sorted(truth)
    # Positions move up over the first removed item, as they do in a catalogue; one more item goes.
    new_of_old = np.full(60, -1, dtype=np.int64)
    kept = sorted(truth)[1:]
    new_of_old[kept] = np.arange(len(kept))
    index.renumber(new_of_old)
    truth = {position: truth[item] for position, item in enumerate(kept)}
    assert sorted(index.items.tolist()) == sorted(truth)
    if len(kept):
        expected = np.stack([truth[i] for i in range(len(kept))])
        np.testing.assert_allclose(index.vectors(np.arange(len(kept))), expected, atol=1e-6)
    query = unit(rng, 1)
    items, _ = index.search(query, 5)
    assert items[0][items[0] >= 0].tolist() == brute_force(truth, query[0], 5, np.empty(0, np.int32))


def test_hnsw_finds_what_exact_search_finds_and_is_exact_when_most_is_excluded() -> None:
    rng = np.random.default_rng(1)
    vectors, queries = unit(rng, 4000, 16), unit(rng, 50, 16)
    exact = ItemIndex.from_vectors(vectors, "exact")
    graph = ItemIndex.from_vectors(vectors, "hnsw")
    truth, _ = exact.search(queries, 10)
    found, _ = graph.search(queries, 10)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(truth, found, strict=True)])
    assert recall > 0.95
    # All but twelve items excluded: a graph walk would come back with next to nothing.
    left = rng.permutation(4000)[:12]
    exclude = [np.setdiff1d(np.arange(4000, dtype=np.int32), left)] * len(queries)
    np.testing.assert_array_equal(
        graph.search(queries, 10, exclude)[0], exact.search(queries, 10, exclude)[0]
    )


def test_hnsw_is_taken_above_the_stated_threshold_only() -> None:
    assert ItemIndex(4, "auto", expected=50_000).kind == "exact"
    assert ItemIndex(4, "auto", expected=50_001).kind == "hnsw"


def test_hnsw_rebuilds_itself_when_many_items_were_removed() -> None:
    rng = np.random.default_rng(2)
    index = ItemIndex.from_vectors(unit(rng, 100), "hnsw")
    index.remove(np.arange(20))
    assert len(index) == 80
    assert index._index.ntotal == 100
    index.remove(np.arange(20, 40))
    assert index._index.ntotal == len(index) == 60
    assert (index.search(unit(rng, 3), 60)[0] >= 40).all()


@pytest.mark.parametrize("kind", KINDS)
def test_saved_index_answers_alike(kind: Kind) -> None:
    rng = np.random.default_rng(3)
    index = ItemIndex.from_vectors(unit(rng, 200), kind)
    index.remove(np.arange(0, 50, 7))
    loaded = ItemIndex.from_bytes(index.to_bytes(), index.shape)
    assert loaded.kind == kind
    queries = unit(rng, 8)
    for ours, theirs in zip(index.search(queries, 20), loaded.search(queries, 20), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    loaded.add(np.array([0]), unit(rng, 1))
    assert 0 in loaded.items


@pytest.mark.parametrize("change", [{"dimension": 5}, {"n_items": 1}])
def test_a_manifest_of_another_size_is_refused(change: dict[str, int]) -> None:
    index = ItemIndex(4)
    with pytest.raises(IntegrityError, match="0 vectors of length 4"):
        ItemIndex.from_bytes(index.to_bytes(), index.shape.model_copy(update=change))


def test_mistaken_changes_are_refused_and_change_nothing() -> None:
    rng = np.random.default_rng(6)
    index = ItemIndex.from_vectors(unit(rng, 10))
    for items, n in (([3], 1), ([10, 10], 2), ([-1], 1), ([10], 2)):
        with pytest.raises(DataError):
            index.add(np.array(items), unit(rng, n))
    with pytest.raises(DataError):
        index.remove(np.array([4, 99]))
    with pytest.raises(DataError):
        index.replace(np.array([4, 4]), unit(rng, 2))
    with pytest.raises(DataError):
        index.vectors(np.array([10]))
    assert sorted(index.items.tolist()) == list(range(10))


def test_empty_index_and_no_queries_give_empty_lists() -> None:
    items, scores = ItemIndex(4).search(np.ones((2, 4), dtype=np.float32), 3)
    assert (items == -1).all()
    assert np.isneginf(scores).all()
    assert ItemIndex.from_vectors(np.eye(4, dtype=np.float32)).search(np.empty((0, 4), np.float32), 3)[
        0
    ].shape == (0, 3)


def test_a_walk_that_lost_its_way_is_done_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    vectors, queries = unit(rng, 3000), unit(rng, 4)
    graph = ItemIndex.from_vectors(vectors, "hnsw")
    truth, _ = ItemIndex.from_vectors(vectors, "exact").search(queries, 20)
    walk = graph._index.search

    def blind_walk(*arguments: object, **options: object) -> tuple[FloatArray, IntArray]:
        scores, items = walk(*arguments, **options)
        items[:, 5:] = -1
        return scores, items

    monkeypatch.setattr(graph._index, "search", blind_walk)
    np.testing.assert_array_equal(graph.search(queries, 20)[0], truth)
