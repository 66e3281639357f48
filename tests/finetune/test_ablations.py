"""The ablation benchmark: rows are what they are called, scores stand in the order of the cases."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nextinterest.data import EventLog, leave_last_out
from nextinterest.domain import Catalog
from nextinterest.retrieval.pool import PopularityPart

BENCH = Path(__file__).parents[2] / "bench" / "ablations.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ablations", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ablations"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def scored(bench: ModuleType, seed: int, *names: str, without_text: bool = False) -> object:
    rng = np.random.default_rng(seed)
    scores = {
        which: {name: rng.normal(size=(6, 4)).astype(np.float32) for name in names}
        for which in ("validation", "test")
    }
    return bench.Scored(scores, without_text)


def test_each_row_has_the_parts_it_is_called_by(bench: ModuleType) -> None:
    whole = scored(bench, 0, "sequence", "sequence-2", "ease", "item_softmax")
    other = scored(bench, 1, "sequence", "ease", "item_softmax")
    textless = scored(bench, 2, "sequence", "ease", without_text=True)
    rows = bench.rows_of({"full": whole, "other": other, "ids": textless}, ["validation", "test"])
    parts = {name: sorted(row["test"]) for name, row in rows.items()}
    everything = ["ease", "item_softmax", "sequence", "sequence-2"]
    assert parts["full blend"] == everything
    assert parts["without the language part"] == ["ease", "sequence", "sequence-2"]
    assert parts["language item softmax alone"] == ["item_softmax"]
    assert parts["sequence encoder alone"] == ["sequence", "sequence-2"]
    assert parts["without the sequence encoder"] == ["ease", "item_softmax"]
    assert parts["other: its language part in the blend"] == everything
    assert parts["ids: encoder without text alone"] == ["sequence"]
    assert parts["ids: its encoder without text in the blend"] == ["ease", "item_softmax", "sequence"]
    lent = rows["other: its language part in the blend"]["test"]
    assert lent["item_softmax"] is other.scores["test"]["item_softmax"]  # type: ignore[attr-defined]
    assert lent["ease"] is whole.scores["test"]["ease"]  # type: ignore[attr-defined]


def test_an_encoder_that_is_the_first_ones_is_not_told_twice(bench: ModuleType) -> None:
    whole = scored(bench, 0, "sequence", "ease", "item_softmax")
    same = bench.Scored({which: dict(parts) for which, parts in whole.scores.items()})  # type: ignore[attr-defined]
    rows = bench.rows_of({"full": whole, "same": same}, ["validation"])
    assert not [name for name in rows if name.startswith("same") and "encoder" in name]


def test_cases_are_scored_in_their_own_order(bench: ModuleType, catalog: Catalog, log: EventLog) -> None:
    split = leave_last_out(log, 2, 1)
    cases = {
        "validation": bench._cases(split.validation, len(catalog), 0),
        "test": bench._cases(split.test, len(catalog), 0),
    }

    class Lengths(PopularityPart):
        """Scores the item whose position is the history's length."""

        def scores(self, histories):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            return np.eye(len(catalog), dtype=np.float32)[[len(h) for h in histories]]

    found = bench.score_together(Lengths(np.ones(len(catalog), dtype=np.float32)), cases)
    for name, these in cases.items():
        lengths = [len(these.held_out.histories[i]) for i in range(len(these.held_out))]
        assert found[name].argmax(axis=1).tolist() == lengths


def test_a_better_row_is_told_with_its_interval_and_p(
    bench: ModuleType, catalog: Catalog, log: EventLog
) -> None:
    cases = bench._cases(leave_last_out(log, 2, 1).test, len(catalog), 0)
    right = np.zeros((len(cases.held_out), len(catalog)), dtype=np.float32)
    right[np.arange(len(right)), cases.held_out.targets] = 5.0
    rows = {"nothing": (np.zeros_like(right), "none"), "right": (right, "one")}
    lines = bench.table(rows, cases)
    cells = [cell.strip() for cell in lines[-1].split("|")][1:-1]
    possible = ~cases.seen[np.arange(len(right)), cases.held_out.targets]
    assert cells[0] == "right"
    assert float(cells[1]) == pytest.approx(possible.mean(), abs=1e-4)
    assert float(cells[8]) < 0.001
    assert float(cells[6]) > 0.5
