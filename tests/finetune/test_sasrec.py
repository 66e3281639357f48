"""SASRec by the shared loop: it learns, resumes exactly, stops by time, and refuses to diverge."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from nextinterest.data import EventLog, Split, leave_last_out
from nextinterest.domain import Catalog, History
from nextinterest.errors import ModelError
from nextinterest.eval.baselines import build, register, trained
from nextinterest.finetune import SASRecTrainer, sasrec
from nextinterest.finetune.loop import _validate
from nextinterest.finetune.sasrec import SASRecTraining

SMALL = {
    "dimension": 16,
    "window": 6,
    "dropout": 0.1,
    "batch_size": 16,
    "epochs": 12,
    "warmup_steps": 5,
    "averaging": 0.9,
}


@pytest.fixture
def split(log: EventLog) -> Split:
    return leave_last_out(log, 1, 1)


def _train(
    split: Split,
    n_items: int,
    directory: Path | None = None,
    *,
    seed: int = 0,
    max_seconds: float | None = None,
    **changes: float,
) -> SASRecTraining:
    return SASRecTrainer().train(
        split.train,
        split.validation,
        n_items,
        {**SMALL, **changes},
        seed=seed,
        directory=directory,
        max_seconds=max_seconds,
    )


def test_it_learns_what_follows_what(split: Split, catalog: Catalog) -> None:
    run = _train(split, len(catalog), epochs=24, learning_rate=1e-2, patience=24, seed=1)
    best = max(run.summary["curve"], key=lambda row: row[1])  # type: ignore[call-overload]
    assert best[3] < np.log(len(catalog)) - 0.5
    shuffled = np.random.default_rng(0).permutation(split.train.items).astype(np.int32)
    noise = EventLog(split.train.user_ids, split.train.offsets, shuffled, split.train.times)
    blind = SASRecTrainer().train(
        noise,
        split.validation,
        len(catalog),
        {**SMALL, "epochs": 24, "learning_rate": 1e-2, "patience": 24},
        seed=1,
        directory=None,
        max_seconds=None,
    )
    assert run.ndcg > blind.ndcg + 0.05


def test_only_the_newest_events_are_read_and_an_empty_history_is_answered(
    split: Split, catalog: Catalog
) -> None:
    model = _train(split, len(catalog), epochs=1).model
    tail = np.array([1, 2, 3, 4, 5, 6], dtype=np.int32)
    longer = History(np.concatenate([np.array([20, 21], dtype=np.int32), tail]))
    scores = model.scores([longer, History(tail), History(np.zeros(0, dtype=np.int32))])
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)
    assert np.isfinite(scores[2]).all()
    again = SASRecTrainer().restore(len(catalog), SMALL, model.arrays())
    np.testing.assert_allclose(again.scores([History(tail)])[0], scores[1], atol=1e-6)


def test_resumed_training_ends_at_the_same_weights(
    split: Split, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _train(split, len(catalog), seed=3)
    looks = 0

    def dies(*given: object) -> dict[str, float]:
        nonlocal looks
        looks += 1
        if looks == 4:
            raise KeyboardInterrupt
        return _validate(*given)  # type: ignore[arg-type]

    before = torch.get_rng_state()
    monkeypatch.setattr("nextinterest.finetune.loop._validate", dies)
    with pytest.raises(KeyboardInterrupt):
        _train(split, len(catalog), tmp_path / "run", seed=3)
    resumed = _train(split, len(catalog), tmp_path / "run", seed=3)
    assert torch.equal(before, torch.get_rng_state())
    assert resumed.summary["curve"] == whole.summary["curve"]
    for name, weight in whole.model.arrays().items():
        np.testing.assert_array_equal(resumed.model.arrays()[name], weight)
    other = _train(split, len(catalog), seed=4)
    assert not np.array_equal(other.model.arrays()["residual"], whole.model.arrays()["residual"])


def test_training_stops_when_validation_or_time_does(split: Split, catalog: Catalog) -> None:
    patient = _train(split, len(catalog), epochs=500, patience=2, learning_rate=1e-2).summary
    assert patient["stopped"] == "patience"
    assert patient["epoch"] == patient["best_epoch"] + 2 * sasrec.TRAINING.validate_every  # type: ignore[operator]
    halted = _train(split, len(catalog), max_seconds=0.0).summary
    assert (halted["stopped"], halted["epoch"]) == ("time", 1)


def test_a_run_that_diverges_ends_at_once(split: Split, catalog: Catalog) -> None:
    with pytest.raises(ModelError, match=r"not finite at step \d+ \(epoch 1\)") as caught:
        _train(split, len(catalog), learning_rate=1e30, warmup_steps=0, seed=1)
    assert "--methods" in caught.value.command
    assert "learning_rate" in caught.value.remedy


def test_checkpoints_that_cannot_be_kept_only_cost_time(
    split: Split, catalog: Catalog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "c").write_text("")
    run = _train(split, len(catalog), tmp_path / "c" / "d", epochs=2)
    assert run.summary["epoch"] == 2
    assert "Checkpoints of SASRec are not kept" in caplog.text


def test_built_by_name_when_it_is_registered(
    split: Split, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained, "_TRAINERS", {})
    quick = {**SMALL, "epochs": 4}
    register("sasrec", lambda: SASRecTrainer((quick, {**quick, "dropout": 0.5})))
    model = build("sasrec", split, catalog, cache_dir=tmp_path)
    provenance = json.loads(json.dumps(model.provenance, allow_nan=False))
    assert max(one["ndcg@10"] for one in provenance["tried"]) == pytest.approx(
        provenance["validation"]["ndcg@10"], abs=1e-5
    )
    (folder,) = (tmp_path / "baselines").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "state.npz"]
    again = build("sasrec", split, catalog, cache_dir=tmp_path)
    np.testing.assert_array_equal(
        again.log_probabilities(split.test.histories), model.log_probabilities(split.test.histories)
    )
