from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.errors import DataError
from nextinterest.retrieval import CandidateSource, Encoder, ItemIndex, VectorSource
from nextinterest.retrieval.cooccurrence import CoOccurrence, fit_similarity
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.vector_source import TextNeighbours


def history(*items: int) -> History:
    return History(np.array(items, dtype=np.int32))


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
            items, scores = source.candidates(histories, k)
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
        items, _ = source.candidates([past], 40, exclude_seen=False)
        assert np.isin(past.items, items[0]).all()


def test_one_history_at_a_time_or_all_at_once(sources: list[CandidateSource]) -> None:
    histories = [history(1, 5), history(), history(2, 3, 30, 31), history(7)]
    for source in sources:
        together, _ = source.candidates(histories, 10)
        alone = [source.candidates([past], 10)[0][0] for past in histories]
        np.testing.assert_array_equal(together, np.stack(alone))


def test_text_stays_in_the_genre(sources: list[CandidateSource]) -> None:
    items, _ = sources[0].candidates([history(0, 4), history(1)], 5)
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


def test_a_source_with_its_own_vectors_slots_in() -> None:
    vectors = np.eye(5, dtype=np.float32)

    def next_item(histories: list[History] | object) -> FloatArray:
        assert isinstance(histories, list)
        return np.stack([vectors[(int(past.items[-1]) + 1) % 5] for past in histories])

    source = VectorSource("sequence", ItemIndex.from_vectors(vectors), next_item)
    assert isinstance(source, CandidateSource)
    items, _ = source.candidates([history(2), history(), history(4)], 1)
    assert items[:, 0].tolist() == [3, -1, 0]
