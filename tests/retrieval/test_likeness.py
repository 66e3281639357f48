"""How alike items are: the formula, cold items, constraints, saving, a changed catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from support import saved_retriever

from nextinterest.data.log import EventLog
from nextinterest.domain import Catalog, FloatArray, History
from nextinterest.retrieval import Encoder, Retriever, RetrieverConfig
from nextinterest.retrieval.likeness import COMMON_USERS, LIFT, Likeness
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig
from nextinterest.retrieval.sequence_source import SequenceSource

WEIGHTS = {"text": 0.5, "cooccurrence": 0.25, COMMON_USERS: 1.0, LIFT: 0.5, "sequence": 2.0}


@pytest.fixture
def retriever(catalog: Catalog, log: EventLog, encoder: Encoder) -> Retriever:
    vectors = encoder.encode(
        [f"{title} {year}" for title, year in zip(catalog.titles, catalog.years, strict=True)]
    )
    learned = SequenceEncoder(SequenceEncoderConfig(dimension=8, blocks=1, window=5), vectors)
    config = RetrieverConfig(likeness=WEIGHTS, neighbours=6)
    made = Retriever.build(catalog, log, encoder, config)
    made.sources.append(SequenceSource(learned))
    return made


def scores(retriever: Retriever, name: str, item: int) -> FloatArray:
    """Return what one signal says of all items, by its definition."""
    if name == "text":
        return np.asarray(retriever.item_vectors @ retriever.item_vectors[item])
    if name == "sequence":
        learned = next(one for one in retriever.sources if isinstance(one, SequenceSource))
        vectors = learned.encoder.scored_vectors()[:, :-1]
        return np.asarray(vectors @ vectors[item] / np.linalg.norm(vectors[item]))
    named = [*retriever.sources, *retriever.relations]
    source = next(one for one in named if one.name == name)
    return np.asarray(source.read([History(np.array([item], dtype=np.int32))]).all()[0])


def expected(retriever: Retriever, items: Sequence[int]) -> FloatArray:
    total = np.zeros(len(retriever.catalog))
    for item in items:
        for name, weight in WEIGHTS.items():
            row = scores(retriever, name, item).astype(np.float64)
            if row.std() > 0:
                total += weight * (row - row.mean()) / row.std() / len(items)
    return total.astype(np.float32)


@pytest.mark.parametrize("items", [[3], [3, 8], [39], [0, 17, 38]])
def test_the_list_is_ordered_by_the_formula(retriever: Retriever, items: list[int]) -> None:
    likeness = expected(retriever, items)
    found = retriever.alike(np.array(items, dtype=np.int32), 12)
    others = np.setdiff1d(np.arange(40), items)
    assert sorted(likeness[found.items], reverse=True) == pytest.approx(
        sorted(likeness[others])[::-1][:12], abs=1e-4
    )
    assert not set(items) & set(found.items.tolist())
    shares = retriever.likeness.shares(np.array(items, dtype=np.int32), found.items)
    assert list(shares) == list(WEIGHTS)
    np.testing.assert_allclose(sum(shares.values()), likeness[found.items], atol=1e-4)
    p = np.exp(likeness[others] - likeness[others].max())
    np.testing.assert_allclose(np.exp(found.log_probabilities), np.sort(p / p.sum())[::-1][:12], rtol=1e-3)


def test_constraints_hold_before_candidates_are_chosen(retriever: Retriever) -> None:
    allowed = np.zeros(40, dtype=bool)
    allowed[[3, 20, 21, 22]] = True
    found = retriever.alike(np.array([3], dtype=np.int32), 10, allowed=allowed)
    assert set(found.items.tolist()) == {20, 21, 22}
    assert np.exp(found.log_probabilities).sum() == pytest.approx(1.0)


def test_of_an_item_without_events_texts_say_what_is_alike(
    catalog: Catalog, log: EventLog, encoder: Encoder
) -> None:
    retriever = Retriever.build(catalog, log, encoder)
    cold = int(np.flatnonzero(log.item_counts(40) == 0)[0])
    item = np.array([cold], dtype=np.int32)
    assert not retriever.likeness.by_events(item)
    found = retriever.alike(item, 5)
    closest = np.argsort(-(retriever.item_vectors @ retriever.item_vectors[cold]), kind="stable")
    ahead = retriever.item_vectors[found.items] @ retriever.item_vectors[cold]
    assert ahead == pytest.approx(
        (retriever.item_vectors[closest] @ retriever.item_vectors[cold])[closest != cold][:5]
    )
    warm = np.array([int(log.items[0])], dtype=np.int32)
    assert retriever.likeness.by_events(warm)
    # A log is not needed.
    alone = Retriever.build(catalog, None, encoder)
    assert alone.relations == []
    assert alone.alike(item, 5).items.tolist() == found.items.tolist()


def test_weights_of_nothing_that_is_there_leave_text(retriever: Retriever) -> None:
    assert Likeness.of(retriever.sources, {"cooccurrence": 0.0, "mystery": 3.0}).weights == {"text": 1.0}


def test_it_is_saved_and_read_back(retriever: Retriever, encoder: Encoder, tmp_path: Path) -> None:
    retriever.sources = retriever.sources[:3]
    saved_retriever.save(retriever, tmp_path / "made")
    read = saved_retriever.load(tmp_path / "made", encoder)
    assert [one.name for one in read.relations] == [COMMON_USERS, LIFT]
    for item in (0, 17):
        models = np.array([item], dtype=np.int32)
        one, other = retriever.alike(models), read.alike(models)
        assert one.items.tolist() == other.items.tolist()
        np.testing.assert_allclose(one.log_probabilities, other.log_probabilities, atol=1e-5)


def test_a_directory_of_an_earlier_version_has_no_common_users(
    retriever: Retriever, encoder: Encoder, tmp_path: Path
) -> None:
    retriever.sources, retriever.relations = retriever.sources[:3], []
    saved_retriever.save(retriever, tmp_path / "made")
    read = saved_retriever.load(tmp_path / "made", encoder)
    assert (
        read.alike(np.array([3], dtype=np.int32)).items.tolist()
        == retriever.alike(np.array([3], dtype=np.int32)).items.tolist()
    )


def test_it_follows_the_catalogue(retriever: Retriever, catalog: Catalog) -> None:
    before = retriever.alike(np.array([3], dtype=np.int32), 4)
    order = np.random.default_rng(0).permutation(40)
    kept = [int(i) for i in order if int(i) != int(before.items[3])]
    changed = retriever.changed(Catalog.from_items([catalog[i] for i in kept]))
    model = np.array([kept.index(3)], dtype=np.int32)
    after = changed.alike(model, 3)
    assert [kept[i] for i in after.items.tolist()] == before.items[:3].tolist()
