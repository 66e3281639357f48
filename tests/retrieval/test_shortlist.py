"""The path of every recommendation: searched by FAISS, constrained, scored exactly, normalised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.pools import pooled
from support.saved_retriever import load, save

from nextinterest.data.log import EventLog
from nextinterest.domain import BoolArray, Catalog, FloatArray, History, IntArray, Item
from nextinterest.errors import DataError
from nextinterest.retrieval import Encoder, ItemIndex, Retriever, RetrieverConfig
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.queries import Query
from nextinterest.retrieval.ranks import top_k
from nextinterest.retrieval.sequence_source import SequenceSource
from nextinterest.retrieval.trained import TrainedRetriever

KINDS = ("untrained", "trained")


def history(*items: int) -> History:
    return History(np.array(items, dtype=np.int32))


@pytest.fixture
def make(catalog: Catalog, log: EventLog, encoder: Encoder) -> Callable[[str], Retriever]:
    def made(kind: str) -> Retriever:
        if kind == "untrained":
            return Retriever.build(catalog, log, encoder, RetrieverConfig(depth=12))
        return pooled(catalog, log, encoder)

    return made


@pytest.fixture(scope="module")
def many() -> Catalog:
    """Four thousand items: more than are scored for a history."""
    genres = ("horror", "comedy", "western", "musical")
    return Catalog(
        [f"m{n}" for n in range(4000)],
        [f"{genres[n % 4]} number{n}" for n in range(4000)],
        [(genres[n % 4],) for n in range(4000)],
        [1980] * 4000,
    )


@pytest.fixture
def large(many: Catalog, encoder: Encoder) -> TrainedRetriever:
    rng = np.random.default_rng(3)
    items = (4000 * rng.random(6000) ** 3).astype(np.int32)
    log = EventLog.from_arrays(
        [f"u{n}" for n in range(600)], np.repeat(np.arange(600), 10).astype(np.int32), items, np.arange(6000)
    )
    return pooled(many, log, encoder, language=False, n_candidates=100)


def walks(n: int, n_items: int) -> list[History]:
    rng = np.random.default_rng(1)
    return [history(*rng.integers(0, n_items, rng.integers(1, 9))) for _ in range(n)]


def dense(retriever: Retriever, past: History, allowed: BoolArray | None = None) -> FloatArray:
    """Return the log-probabilities of the whole catalogue, of what may not be returned minus infinity."""
    log_p = retriever.log_probabilities([past])[0].astype(np.float64)
    log_p[past.items] = -np.inf
    if allowed is not None:
        log_p[~allowed] = -np.inf
    return np.asarray(log_p - np.logaddexp.reduce(log_p))


@pytest.mark.parametrize("kind", KINDS)
def test_every_vector_source_is_searched_in_every_call(
    make: Callable[[str], Retriever], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    retriever, searched = make(kind), Counter[int]()
    search = ItemIndex.search

    def counting(index: ItemIndex, *given: object, **named: object) -> tuple[IntArray, FloatArray]:
        searched[id(index)] += 1
        return search(index, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ItemIndex, "search", counting)
    for calls in (1, 2, 3):
        retriever.recommend([history(0, 4)])
        assert searched.total() == calls * (3 if kind == "trained" else 1)
    assert set(searched.values()) == {3}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("past", [(), (0, 4, 8), (3,)])
def test_constraints_hold_for_every_source_and_fill_the_list(
    make: Callable[[str], Retriever], kind: str, past: tuple[int, ...]
) -> None:
    retriever, allowed = make(kind), np.arange(40) % 4 == 2
    queries = [Query("items", items=np.arange(40, dtype=np.int32)), Query("words", retriever.item_vectors[5])]
    for extra in (None, [queries]):
        (found,) = retriever.shortlist([history(*past)], 40, allowed=allowed, queries=extra)
        assert sorted(found.items.tolist()) == np.flatnonzero(allowed).tolist()
        assert np.exp(found.log_probabilities).sum() == pytest.approx(1.0)
        for name, ranks in found.ranks.items():
            named = np.sort(ranks[ranks > 0])
            assert named.tolist() == list(range(1, len(named) + 1)), name  # no rank went to another item
    (nothing,) = retriever.shortlist([history(*past)], 5, allowed=np.zeros(40, dtype=bool))
    assert len(nothing.items) == 0


@pytest.mark.parametrize("constrained", [False, True])
def test_candidates_that_are_all_items_rank_as_the_whole_catalogue(
    make: Callable[[str], Retriever], constrained: bool
) -> None:
    retriever = make("trained")
    allowed = np.arange(40) % 3 > 0 if constrained else None
    for past in [*walks(20, 40), history()]:
        if not len(past) and constrained:
            continue  # ranks are among what may be returned
        (found,) = retriever.shortlist([past], 40, allowed=allowed)
        expected = dense(retriever, past, allowed)
        assert found.items.tolist() == [item for item in top_k(expected[None], 40)[0].tolist() if item >= 0]
        np.testing.assert_allclose(found.log_probabilities, expected[found.items], atol=1e-4)
        assert found.rest == found.rest_least == found.rest_most


def test_seen_items_that_may_return_come_last_as_in_the_whole_catalogue(
    make: Callable[[str], Retriever],
) -> None:
    retriever = make("trained")
    for past in walks(10, 40):
        (found,) = retriever.shortlist([past], 40, exclude_seen=False)
        expected = retriever.log_probabilities([past])[0]
        np.testing.assert_allclose(found.log_probabilities, expected[found.items], atol=1e-4)
        n_seen = len(np.unique(past.items))
        assert np.isin(past.items, found.items[-n_seen - 1 :]).all()
    (everything,) = retriever.shortlist([history(*range(40))], 40, exclude_seen=False)
    np.testing.assert_allclose(np.exp(everything.log_probabilities), 1 / 40, atol=1e-6)


def test_few_candidates_keep_the_first_ten_and_their_probabilities(large: TrainedRetriever) -> None:
    kept, off = [], []
    for past, found in zip(walks(60, 4000), large.shortlist(walks(60, 4000), 10), strict=True):
        expected = dense(large, past)
        best = top_k(expected[None], 10)[0]
        kept.append(np.isin(best, found.items).mean())
        off.append(np.abs(found.log_probabilities - expected[found.items]).max())
        assert found.n_candidates == 100
    assert np.mean(kept) > 0.99
    assert np.max(off) < 0.1


def test_the_mass_of_the_rest_lies_within_its_bound(large: TrainedRetriever) -> None:
    histories = walks(60, 4000)
    # Lists as long as the candidates, so that what is left beside them is the rest.
    for past, found in zip(histories, large.shortlist(histories, 100), strict=True):
        p = np.exp(dense(large, past))
        true = 1 - p[found.items].sum()
        assert len(found.items) == found.n_candidates == 100
        assert found.rest_least < true < found.rest_most
        assert found.rest_least < found.rest < found.rest_most
        assert found.rest == pytest.approx(true, rel=0.1)


def test_a_request_adds_its_cosines_to_the_distribution_of_the_history_and_nothing_else(
    make: Callable[[str], Retriever],
) -> None:
    for kind in KINDS:
        retriever = make(kind)
        words = retriever.item_vectors[2]  # a western
        for past in (history(0, 4), history()):
            queries = [[Query("request", words, steer=2.0)]]
            (plain,), (asked,) = (retriever.shortlist([past], 40, queries=q) for q in (None, queries))
            before = dict(zip(plain.items.tolist(), plain.log_probabilities.tolist(), strict=True))
            gain = asked.log_probabilities - np.array([before[item] for item in asked.items.tolist()])
            gain -= 2.0 * (retriever.item_vectors[asked.items] @ words)
            np.testing.assert_allclose(gain, gain[0], atol=1e-5)
            first = int(np.flatnonzero(asked.ranks["request"] == 1)[0])
            assert asked.items[first] == 2


def test_the_mass_bound_holds_under_a_request(large: TrainedRetriever) -> None:
    words = Query("request", large.item_vectors[7], steer=8.0)
    near = large.item_vectors @ large.item_vectors[7]
    for past in (*walks(10, 4000), history()):
        n = large.shortlist([past], 100, queries=[[words]])[0].n_candidates
        (found,) = large.shortlist([past], n, queries=[[words]])  # all candidates, so that the rest is left
        (every,) = large.shortlist([past], 4000, queries=[[words]])
        whole = dict(zip(every.items.tolist(), every.log_probabilities.tolist(), strict=True))
        true = 1 - np.exp([whole[item] for item in found.items.tolist()]).sum()
        assert found.rest_least <= true + 1e-9
        assert true <= found.rest_most + 1e-9
        assert near[found.items[:10]].mean() > near.mean()


def test_queries_bring_candidates_of_their_own_and_only_to_their_history(large: TrainedRetriever) -> None:
    (plain,) = large.shortlist([history(1)], 100)
    other = np.setdiff1d(np.arange(2, 4000), plain.items)[:3].astype(np.int32)
    found, untouched = large.shortlist(
        [history(1), history(1)], 100, queries=[[Query("generated: film noir", items=other)], []]
    )
    assert set(other.tolist()) <= set(found.items.tolist())
    ranks = dict(zip(found.items.tolist(), found.ranks["generated: film noir"].tolist(), strict=True))
    assert [ranks[item] for item in other.tolist()] == [1, 2, 3]
    assert "generated: film noir" not in untouched.ranks
    assert untouched.items.tolist() == plain.items.tolist()


def test_queries_that_say_nothing_or_pull_without_words_are_refused() -> None:
    with pytest.raises(DataError, match="either a vector or items"):
        Query("request")
    some, nats = np.zeros(1, dtype=np.int32), np.zeros(2, dtype=np.float32)
    with pytest.raises(DataError, match="steer"):
        Query("items", items=some, steer=1.0)
    with pytest.raises(DataError, match="weight -1"):
        Query("items", items=some, weight=-1.0)
    with pytest.raises(DataError, match="as many nats"):
        Query("items", items=some, nats=nats)
    with pytest.raises(DataError, match="as many nats"):
        Query("items", np.ones(3, dtype=np.float32), nats=nats)


@pytest.mark.parametrize("sign", [1, -1])
def test_items_of_a_query_rise_by_its_nats_and_the_bound_of_the_rest_holds(
    make: Callable[[str], Retriever], large: TrainedRetriever, sign: int
) -> None:
    for kind in KINDS:
        retriever, some = make(kind), np.array([30, 1, 9], dtype=np.int32)
        nats = np.array([3.0, 2.0, 2.5], dtype=np.float32) * sign
        (plain,) = retriever.shortlist([history(0, 4)], 40)
        (asked,) = retriever.shortlist(
            [history(0, 4)], 40, queries=[[Query("named: x", items=some, nats=nats)]]
        )
        before = dict(zip(plain.items.tolist(), plain.log_probabilities.tolist(), strict=True))
        rises = dict(zip(some.tolist(), nats.tolist(), strict=True))
        gain = [
            log_p - before[item] - rises.get(item, 0.0)
            for item, log_p in zip(asked.items.tolist(), asked.log_probabilities.tolist(), strict=True)
        ]
        np.testing.assert_allclose(gain, gain[0], atol=1e-5)
    for many in (
        np.arange(1500, dtype=np.int32),
        np.array([7], dtype=np.int32),
    ):  # more than are searched for
        queries = [[Query("named: x", items=many, nats=np.full(len(many), 3.0 * sign, dtype=np.float32))]]
        n = large.shortlist([history(1)], 100, queries=queries)[0].n_candidates
        (found,) = large.shortlist([history(1)], n, queries=queries)
        (every,) = large.shortlist([history(1)], 4000, queries=queries)
        whole = dict(zip(every.items.tolist(), every.log_probabilities.tolist(), strict=True))
        true = 1 - np.exp([whole[item] for item in found.items.tolist()]).sum()
        assert found.rest_least <= true + 1e-9
        assert true <= found.rest_most + 1e-9


def test_one_history_at_a_time_or_many(make: Callable[[str], Retriever]) -> None:
    for kind in KINDS:
        retriever, histories = make(kind), [history(), *walks(6, 40), history()]
        together = retriever.shortlist(histories, 15)
        for past, row in zip(histories, together, strict=True):
            (alone,) = retriever.shortlist([past], 15)
            assert alone.items.tolist() == row.items.tolist()
            np.testing.assert_allclose(alone.log_probabilities, row.log_probabilities, atol=1e-5)
            assert {n: r.tolist() for n, r in alone.ranks.items()} == {
                n: r.tolist() for n, r in row.ranks.items()
            }


def test_a_changed_catalogue_is_in_step_in_every_index(
    make: Callable[[str], Retriever], catalog: Catalog
) -> None:
    retriever = make("trained")
    past_ids = ["i8", "i12"]
    retriever.recommend([history(8, 12)])  # builds the language model's index
    changed = catalog.without(["i0", "i13"]).with_items(
        [Item("new", "horror number99", ("horror",), 2001), Item("i5", "western number5", ("western",), 1985)]
    )
    for served in (retriever.changed(changed), retriever):
        if served is retriever:
            retriever.update(changed)
        assert isinstance(served, TrainedRetriever)
        indexed = [
            part._indexed if isinstance(part, SequenceSource) else part._items()
            for part in served.pool.parts
            if isinstance(part, SequenceSource | ItemSoftmax)
        ]
        assert len(indexed) == 2
        for one in indexed:
            assert sorted(one.index.items.tolist()) == list(range(len(changed)))
            np.testing.assert_allclose(one.index.vectors(np.arange(len(changed))), one.vectors, atol=1e-6)
        past = history(*(changed.position(one) for one in past_ids))
        (found,) = served.shortlist([past], len(changed))
        assert sorted(found.items.tolist()) == sorted(set(range(len(changed))) - set(past.items.tolist()))
        expected = dense(served, past)
        np.testing.assert_allclose(found.log_probabilities, expected[found.items], atol=1e-4)
        assert found.ranks["text"][found.items.tolist().index(changed.position("new"))] > 0


def test_saved_and_loaded_it_names_and_ranks_the_same(
    catalog: Catalog, log: EventLog, encoder: Encoder, tmp_path: Path
) -> None:
    retriever = pooled(catalog, log, encoder, language=False)
    save(retriever, tmp_path)
    loaded = load(tmp_path, encoder)
    for past in (history(0, 4), history()):
        (before,), (after,) = (one.shortlist([past], 10) for one in (retriever, loaded))
        assert before.items.tolist() == after.items.tolist()
        assert list(before.ranks) == list(after.ranks)
        np.testing.assert_allclose(before.log_probabilities, after.log_probabilities, atol=1e-2)
