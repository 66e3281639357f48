from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.saved_retriever import KIND, load, save

from nextinterest.artifact_files import read_artifact, update_artifact
from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, History, Item, ItemScorer, Recommender
from nextinterest.errors import IntegrityError, ModelError
from nextinterest.retrieval import Encoder, ItemIndex, Retriever, RetrieverConfig
from nextinterest.retrieval.catalog_change import CatalogChange
from nextinterest.retrieval.item_text import item_text
from nextinterest.retrieval.popular_items import PopularItems
from nextinterest.retrieval.reading import IndexedVectors, Reading

CONFIG = RetrieverConfig(depth=12)


def history(*items: int) -> History:
    return History(np.array(items, dtype=np.int32))


@pytest.fixture
def retriever(catalog: Catalog, log: EventLog, encoder: Encoder) -> Retriever:
    return Retriever.build(catalog, log, encoder, CONFIG)


def test_it_satisfies_the_protocols(retriever: Retriever) -> None:
    assert isinstance(retriever, Recommender)
    assert isinstance(retriever, ItemScorer)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    past=st.lists(st.lists(st.integers(0, 39), max_size=60), min_size=1, max_size=4),
    k=st.integers(1, 50),
    exclude=st.booleans(),
)
def test_ranking_invariants(retriever: Retriever, past: list[list[int]], k: int, exclude: bool) -> None:
    histories = [history(*items) for items in past]
    ranked = retriever.recommend(histories, k, exclude_seen=exclude)
    assert ranked.items.shape == (len(past), k)
    for row, items in enumerate(past):
        found = ranked.items[row][ranked.items[row] >= 0]
        left = 40 - len(set(items)) if exclude else 40
        assert len(found) == len(set(found.tolist())) == min(k, left)
        if exclude:
            assert not set(found.tolist()) & set(items)
        p = ranked.probabilities[row]
        assert (np.diff(p) <= 0).all()
        assert (p[: len(found)] > 0).all()
        assert (p[len(found) :] == 0).all()
        assert p.sum(dtype=np.float64) <= 1.0
        if k >= left > 0:
            assert p.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-5)  # the whole catalogue was listed


def test_a_longer_list_begins_with_the_shorter_one(retriever: Retriever) -> None:
    histories = [history(0, 5, 9), history(), history(*range(0, 40, 2))]
    long = retriever.recommend(histories, 40)
    for k in (1, 5, 15, 30):
        short = retriever.recommend(histories, k)
        np.testing.assert_array_equal(short.items, long.items[:, :k])
        np.testing.assert_array_equal(short.probabilities, long.probabilities[:, :k])


def test_one_at_a_time_or_together(retriever: Retriever) -> None:
    histories = [history(0, 5), history(), history(*range(30)), history(39)]
    together = retriever.recommend(histories, 20)
    for row, past in enumerate(histories):
        alone = retriever.recommend([past], 20)
        np.testing.assert_array_equal(alone.items[0], together.items[row])
        np.testing.assert_allclose(alone.probabilities[0], together.probabilities[row], rtol=1e-6)


def test_log_probabilities_are_the_distribution_that_recommend_lists(retriever: Retriever) -> None:
    histories = [history(0, 5, 9), history(), history(*range(0, 40, 2))]
    log_p = retriever.log_probabilities(histories).astype(np.float64)
    assert log_p.shape == (3, 40)
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1.0, atol=1e-5)
    ranked = retriever.recommend(histories, 15)
    for row, past in enumerate(histories):
        masked = np.exp(log_p[row])
        masked[past.items] = 0.0
        masked /= masked.sum()
        np.testing.assert_allclose(masked[ranked.items[row]], ranked.probabilities[row], rtol=1e-4)


def test_candidates_carry_the_ranks_of_their_sources(retriever: Retriever) -> None:
    past = history(0, 4, 8)
    (found, empty) = retriever.shortlist([past, history()], 10)
    ranked = retriever.recommend([past, history()], 10)
    assert [found.items.tolist(), empty.items.tolist()] == ranked.items.tolist()
    assert list(found.ranks) == ["text", "popularity", "cooccurrence"]
    for source in retriever.sources:
        listed = source.read([past]).best(12, [np.unique(past.items)])[0][0].tolist()
        for item, rank in zip(found.items.tolist(), found.ranks[source.name].tolist(), strict=True):
            assert (listed.index(item) + 1 if item in listed else 0) == rank
    assert list(empty.ranks) == ["popularity"]


def test_no_history_is_answered_by_popularity(retriever: Retriever, log: EventLog) -> None:
    ranked = retriever.recommend([history()], 40)
    assert ranked.items[0].tolist() == PopularItems.fit(log, 40).order.tolist()


def test_everything_seen_leaves_nothing(retriever: Retriever) -> None:
    ranked = retriever.recommend([history(*range(40))], 5)
    assert (ranked.items == -1).all()
    assert (ranked.probabilities == 0).all()
    assert not len(retriever.shortlist([history(*range(40))], 5)[0].items)
    assert np.isfinite(retriever.log_probabilities([history(*range(40))])).all()


def test_no_log_leaves_text(catalog: Catalog, encoder: Encoder) -> None:
    retriever = Retriever.build(catalog, None, encoder, CONFIG)
    assert [source.name for source in retriever.sources] == ["text"]
    assert (retriever.recommend([history(3)], 5).items % 4 == 3).all()
    empty = retriever.recommend([history()], 3)
    assert empty.items[0].tolist() == [0, 1, 2]
    np.testing.assert_allclose(empty.probabilities[0], 1 / 40, rtol=1e-5)


def test_no_histories(retriever: Retriever) -> None:
    assert retriever.recommend([], 5).items.shape == (0, 5)
    assert retriever.shortlist([], 5) == []
    assert retriever.log_probabilities([]).shape == (0, 40)


def test_catalogue_changes_are_followed_without_encoding_it_again(
    retriever: Retriever, catalog: Catalog, log: EventLog, encoder: Encoder, encoded: list[str]
) -> None:
    past_ids = ("i8", "i12", "i16")
    encoded.clear()
    changed = catalog.without(["i0", "i13"]).with_items(
        [Item("new", "horror number99", ("horror",), 2001), Item("i5", "western number5", ("western",), 1985)]
    )
    retriever.update(changed)
    assert sorted(encoded) == sorted(item_text(changed[changed.position(i)]) for i in ("new", "i5"))
    # Text vectors are those of a retriever built anew, in the new order.
    fresh = Retriever.build(changed, None, encoder, CONFIG)
    np.testing.assert_allclose(retriever.item_vectors, fresh.item_vectors)
    np.testing.assert_allclose(retriever.index.vectors(np.arange(len(changed))), fresh.item_vectors)
    # The log in the new positions gives the same popularity and co-occurrence.
    past = history(*(changed.position(i) for i in past_ids))
    popularity, cooccurrence = retriever.sources[1:]
    names = [changed.ids[i] for i in popularity.read([past]).best(39, [past.items])[0][0] if i >= 0]
    gone = ("i0", "i13", *past_ids)
    # i0 and i13 left, the others keep their order; the new item is last.
    before = [catalog.ids[i] for i in PopularItems.fit(log, 40).order if catalog.ids[i] not in gone]
    assert [name for name in names if name != "new"] == before
    assert names[-1] == "new"
    found = [changed.ids[i] for i in cooccurrence.read([past]).best(39, [past.items])[0][0] if i >= 0]
    assert found
    assert not {"new", "i0", "i13"} & set(found)
    ranked = retriever.recommend([past], 39)
    assert changed.position("new") in ranked.items[0]
    retriever.update(changed.without(changed.ids))
    assert (retriever.recommend([history()], 3).items == -1).all()


def test_saved_and_loaded_answers_alike(
    retriever: Retriever, encoder: Encoder, encoded: list[str], tmp_path: Path
) -> None:
    histories = [history(0, 5, 9), history(), history(*range(0, 40, 2))]
    expected = retriever.recommend(histories, 25)
    save(retriever, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.suffix in {".pkl", ".pickle", ".pt", ".npy"}]
    encoded.clear()
    loaded = load(tmp_path, encoder)
    assert encoded == []
    assert loaded.catalog.fingerprint == retriever.catalog.fingerprint
    assert loaded.config == retriever.config
    found = loaded.recommend(histories, 25)
    np.testing.assert_array_equal(found.items, expected.items)
    np.testing.assert_allclose(found.probabilities, expected.probabilities, rtol=1e-6)
    np.testing.assert_array_equal(loaded.item_vectors, retriever.item_vectors)


@pytest.mark.parametrize("name", ["catalog.parquet", "index.faiss", "sources.safetensors"])
@pytest.mark.parametrize("damage", ["flip", "delete"])
def test_damage_is_refused(
    retriever: Retriever, encoder: Encoder, tmp_path: Path, name: str, damage: str
) -> None:
    save(retriever, tmp_path)
    path = tmp_path / name
    if damage == "delete":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[-3] ^= 1
        path.write_bytes(bytes(data))
    with pytest.raises(IntegrityError, match=name):
        load(tmp_path, encoder)


def test_another_encoder_is_refused(retriever: Retriever, encoder: Encoder, tmp_path: Path) -> None:
    save(retriever, tmp_path)

    class Other:
        fingerprint = "other"
        encode = staticmethod(encoder.encode)

    with pytest.raises(IntegrityError, match="made by encoder words-256"):
        load(tmp_path, Other())


def test_an_index_of_another_catalogue_is_refused(
    retriever: Retriever, catalog: Catalog, log: EventLog, encoder: Encoder, tmp_path: Path
) -> None:
    save(retriever, tmp_path)
    other = ItemIndex.from_vectors(encoder.encode(["a", "b"]))
    saved = read_artifact(tmp_path, KIND)
    content = saved.content.model_copy(update={"index": other.shape})
    update_artifact(saved, content=content, files={"index.faiss": other.to_bytes()})
    with pytest.raises(IntegrityError, match="do not belong together"):
        load(tmp_path, encoder)


def test_foreign_sources_are_fused_and_refused_when_saved(
    catalog: Catalog, log: EventLog, encoder: Encoder, tmp_path: Path
) -> None:
    class NextPosition:
        name = "sequence"
        indexed = IndexedVectors(np.eye(40, dtype=np.float32))

        def read(self, histories: Sequence[History]) -> Reading:
            queries = np.stack([self.indexed.vectors[(int(h.items[-1]) + 1) % 40] for h in histories])
            return self.indexed.read(queries, np.ones(len(histories), dtype=bool))

        def follow(self, change: CatalogChange) -> None:
            raise NotImplementedError

    sequence = NextPosition()
    config = CONFIG.model_copy(update={"weights": {**CONFIG.weights, "sequence": 100.0}})
    retriever = Retriever.build(catalog, log, encoder, config).with_sources([sequence], {})
    assert retriever.recommend([history(7)], 1).items.tolist() == [[8]]
    with pytest.raises(ModelError, match="'sequence' cannot be saved"):
        save(retriever, tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
    retriever.sources.remove(sequence)  # the remedy
    save(retriever, tmp_path / "saved")
    assert [source.name for source in load(tmp_path / "saved", encoder).sources] == [
        source.name for source in retriever.sources
    ]
