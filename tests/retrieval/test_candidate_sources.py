from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data.log import EventLog
from nextinterest.domain import BoolArray, Catalog, FloatArray, History, IntArray
from nextinterest.errors import DataError
from nextinterest.retrieval import CandidateSource, Encoder, ItemIndex
from nextinterest.retrieval.cooccurrence import CoOccurrence, fit_similarity
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.lists import seen_items
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.text_source import TextNeighbours


def history(*items: int) -> History:
    return History(np.array(items, dtype=np.int32))


def named(
    source: CandidateSource,
    histories: Sequence[History],
    k: int,
    exclude_seen: bool = True,
    allowed: BoolArray | None = None,
) -> tuple[IntArray, FloatArray]:
    return source.read(histories).best(k, seen_items(histories, exclude_seen), allowed)


@pytest.fixture
def sources(catalog: Catalog, log: EventLog, encoder: Encoder) -> list[CandidateSource]:
    vectors = encoder.encode(catalog_texts(catalog))
    return [
        TextNeighbours(vectors, ItemIndex.from_vectors(vectors), half_life=3.0),
        PopularItems.fit(log, len(catalog)),
        CoOccurrence(fit_similarity(log, len(catalog), 5, 20), half_life=3.0),
    ]


def test_every_source_keeps_the_contract(sources: list[CandidateSource], catalog: Catalog) -> None:
    rng = np.random.default_rng(0)
    histories = [history(*rng.integers(0, 40, n)) for n in (0, 1, 2, 30)] + [history(*range(40))]
    for source in sources:
        assert isinstance(source, CandidateSource)
        for k in (1, 7, 60):
            items, scores = named(source, histories, k)
            assert items.shape == scores.shape == (5, k)
            assert items.dtype == np.int32
            for row, past in enumerate(histories):
                found = items[row][items[row] >= 0]
                assert len(set(found.tolist())) == len(found)
                assert not np.isin(found, past.items).any()
                assert (items[row, len(found) :] == -1).all()
                assert (np.diff(scores[row, : len(found)]) <= 0).all()
            assert (items[4] == -1).all()  # everything seen


def test_seen_items_come_back_where_they_may(sources: list[CandidateSource]) -> None:
    past = history(0, 4, 8)
    for source in sources:
        items, _ = named(source, [past], 40, exclude_seen=False)
        assert np.isin(past.items, items[0]).all()


def test_one_history_at_a_time_or_all_at_once(sources: list[CandidateSource]) -> None:
    histories = [history(1, 5), history(), history(2, 3, 30, 31), history(7)]
    for source in sources:
        together, _ = named(source, histories, 10)
        alone = [named(source, [past], 10)[0][0] for past in histories]
        np.testing.assert_array_equal(together, np.stack(alone))


def test_text_stays_in_the_genre(sources: list[CandidateSource]) -> None:
    items, _ = named(sources[0], [history(0, 4), history(1)], 5)
    assert (items[0] % 4 == 0).all()
    assert (items[1] % 4 == 1).all()


def test_popularity_counts_and_forgets() -> None:
    day = 86_400
    log = EventLog(
        ("a", "b"),
        np.array([0, 3, 5]),
        np.array([0, 0, 1, 0, 2], dtype=np.int32),
        np.array([0, 0, 100 * day, 0, 100 * day], dtype=np.int64),
    )
    assert PopularItems.fit(log, 4).order.tolist() == [0, 1, 2, 3]
    recent = PopularItems.fit(log, 4, half_life_days=10.0)
    assert recent.order.tolist() == [1, 2, 0, 3]
    assert recent.counts[0] == pytest.approx(3 * 2.0**-10)
    undated = EventLog(("a",), np.array([0, 1]), np.array([0], dtype=np.int32))
    with pytest.raises(DataError, match="needs times"):
        PopularItems.fit(undated, 1, half_life_days=1.0)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), window=st.integers(1, 6), shrinkage=st.sampled_from([0.0, 5.0]))
def test_similarity_is_the_formula_pair_by_pair(seed: int, window: int, shrinkage: float) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 9, 5)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    items = rng.integers(0, 7, offsets[-1]).astype(np.int32)
    log = EventLog(tuple("abcde"), offsets, items)
    expected = np.zeros((7, 7))
    for user in range(5):
        walk = items[offsets[user] : offsets[user + 1]].tolist()
        for s in range(len(walk)):
            for t in range(s + 1, min(s + window + 1, len(walk))):
                expected[walk[s], walk[t]] += 1 / (t - s)
                expected[walk[t], walk[s]] += 1 / (t - s)
    np.fill_diagonal(expected, 0.0)
    counts = np.bincount(items, minlength=7).astype(float)
    scale = np.sqrt(np.outer(counts, counts)) + shrinkage
    expected = np.divide(expected, scale, out=np.zeros_like(expected), where=scale > 0)
    found = fit_similarity(log, 7, window, neighbours=7, shrinkage=shrinkage)
    np.testing.assert_allclose(found.toarray(), expected, atol=1e-6)


def test_similarity_keeps_the_largest_entries(log: EventLog) -> None:
    whole = fit_similarity(log, 40, 5, neighbours=40).toarray()
    few = fit_similarity(log, 40, 5, neighbours=2).toarray()
    for row in range(40):
        kept = np.flatnonzero(few[row])
        assert len(kept) == min(2, np.count_nonzero(whole[row]))
        np.testing.assert_array_equal(few[row, kept], whole[row, kept])
        np.testing.assert_allclose(np.sort(few[row])[::-1][:2], np.sort(whole[row])[::-1][:2])


def test_constraints_hold_before_items_are_named(sources: list[CandidateSource]) -> None:
    histories = [history(0, 4, 8), history(3), history()]
    allowed = np.arange(40) % 4 == 2
    for source in sources:
        items, scores = named(source, histories, 60, allowed=allowed)
        every, _ = named(source, histories, 60)
        for row in range(len(histories)):
            expected = [item for item in every[row] if item >= 0 and allowed[item]]
            assert items[row][items[row] >= 0].tolist() == expected
        assert not np.isfinite(scores[items < 0]).any()


@pytest.mark.parametrize("width", [3, 40])
def test_any_items_are_scored_as_all_are(sources: list[CandidateSource], width: int) -> None:
    rng = np.random.default_rng(0)
    histories = [history(1, 5), history(2, 3, 30, 31), history(7)]
    items = np.stack([rng.permutation(40)[:width] for _ in histories]).astype(np.int32)
    for source in sources:
        read = source.read(histories)
        whole = np.take_along_axis(read.all(), items, axis=1)
        np.testing.assert_allclose(read.of(items), whole, atol=1e-6)
        named, scores = read.best(5)
        np.testing.assert_allclose(np.where(named >= 0, read.of(named), -np.inf), scores, atol=1e-6)
        # What a list ended without naming is worth no more than `least`, or than the last that it named.
        beyond = np.maximum(scores[:, -1:], read.least)
        unnamed = np.array([np.setdiff1d(np.arange(40), row[row >= 0])[:30] for row in named], dtype=np.int32)
        assert (read.of(unnamed) <= beyond + 1e-6).all()
