"""Choosing on validation: the measures, the temperature and the search."""

from __future__ import annotations

import time

import numpy as np
import pytest

from nextinterest.data.splits import HeldOut, Split
from nextinterest.domain import Catalog, FloatArray
from nextinterest.eval.baselines import Baseline, BaselineConfig, ItemKNN, ItemKNNConfig, Popularity
from nextinterest.eval.baselines.columns import HistoryColumns
from nextinterest.eval.baselines.selection import fit_temperature, measure, search
from nextinterest.retrieval.ranks import tie_order


def _fixed(rows: FloatArray, held_out: HeldOut) -> object:
    """Return a scorer that gives these rows, one per case, in order."""
    position = 0

    def scorer(columns: HistoryColumns) -> FloatArray:
        nonlocal position
        start, position = position, (position + len(columns)) % len(held_out)
        return rows[start : start + len(columns)].copy()

    return scorer


def test_measure_against_loops(split: Split, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nextinterest.eval.baselines.selection._CELLS", 7 * len(catalog))
    held_out, n = split.validation, len(catalog)
    rows = np.random.default_rng(0).integers(0, 6, size=(len(held_out), n)).astype(np.float32)
    ties = tie_order(n)
    gains, hits, losses = [], [], []
    for r in range(len(held_out)):
        target, seen = int(held_out.targets[r]), set(held_out.histories[r].items.tolist())
        order = sorted((i for i in range(n) if i not in seen), key=lambda i: (-rows[r, i], ties[i]))
        rank = order.index(target) + 1
        hits.append(rank <= 10)
        gains.append(1 / np.log2(1 + rank) if rank <= 10 else 0.0)
        open_scores = rows[r, order].astype(float)
        losses.append(np.log(np.exp(open_scores).sum()) - rows[r, target])
    found = measure(_fixed(rows, held_out), held_out, n)  # type: ignore[arg-type]
    assert found.ndcg == pytest.approx(np.mean(gains))
    assert found.hit_rate == pytest.approx(np.mean(hits))
    assert found.log_loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert found.cases == len(held_out)


def test_a_target_seen_before_is_a_miss(split: Split, catalog: Catalog) -> None:
    held_out = split.validation
    first = np.array([h.items[0] for h in held_out.histories], dtype=np.int32)
    repeated = HeldOut(held_out.histories, first, held_out.users)
    rows = np.zeros((len(first), len(catalog)), dtype=np.float32)
    rows[np.arange(len(first)), first] = 9.0
    found = measure(_fixed(rows, repeated), repeated, len(catalog))  # type: ignore[arg-type]
    assert (found.ndcg, found.hit_rate) == (0.0, 0.0)
    assert np.isnan(found.log_loss)


@pytest.mark.parametrize("true_temperature", [0.02, 0.7, 30.0])
def test_temperature_is_recovered(split: Split, catalog: Catalog, true_temperature: float) -> None:
    """Targets drawn from softmax(scores / T) give T back, up to the noise of the draw."""
    rng, held_out, n = np.random.default_rng(3), split.validation, len(catalog)
    many = held_out.take(rng.integers(0, len(held_out), size=4_000))
    rows = (rng.normal(size=(len(many), n)) * true_temperature).astype(np.float32)
    targets = np.empty(len(many), dtype=np.int32)
    for r, history in enumerate(many.histories):
        p = np.exp(rows[r].astype(float) / true_temperature)
        p[history.items] = 0.0
        targets[r] = rng.choice(n, p=p / p.sum())
    cases = HeldOut(many.histories, targets, many.users)
    found = fit_temperature(_fixed(rows, cases), cases, n)  # type: ignore[arg-type]
    assert found == pytest.approx(true_temperature, rel=0.1)


def test_temperature_of_scores_that_say_nothing(split: Split, catalog: Catalog) -> None:
    held_out, n = split.validation, len(catalog)
    flat = np.zeros((len(held_out), n), dtype=np.float32)
    assert fit_temperature(_fixed(flat, held_out), held_out, n) == 1.0  # type: ignore[arg-type]
    misleading = np.zeros_like(flat)
    misleading[np.arange(len(flat)), held_out.targets] = -1.0
    assert fit_temperature(_fixed(misleading, held_out), held_out, n) > 50  # type: ignore[arg-type]


def test_search_finds_the_best_of_each_field(split: Split, catalog: Catalog) -> None:
    fits: list[BaselineConfig] = []

    def fit(config: BaselineConfig) -> Baseline[BaselineConfig]:
        assert isinstance(config, ItemKNNConfig)
        fits.append(config)
        return ItemKNN.fit(split.train, catalog, config)  # type: ignore[return-value]

    model, trials = search(ItemKNN, ItemKNNConfig(), fit, split.validation, len(catalog))  # type: ignore[arg-type]
    best = max(trial.quality.ndcg for trial in trials)
    assert measure(model.scores, split.validation, len(catalog)).ndcg == best
    assert len({str(trial.values) for trial in trials}) == len(trials)
    # Half-lives matter at prediction time only, so trials of them share fits.
    assert len(fits) < len(trials)


def test_search_stops_at_its_deadline(split: Split, catalog: Catalog) -> None:
    def fit(config: BaselineConfig) -> Baseline[BaselineConfig]:
        return Popularity.fit(split.train, catalog)  # type: ignore[return-value]

    start = Popularity.fit(split.train, catalog).config
    _, trials = search(
        Popularity,  # type: ignore[arg-type]
        start,
        fit,
        split.validation,
        len(catalog),
        deadline=time.monotonic() - 1.0,
    )
    assert len(trials) == 1
