"""Runs: written once, resumed, refused where they asked something else, computed from again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nextinterest.data import EventLog, Split, leave_last_out, leave_one_out
from nextinterest.domain import Catalog, FloatArray, History, Rankings, Recommender
from nextinterest.errors import DataError, IntegrityError
from nextinterest.eval import Method, Protocol, Run, evaluate, evaluation, hold_out_cold, metrics
from nextinterest.eval.breakdowns import breakdown, groupings
from nextinterest.eval.comparisons import compare_methods, compare_runs
from nextinterest.eval.run_manifests import Asked
from nextinterest.eval.scores import score
from nextinterest.eval.set_numbers import calibration_curve

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def run(
    tmp_path: Path, split: Split, users: pl.DataFrame, popularity: Recommender, backwards: Recommender
) -> Run:
    return evaluate(
        [popularity, backwards], split, out=tmp_path / "run", users=users, data="small", now=lambda: NOW
    )


def test_a_run_holds_every_answer_and_where_it_came_from(run: Run, split: Split, catalog: Catalog) -> None:
    assert list(run.records()) == ["popularity", "backwards"]
    frame = run.answers("popularity")
    assert frame.columns[:4] == ["case", "user_id", "target_id", "rank"]
    assert frame["target_id"].to_list() == [catalog.ids[t] for t in split.validation.targets]
    written = json.loads((run.path / "manifest.json").read_text())
    assert (written["kind"], written["made_from"]["data"]) == ("run", "small")
    assert list(written["files"]) == ["cases.parquet", "items.parquet"]
    manifest = written["content"]
    assert manifest["protocol"]["part"] == "validation"
    assert manifest["split"] == "leave-one-out"
    assert manifest["created"] == "2026-01-02T00:00:00Z"
    assert len(manifest["code"]["sources_sha256"]) == 64
    assert manifest["machine"]["cores"]
    assert run.records()["popularity"].provenance == {"chosen": {"weights": "given"}}
    assert run.records()["popularity"].scored == "all items"
    assert not list(run.path.rglob("*.tmp"))
    assert not (run.path / "unfinished").exists()


def test_numbers_are_those_of_the_ranks(run: Run) -> None:
    table = score(run, ["ndcg@10", "hr@5", "logloss", "coverage@10"])
    ranks = run.answers("popularity")["rank"].to_numpy()
    number = table.number("popularity", "ndcg@10")
    assert number.value == pytest.approx(metrics.ndcg(ranks, 10).mean(), abs=1e-6)
    assert number.low < number.value < number.high
    assert table.number("popularity", "hr@5").value == pytest.approx((ranks <= 5).mean(), abs=1e-6)
    assert table.ranking("ndcg@10") == ["popularity", "backwards"]
    assert table.ranking("logloss") == ["popularity", "backwards"]
    lists = run.answers("popularity")["items"].to_numpy()[:, :10]
    expected = metrics.coverage(metrics.exposure(lists, 40))
    assert table.number("popularity", "coverage@10").value == pytest.approx(expected)


def test_a_clear_difference_is_significant_and_a_method_equals_itself(
    run: Run, split: Split, popularity: Recommender, tmp_path: Path
) -> None:
    (one,) = compare_methods(score(run, ["ndcg@10"]))
    assert (one.first, one.second) == ("popularity", "backwards")
    assert one.p_holm < 0.01
    assert one.low > 0
    assert one.n_users == run.manifest.n_users
    twins = evaluate({"a": popularity, "b": popularity}, split, out=tmp_path / "twins")
    (same,) = compare_methods(score(twins, ["ndcg@10"]))
    assert same.difference == 0
    assert same.p_value == 1.0


def test_what_a_run_holds_is_not_asked_again(
    run: Run, split: Split, make_scorer: Callable[..., Recommender]
) -> None:
    def build() -> Recommender:
        raise AssertionError("it is there already")

    before = (run.path / "methods" / "popularity" / "answers.parquet").read_bytes()
    third = make_scorer(np.ones(40), "uniform")
    catalog = third.catalog
    again = evaluate([Method("popularity", build), third], split, out=run.path, catalog=catalog)
    assert set(again.records()) == {"popularity", "backwards", "uniform"}
    assert (run.path / "methods" / "popularity" / "answers.parquet").read_bytes() == before


def test_an_interrupted_method_resumes_behind_its_last_part(
    tmp_path: Path,
    split: Split,
    popularity: Recommender,
    make_lists: Callable[..., Recommender],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluation, "_FLUSH_SECONDS", -1.0)
    asked: list[str | None] = []
    stop_at: list[str | None] = ["u30"]

    def interrupted(histories: Sequence[History], k: int, exclude_seen: bool) -> Rankings:
        if histories[0].user == stop_at[0]:
            raise KeyboardInterrupt
        asked.extend(history.user for history in histories)
        return popularity.recommend(histories, k, exclude_seen)

    protocol = Protocol(batch_size=10)
    lists = make_lists(interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluate([lists], split, out=tmp_path / "run", protocol=protocol)
    assert not Run(tmp_path / "run").records()
    stop_at[0] = None
    parts = tmp_path / "run" / "unfinished" / "lists"
    assert len(list(parts.glob("*.parquet"))) > 1
    shutil.copytree(tmp_path / "run", tmp_path / "damaged")
    resumed = evaluate([lists], split, out=tmp_path / "run", protocol=protocol)
    assert len(asked) == len(set(asked)) == resumed.manifest.n_cases
    (tmp_path / "damaged" / "unfinished" / "lists" / "0000000010.parquet").write_bytes(b"PAR1")
    repaired = evaluate([lists], split, out=tmp_path / "damaged", protocol=protocol)
    assert repaired.answers("lists").drop("seconds").equals(resumed.answers("lists").drop("seconds"))
    whole = evaluate([lists], split, out=tmp_path / "whole", protocol=protocol)
    assert resumed.answers("lists").drop("seconds").equals(whole.answers("lists").drop("seconds"))


def test_a_folder_with_another_evaluation_is_refused(run: Run, split: Split, popularity: Recommender) -> None:
    with pytest.raises(IntegrityError, match="differs in protocol, cases"):
        evaluate([popularity], split, out=run.path, protocol=Protocol(part="test"))
    with pytest.raises(IntegrityError, match="training events, split"):
        evaluate([popularity], hold_out_cold(split, items=0.3), out=run.path)
    with pytest.raises(IntegrityError, match="built with"):
        evaluate(
            [Method("popularity", lambda: popularity, arguments={"x": 1})],
            split,
            out=run.path,
            catalog=popularity.catalog,
        )


def test_two_methods_of_one_name_and_a_foreign_catalogue_are_refused(
    split: Split, popularity: Recommender, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="Two methods"):
        evaluate([popularity, popularity], split)
    other = Catalog([f"x{i}" for i in range(40)], ["t"] * 40)
    with pytest.raises(DataError, match="another catalogue"):
        evaluate([popularity], split, catalog=other, out=tmp_path / "other")


def test_flawed_answers_are_misses_and_counted(
    tmp_path: Path, split: Split, popularity: Recommender, make_lists: Callable[..., Recommender]
) -> None:
    def flawed(histories: Sequence[History], k: int, exclude_seen: bool) -> Rankings:
        found = popularity.recommend(histories, k, exclude_seen)
        items, probabilities = found.items.copy(), found.probabilities.copy()
        for row, history in enumerate(histories):
            kind = int((history.user or "u0")[1:]) % 6
            if kind == 1:
                items[row, 0] = 77_777
            elif kind == 2:
                items[row, 1] = items[row, 0]
            elif kind == 3:
                items[row, 3:] = -1
            elif kind == 4:
                probabilities[row, 2] = np.nan
            elif kind == 5 and len(histories) > 1:
                raise RuntimeError("in a batch")
            elif kind == 5:
                raise RuntimeError("alone")
        return Rankings(items, probabilities)

    run = evaluate({"sound": popularity, "flawed": make_lists(flawed)}, split, out=tmp_path / "run")
    record = run.records()["flawed"]
    by_kind = {kind: record.flaws[kind] for kind in ("invalid", "duplicate", "short", "nan", "failed")}
    assert by_kind["invalid"] == by_kind["duplicate"] == by_kind["nan"] == by_kind["failed"] == 10
    assert by_kind["short"] >= 10
    assert record.flawed_misses == 50
    assert set(record.failures) == {"RuntimeError: in a batch", "RuntimeError: alone"}
    answers = run.answers("flawed")
    assert len(answers) == len(run.answers("sound")) == len(split.validation)
    assert (answers.filter(pl.col("flaws") > 0)["rank"] == metrics.MISS).all()
    table = score(run, ["hr@20"])
    assert table.n_users == len(split.validation)


def test_every_user_counts_the_same_however_many_events(
    tmp_path: Path, log: EventLog, popularity: Recommender
) -> None:
    run = evaluate(
        [popularity], leave_last_out(log, 3, 1), out=tmp_path / "r", protocol=Protocol(part="test")
    )
    ranks = run.answers("popularity")["rank"].to_numpy()
    users = run.cases["user"].to_numpy()
    value = metrics.ndcg(ranks, 10)
    expected = np.mean([value[users == u].mean() for u in np.unique(users)])
    table = score(run, ["ndcg@10"])
    assert table.n_users == run.manifest.n_users < len(ranks)
    assert table.number("popularity", "ndcg@10").value == pytest.approx(expected, abs=1e-6)


def test_seeds_are_averaged_and_their_spread_kept(
    tmp_path: Path, split: Split, make_scorer: Callable[..., Recommender]
) -> None:
    def trained(seed: int) -> Method:
        weights = np.random.default_rng(seed).random(40) + 1 / np.arange(1, 41)
        return Method("trained", lambda: make_scorer(weights), seed)

    methods = [trained(seed) for seed in (0, 1, 2)]
    catalog = make_scorer(np.ones(40)).catalog
    run = evaluate(methods, split, out=tmp_path / "run", catalog=catalog)
    assert set(run.records()) == {"trained.seed0", "trained.seed1", "trained.seed2"}
    table = score(run, ["ndcg@10", "gini@10"])
    each = [metrics.ndcg(run.answers(key)["rank"].to_numpy(), 10).mean() for key in run.records()]
    spread = table.spreads["trained", "ndcg@10"]
    assert table.methods == ("trained",)
    assert spread.n == 3
    assert spread.mean == pytest.approx(np.mean(each), abs=1e-6)
    assert spread.deviation == pytest.approx(np.std(each, ddof=1), abs=1e-6)
    assert table.number("trained", "ndcg@10").value == pytest.approx(spread.mean, abs=1e-6)
    assert table.spreads["trained", "gini@10"].n == 3


def test_two_runs_are_compared_on_the_cases_they_share(
    tmp_path: Path, split: Split, popularity: Recommender, backwards: Recommender
) -> None:
    every = evaluate([popularity], split, out=tmp_path / "first")
    some = evaluate([backwards], split, out=tmp_path / "second", protocol=Protocol(sample=25, seed=4))
    table = compare_runs(every, some)
    assert table.methods == ("first/popularity", "second/backwards")
    assert table.n_users == 25
    alone = score(some, ["ndcg@10"]).number("backwards", "ndcg@10").value
    assert table.number("second/backwards", "ndcg@10").value == pytest.approx(alone, abs=1e-6)
    ranks = every.answers("popularity")["rank"].to_numpy()[some.cases["user"].to_numpy()]
    assert table.number("first/popularity", "ndcg@10").value == pytest.approx(
        metrics.ndcg(ranks, 10).mean(), abs=1e-6
    )
    other = evaluate([popularity], split, out=tmp_path / "third", protocol=Protocol(part="test"))
    with pytest.raises(DataError, match="one protocol"):
        compare_runs(every, other)


def test_breakdowns_partition_the_cases(run: Run) -> None:
    found = {one.name: one for one in groupings(run)}
    assert {"history_length", "target_popularity", "activity", "user.age", "user.gender"} <= set(found)
    assert "user.zip_code" not in found
    for grouping in found.values():
        numbers = breakdown(run, grouping, "hr@10", ["popularity"], n_resamples=200)
        assert sum(one.n_cases for one in numbers) == int((grouping.codes >= 0).sum())
        weighted = sum(one.number.value * one.n_cases for one in numbers) / run.manifest.n_cases
        whole = score(run, ["hr@10"]).number("popularity", "hr@10").value
        assert weighted == pytest.approx(whole, abs=1e-6)
    assert found["user.gender"].labels == ("F", "M")
    assert found["user.age"].labels[0] == "under 18"


def test_cold_items_and_users_are_groups_of_their_own(
    tmp_path: Path, split: Split, make_scorer: Callable[..., Recommender]
) -> None:
    cold = hold_out_cold(split, items=0.3, users=0.3, seed=1)
    counts = cold.train.item_counts(40).astype(np.float32) + 1e-6
    run = evaluate([make_scorer(counts)], cold, out=tmp_path / "run")
    found = {one.name: one for one in groupings(run)}
    numbers = {one.group: one for one in breakdown(run, found["cold_item"], "hr@10")}
    assert numbers["cold item"].number.value < numbers["warm item"].number.value
    assert numbers["cold item"].n_cases > 5
    assert found["cold_user"].labels == ("warm user", "cold user")


def test_targets_already_seen_are_misses_where_masked_and_marked(tmp_path: Path, catalog: Catalog) -> None:
    class Last:
        name = "last"

        def __init__(self) -> None:
            self.catalog = catalog

        def recommend(self, histories: Sequence[History], k: int = 10, exclude_seen: bool = True) -> Rankings:
            raise AssertionError("scores are asked for")

        def log_probabilities(self, histories: Sequence[History]) -> FloatArray:
            p = np.full((len(histories), 40), 0.01, dtype=np.float32)
            p[np.arange(len(histories)), [history.items[-1] for history in histories]] = 0.61
            return np.log(p)

    repeating = EventLog(("a", "b"), np.array([0, 4, 8]), np.array([1, 2, 2, 2, 3, 4, 5, 6], dtype=np.int32))
    split = leave_one_out(repeating)
    masked = evaluate([Last()], split, out=tmp_path / "masked")
    kept = evaluate([Last()], split, out=tmp_path / "kept", protocol=Protocol(exclude_seen=False))
    assert masked.cases["target_seen"].to_list() == [True, False]
    assert masked.answers("last")["rank"][0] == metrics.MISS
    assert kept.answers("last")["rank"][0] == 1


def test_calibration_curve_counts_every_place(run: Run) -> None:
    bins = calibration_curve(run, "popularity", 10)
    ranks = run.answers("popularity")["rank"].to_numpy()
    assert bins.count.sum() == 10 * run.manifest.n_cases
    assert bins.outcome.sum() == (ranks <= 10).sum()


def test_a_damaged_or_missing_run_says_so(run: Run, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no run"):
        Run(tmp_path / "nothing")
    with pytest.raises(DataError, match="has no method 'x'"):
        run.answers("x")
    with pytest.raises(DataError, match="no metric 'accuracy@10'"):
        score(run, ["accuracy@10"])
    with pytest.raises(DataError, match="kept 20"):
        score(run, ["coverage@30"])
    file = run.path / "methods" / "popularity" / "answers.parquet"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(IntegrityError, match=r"answers\.parquet has SHA-256"):
        run.answers("popularity")
    (run.path / "items.parquet").unlink()
    with pytest.raises(IntegrityError, match=r"items\.parquet is missing"):
        _ = Run(run.path).items


def test_a_method_of_another_run_says_so(
    run: Run, split: Split, popularity: Recommender, tmp_path: Path
) -> None:
    few = evaluate([popularity], split, out=tmp_path / "few", protocol=Protocol(sample=3))
    shutil.rmtree(run.path / "methods" / "popularity")
    shutil.copytree(few.path / "methods" / "popularity", run.path / "methods" / "popularity")
    with pytest.raises(IntegrityError, match="3 answers to"):
        run.answers("popularity")


@pytest.mark.parametrize(
    "damaged",
    [
        "methods/popularity/answers.parquet",
        "methods/popularity/manifest.json",
        "cases.parquet",
        "items.parquet",
    ],
)
@pytest.mark.parametrize("missing", [True, False])
def test_evaluating_again_repairs_what_was_damaged(
    run: Run,
    split: Split,
    users: pl.DataFrame,
    popularity: Recommender,
    backwards: Recommender,
    damaged: str,
    missing: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = run.answers("popularity").drop("seconds"), run.cases, run.items
    (run.path / damaged).unlink() if missing else (run.path / damaged).write_bytes(b"{")
    again = evaluate([popularity, backwards], split, out=run.path, users=users)
    after = again.answers("popularity").drop("seconds"), again.cases, again.items
    assert all(one.equals(other) for one, other in zip(before, after, strict=True))
    assert ("again" in caplog.text) == (not damaged.endswith("json") or not missing)


def test_a_run_of_an_earlier_version_is_refused_by_name(
    run: Run, split: Split, popularity: Recommender, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    (old / "methods").mkdir(parents=True)
    asked = json.loads((run.path / "manifest.json").read_text())["content"]
    (old / "manifest.json").write_text(json.dumps({"format": 1} | asked))
    (old / "cases.parquet").write_bytes(b"PAR1")
    held = sorted(old.rglob("*"))
    uses: list[Callable[[], Run]] = [lambda: Run(old), lambda: evaluate([popularity], split, out=old)]
    for use in uses:
        with pytest.raises(IntegrityError, match=r"nextinterest 0\.1") as caught:
            use()
        assert caught.value.remedy == "Evaluate anew into another folder."
        assert caught.value.command == "Evaluate anew with --out and another folder."
    assert sorted(old.rglob("*")) == held
    assert list(evaluate([popularity], split, out=tmp_path / "another").records()) == ["popularity"]


def test_manifest_survives_the_file(run: Run) -> None:
    again = Run(run.path).manifest
    assert isinstance(again, Asked)
    assert again == run.manifest
    assert again.identity == run.manifest.identity
