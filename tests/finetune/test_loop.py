"""The loop: interrupted runs end where uninterrupted ones do, two processes learn what one does."""

from __future__ import annotations

import importlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nextinterest.data import EventLog, leave_last_out
from nextinterest.errors import DataError, IntegrityError, MissingExtraError, ModelError
from nextinterest.finetune.checkpoint import Progress
from nextinterest.finetune.encoder_task import EncoderTask
from nextinterest.finetune.loop import Trained, learning_rate, train
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig

SHAPE = SequenceEncoderConfig(dimension=8, blocks=1, heads=2, window=6, dropout=0.2)
TEXT = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)


class KilledError(Exception):
    """Stands for a signal."""


def task(log: EventLog) -> EncoderTask:
    torch.manual_seed(3)
    split = leave_last_out(log, 1, 1)
    return EncoderTask(SequenceEncoder(SHAPE, TEXT), split.train, split.validation, batch_size=8)


def options(**changes: object) -> TrainingConfig:
    base = TrainingConfig(
        epochs=3, accumulation=2, warmup_steps=3, validate_every=1, patience=5, save_every=2
    )
    return TrainingConfig.model_validate(base.model_dump() | changes)


def weights(of: EncoderTask) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in of.objective.named_parameters()}


@pytest.mark.parametrize("killed_at", [1, 4, 9])
def test_a_killed_run_resumes_to_the_same_losses_and_weights(
    log: EventLog, tmp_path: Path, killed_at: int
) -> None:
    whole = task(log)
    expected = train(whole, options(), tmp_path / "whole")

    def kill(progress: Progress, numbers: dict[str, float]) -> None:
        if progress.step == killed_at and "loss" in numbers:
            raise KilledError

    with pytest.raises(KilledError):
        train(task(log), options(), tmp_path / "parts", report=kill)
    resumed = task(log)
    found = train(resumed, options(), tmp_path / "parts")
    assert found.losses == expected.losses
    assert found.metrics == expected.metrics
    for name, value in weights(resumed).items():
        assert torch.equal(value, weights(whole)[name]), name
    lines = (tmp_path / "parts" / "log.jsonl").read_text().splitlines()
    steps = [json.loads(line)["step"] for line in lines if "loss" in json.loads(line)]
    assert steps == list(range(1, expected.steps + 1))


def test_killed_in_a_validation_it_is_made_up_for(log: EventLog, tmp_path: Path) -> None:
    expected = train(task(log), options(save_every=1), tmp_path / "whole")

    def kill(progress: Progress, numbers: dict[str, float]) -> None:
        if "ndcg@10" in numbers and progress.epoch == 2:
            raise KilledError

    with pytest.raises(KilledError):
        train(task(log), options(save_every=1), tmp_path / "parts", report=kill)
    assert train(task(log), options(save_every=1), tmp_path / "parts").metrics == expected.metrics

    def validated(of: str) -> list[dict[str, float]]:
        lines = (tmp_path / of / "log.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines if "ndcg@10" in line]

    assert validated("parts") == validated("whole")


def test_the_best_weights_are_loaded_at_the_end(log: EventLog, tmp_path: Path) -> None:
    trained = task(log)
    done = train(trained, options(), tmp_path)
    trained.objective.eval()
    assert trained.validate()["ndcg@10"] == pytest.approx(done.metrics["ndcg@10"])
    assert done.losses[-1] < done.losses[0]


def test_training_stops_when_validation_gets_no_better(log: EventLog, tmp_path: Path) -> None:
    done = train(task(log), options(epochs=50, patience=1, learning_rate=1e-9), tmp_path)
    assert done.epoch == 1
    assert done.steps < 50 * 5


def test_a_checkpoint_of_another_configuration_is_refused(log: EventLog, tmp_path: Path) -> None:
    train(task(log), options(epochs=1), tmp_path)
    with pytest.raises(IntegrityError, match="another training configuration"):
        train(task(log), options(epochs=2), tmp_path)
    assert train(task(log), options(epochs=2), tmp_path, resume=False).steps > 0


def test_a_damaged_checkpoint_is_refused(log: EventLog, tmp_path: Path) -> None:
    train(task(log), options(epochs=1), tmp_path)
    file = next(tmp_path.glob("checkpoint*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(IntegrityError, match="SHA-256"):
        train(task(log), options(epochs=1), tmp_path)


def test_a_checkpoint_of_version_0_1_is_refused_and_the_remedy_works(log: EventLog, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json").write_text('{"format": "nextinterest-checkpoint-1"}')
    with pytest.raises(IntegrityError, match=r"nextinterest 0\.1 \(checkpoint\.json\).*resume=False"):
        train(task(log), options(epochs=1), tmp_path)
    assert train(task(log), options(epochs=1), tmp_path, resume=False).steps > 0
    assert train(task(log), options(epochs=1), tmp_path).steps > 0


def test_a_metric_nobody_measures_is_named(log: EventLog, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="recall@7"):
        train(task(log), options(metric="recall@7"), tmp_path)


def test_the_schedule_warms_up_and_comes_down() -> None:
    config = TrainingConfig(learning_rate=1.0, warmup_steps=10, final_rate=0.1)
    assert learning_rate(config, 0, 0.0) == pytest.approx(0.1)
    assert learning_rate(config, 50, 0.0) == pytest.approx(1.0)
    assert learning_rate(config, 500, 1.0) == pytest.approx(0.1)
    rates = [learning_rate(config, 50, done) for done in np.linspace(0, 1, 20)]
    assert rates == sorted(rates, reverse=True)


def test_tensorboard_gets_the_curve(log: EventLog, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    done = train(task(log), options(epochs=1, report_to=("tensorboard",)), tmp_path)
    events = next(tmp_path.rglob("events.out.tfevents.*"))

    accumulator = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")

    board = accumulator.EventAccumulator(str(events))
    board.Reload()
    assert [event.value for event in board.Scalars("loss")] == pytest.approx(done.losses, rel=1e-6)
    assert [event.step for event in board.Scalars("loss")] == list(range(1, done.steps + 1))
    assert board.Scalars("ndcg@10")[-1].value == pytest.approx(done.metrics["ndcg@10"], rel=1e-6)


def test_without_tensorboard_it_says_what_to_install(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nextinterest.finetune.loop.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"nextinterest\[train\]"):
        train(task(log), options(report_to=("tensorboard",)), tmp_path)


@pytest.mark.parametrize("kind", ["FSDP", "DEEPSPEED"])
def test_sharded_launches_are_refused(
    kind: str, log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accelerate import Accelerator, DistributedType

    launched = property(lambda self: DistributedType(kind))
    monkeypatch.setattr(Accelerator, "distributed_type", launched)
    with pytest.raises(ModelError, match=f"launched as {kind}.*--multi_gpu"):
        train(task(log), options(), tmp_path)


def test_accumulated_micro_batches_are_one_batch(log: EventLog, tmp_path: Path) -> None:
    still = SHAPE.model_copy(update={"dropout": 0.0})

    def of(batch_size: int) -> EncoderTask:
        torch.manual_seed(3)
        split = leave_last_out(log, 1, 1)
        return EncoderTask(
            SequenceEncoder(still, TEXT),
            split.train,
            split.validation,
            batch_size=batch_size,
            exchangeable_ties=False,
        )

    whole = train(of(16), options(accumulation=1, epochs=1), tmp_path / "whole")
    parts = train(of(4), options(accumulation=4, epochs=1), tmp_path / "parts")
    assert parts.steps == whole.steps
    assert parts.losses == pytest.approx(whole.losses, rel=1e-4)


def test_a_bar_knows_how_many_steps_an_epoch_has(log: EventLog, tmp_path: Path) -> None:
    seen: list[Progress] = []
    train(task(log), options(epochs=2), tmp_path, report=lambda progress, _: seen.append(progress))
    steps = [progress for progress in seen if progress.group]
    assert {progress.groups for progress in seen} == {seen[-1].step // 2}
    assert all(progress.group < progress.groups for progress in steps)


def run_alone(directory: str, log_file: str) -> None:
    """Train in a process of a group and write the losses; called by `test_two_processes_...`."""
    arrays = np.load(log_file)
    log = EventLog(tuple(arrays["users"]), arrays["offsets"], arrays["items"], arrays["times"])
    trained = task(log)
    done: Trained = train(trained, options(epochs=2, save_every=0), Path(directory))
    if int(os.environ.get("RANK", "0")) == 0:
        norm = float(sum(w.double().pow(2).sum() for w in weights(trained).values()))
        Path(directory, "done.json").write_text(json.dumps({"losses": done.losses, "norm": norm}))


def test_two_processes_learn_what_one_does(log: EventLog, tmp_path: Path) -> None:
    arrays = tmp_path / "log.npz"
    assert log.times is not None
    np.savez(arrays, users=np.array(log.user_ids), offsets=log.offsets, items=log.items, times=log.times)
    call = f"from test_loop import run_alone; run_alone({str(tmp_path / 'two')!r}, {str(arrays)!r})"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = os.environ | {
        "PYTHONPATH": str(Path(__file__).parent),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "ACCELERATE_USE_CPU": "true",
    }
    pair = [
        subprocess.Popen(
            [sys.executable, "-c", call],
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    for process in pair:
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors.decode()[-2000:]
    alone = task(log)
    expected = train(alone, options(epochs=2, save_every=0), tmp_path / "one")
    found = json.loads((tmp_path / "two" / "done.json").read_text())
    assert found["losses"] == pytest.approx(list(expected.losses), rel=1e-5)
    norm = float(sum(w.double().pow(2).sum() for w in weights(alone).values()))
    assert found["norm"] == pytest.approx(norm, rel=1e-5)
