"""Asking methods: full ranking, lists, candidates, and methods that fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from nextinterest.data import Split
from nextinterest.domain import Catalog, FloatArray, History, IntArray, Rankings, Recommender
from nextinterest.eval import Protocol
from nextinterest.eval.answers import Answers, Flaw
from nextinterest.eval.candidates import CandidateLists
from nextinterest.eval.cases import Cases, select_cases
from nextinterest.eval.metrics import MISS
from nextinterest.eval.runner import Failures, answer


def _ask(
    recommender: Recommender, cases: Cases, protocol: Protocol, failures: Failures | None = None
) -> Answers:
    return Answers.concatenate(list(answer(recommender, cases, protocol, failures=failures)))


@pytest.mark.parametrize("exclude_seen", [True, False])
def test_full_ranking_agrees_with_lists_read_to_the_end(
    split: Split, popularity: Recommender, exclude_seen: bool
) -> None:
    scored = Protocol(exclude_seen=exclude_seen, list_length=40)
    lists = scored.model_copy(update={"scoring": "lists"})
    cases = select_cases(split, scored)
    by_score, by_list = _ask(popularity, cases, scored), _ask(popularity, cases, lists)
    assert (by_list.flaws == 0).all()
    distinct = [len(np.unique(split.train.item_counts(40))) == 40]
    close = np.abs(by_score.rank.astype(int) - by_list.rank) <= (0 if distinct[0] else 6)
    assert close.all()
    np.testing.assert_array_equal(by_score.rank == 1, by_score.items[:, 0] == cases.held_out.targets)


def test_seen_items_are_never_listed_when_masked(split: Split, popularity: Recommender) -> None:
    cases = select_cases(split, Protocol())
    answers = _ask(popularity, cases, Protocol())
    for i, row in enumerate(answers.items):
        assert not np.isin(row[row >= 0], cases.held_out.histories[i].items).any()


def test_batches_are_asked_in_order_and_cover_every_case(
    split: Split, make_scorer: Callable[..., Recommender]
) -> None:
    scorer = make_scorer(np.arange(1, 41))
    cases = select_cases(split, Protocol())
    parts = list(answer(scorer, cases, Protocol(batch_size=7)))
    assert [len(part.rank) for part in parts] == [7] * 8 + [4]
    whole = _ask(scorer, cases, Protocol(batch_size=60))
    np.testing.assert_array_equal(np.concatenate([part.rank for part in parts]), whole.rank)


def test_a_failing_batch_is_asked_again_one_by_one(
    split: Split, popularity: Recommender, make_lists: Callable[..., Recommender]
) -> None:
    def moody(histories: Sequence[History], k: int, exclude_seen: bool) -> Rankings:
        if any(history.user == "u5" for history in histories):
            raise RuntimeError("not this one")
        return popularity.recommend(histories, k, exclude_seen)

    protocol = Protocol(batch_size=10)
    cases = select_cases(split, protocol)
    failures = Failures()
    answers = _ask(make_lists(moody), cases, protocol, failures)
    failed = np.flatnonzero(answers.flaws & int(Flaw.FAILED))
    assert [cases.user_ids[u] for u in cases.held_out.users[failed]] == ["u5"]
    assert answers.rank[failed].tolist() == [MISS]
    assert failures.messages == ["RuntimeError: not this one"]
    assert (np.delete(answers.flaws, failed) == 0).all()


def test_a_method_that_always_fails_is_all_misses(
    split: Split, make_lists: Callable[..., Recommender]
) -> None:
    def never(histories: Sequence[History], k: int, exclude_seen: bool) -> Rankings:
        raise ValueError("down")

    answers = _ask(make_lists(never), select_cases(split, Protocol()), Protocol())
    assert (answers.flaws == int(Flaw.FAILED)).all()
    assert (answers.rank == MISS).all()


def test_arrays_of_the_wrong_shape_are_misses(split: Split, make_lists: Callable[..., Recommender]) -> None:
    def one_row(histories: Sequence[History], k: int, exclude_seen: bool) -> Rankings:
        return Rankings(np.zeros((1, k), dtype=np.int32), np.zeros((1, k), dtype=np.float32))

    answers = _ask(make_lists(one_row), select_cases(split, Protocol()), Protocol())
    assert (answers.flaws == int(Flaw.SHAPE)).all()


def _lists(split: Split, n: int = 6, with_target: bool = True) -> CandidateLists:
    log, held_out = split.test.histories.log, split.validation
    rng = np.random.default_rng(2)
    rows = []
    for target in held_out.targets:
        others = rng.permutation(np.delete(np.arange(40), target))[: n - 1]
        extra = [target] if with_target else [int(rng.permutation(np.delete(np.arange(40), target))[-1])]
        rows.append(np.unique([*others, *extra]).astype(np.int32))
    users = tuple(log.user_ids[u] for u in held_out.users)
    return CandidateLists(users, tuple(rows), (None,) * len(rows))


def test_candidates_are_all_that_is_ranked(split: Split, popularity: Recommender) -> None:
    lists = _lists(split)
    cases = select_cases(split, Protocol(), lists)
    assert cases.candidates is not None
    scored = _ask(popularity, cases, Protocol())
    read = _ask(popularity, cases, Protocol(scoring="lists"))
    for answers in (scored, read):
        assert (answers.rank <= 6).all()
        for row, given in zip(answers.items, cases.candidates, strict=True):
            assert set(row[row >= 0].tolist()) == set(given[given >= 0].tolist())
        assert answers.probabilities.sum(axis=1) == pytest.approx(np.ones(len(cases)), abs=1e-4)
    assert (read.flaws == 0).all()
    assert np.abs(scored.rank.astype(int) - read.rank).max() <= 2  # ties aside


def test_a_target_missing_from_its_candidates_is_a_miss_or_is_put_in(
    split: Split, popularity: Recommender
) -> None:
    lists = _lists(split, with_target=False)
    absent = np.array([t not in row for t, row in zip(split.validation.targets, lists.lists, strict=True)])
    missed = _ask(popularity, select_cases(split, Protocol(), lists), Protocol())
    assert (missed.rank[absent] == MISS).all()
    assert absent.any()
    inserting = Protocol(missing_target="insert")
    assert (_ask(popularity, select_cases(split, inserting, lists), inserting).rank <= 6).all()


def test_a_candidate_scorer_is_asked_for_the_candidates_only(split: Split, catalog: Catalog) -> None:
    class Direct:
        name = "direct"

        def __init__(self) -> None:
            self.catalog = catalog

        def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
            raise AssertionError("candidates were given")

        def candidate_log_probabilities(
            self, histories: Sequence[History], candidates: IntArray
        ) -> FloatArray:
            weights = np.where(candidates >= 0, candidates + 1.0, 0.0)
            with np.errstate(divide="ignore"):
                log_p: FloatArray = np.log(weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
            return log_p

    cases = select_cases(split, Protocol(), _lists(split))
    answers = _ask(Direct(), cases, Protocol())
    assert cases.candidates is not None
    np.testing.assert_array_equal(
        answers.rank, 1 + (cases.candidates > cases.held_out.targets[:, None]).sum(axis=1)
    )


def test_time_is_the_batch_over_its_size(split: Split, popularity: Recommender) -> None:
    ticks = iter(range(1000))
    cases = select_cases(split, Protocol())
    parts = list(answer(popularity, cases, Protocol(batch_size=10), clock=lambda: float(next(ticks))))
    np.testing.assert_allclose(np.concatenate([part.seconds for part in parts]), 0.1, rtol=1e-6)
