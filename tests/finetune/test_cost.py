"""Tokens, time, memory and operations of a training run, counted once however it is cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
import torch
from support.films import WordEncoder
from support.tiny import ChoiceWorld, GenreTask, brief

from nextinterest.data import EventLog, leave_last_out
from nextinterest.finetune import cost as costing
from nextinterest.finetune.checkpoint import Progress
from nextinterest.finetune.cost import Arithmetic, Cost, described, matrix_peak
from nextinterest.finetune.encoder_task import EncoderTask
from nextinterest.finetune.loop import train
from nextinterest.finetune.multi_task import MultiTask
from nextinterest.llm.tuning import Tuning
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig

LAYER = 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48  # query and output, key and value, three of the MLP


def world(**options: object) -> ChoiceWorld:
    return ChoiceWorld(WordEncoder(), **options)  # type: ignore[arg-type]


def learning(of: ChoiceWorld) -> int:
    return sum(p.numel() for p in of.task.objective.parameters() if p.requires_grad)


def ticking() -> Callable[[], float]:
    """A clock that goes on by a second whenever it is looked at."""
    ticks = count()
    return lambda: float(next(ticks))


def logged(directory: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (directory / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "seconds" in line]


def test_operations_follow_from_the_weights_that_run_and_learn() -> None:
    made = world()  # three layers, adapters in the upper two
    adapters = learning(made)
    found = Arithmetic.of(made.task.objective)
    backward = 2 * (2 * LAYER + adapters) + 2 * adapters
    assert found.whole == 2 * (3 * LAYER + adapters) + backward
    assert found.above == 2 * (2 * LAYER + adapters) + backward
    assert found.dtype == "float32"
    assert Arithmetic.of(made.task.objective, "bf16").dtype == "bfloat16"
    several = MultiTask().add("choice", made.task).add("genre", GenreTask(made), 0.5)
    assert Arithmetic.of(several.objective) == found
    assert Arithmetic.of(torch.nn.Linear(3, 3)).whole == 0.0


def test_a_run_counts_every_token_and_logs_its_speed(tmp_path: Path) -> None:
    made = world()
    done = train(made.task, brief(), tmp_path, clock=ticking())
    tokens = 2 * sum(made.task._lengths)
    assert done.cost.tokens == tokens
    assert done.cost.places == 2 * len(made.task.examples)
    assert done.cost.flops == tokens * Arithmetic.of(made.task.objective).whole
    assert done.cost.steps == done.cost.step_seconds == done.steps
    first, last = logged(tmp_path)
    assert last["tokens_per_second"] == pytest.approx(tokens / done.steps)
    assert 0 < first["seconds"] < last["seconds"] == done.cost.seconds
    assert last["peak_bytes"] == done.cost.peak_bytes > 50 << 20  # torch alone takes more
    assert (first["epoch"], last["epoch"]) == (1, 2)


def test_kept_layers_are_not_counted(tmp_path: Path) -> None:
    made = world(orders=1, cache=tmp_path / "kept")
    done = train(made.task, brief(epochs=1), tmp_path)
    assert done.cost.flops == sum(made.task._lengths) * Arithmetic.of(made.task.objective).above


class StoppedError(Exception):
    """Stands for the signal."""


def test_steps_taken_twice_count_once(tmp_path: Path) -> None:
    options = brief(save_every=2)
    whole = train(world().task, options, tmp_path / "whole", clock=ticking())

    def stop(progress: Progress, numbers: dict[str, float]) -> None:
        if "loss" in numbers and progress.step == 5:  # the checkpoint is of step 4
            raise StoppedError

    with pytest.raises(StoppedError):
        train(world().task, options, tmp_path / "parts", report=stop, clock=ticking())
    parts = train(world().task, options, tmp_path / "parts", clock=ticking())
    assert parts.losses == whole.losses
    for name in ("steps", "step_seconds", "tokens", "places", "flops"):
        assert getattr(parts.cost, name) == getattr(whole.cost, name), name
    again = train(world().task, options, tmp_path / "parts", clock=ticking())
    assert again.cost == parts.cost, "a finished run costs nothing more"


def test_without_a_decoder_places_are_counted(log: EventLog, tmp_path: Path) -> None:
    split = leave_last_out(log, 1, 1)
    text = torch.eye(40)[:, :8].numpy()
    encoder = SequenceEncoder(SequenceEncoderConfig(dimension=8, blocks=1, heads=2, window=6), text)
    task = EncoderTask(encoder, split.train, split.validation, batch_size=16)
    done = train(task, brief(epochs=1), tmp_path)
    assert done.cost.unit == "places"
    assert done.cost.places > 80
    assert done.cost.tokens == done.cost.flops == 0.0
    assert logged(tmp_path)[-1]["places_per_second"] == pytest.approx(done.cost.per_second)
    assert "places a second" in described(done.cost, done.steps)
    assert "peak" not in described(done.cost, done.steps)


SOME = Cost(
    steps=100,
    seconds=120.0,
    step_seconds=100.0,
    tokens=50_000.0,
    places=400.0,
    flops=2e12,
    peak_bytes=3 << 29,
    threads=2,
)


def test_a_run_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, int]] = []

    def peak(device: str, dtype: str, threads: int) -> float:
        asked.append((device, dtype, threads))
        return 8e10

    monkeypatch.setattr(costing, "matrix_peak", peak)
    assert described(SOME, 100) == (
        "100 steps in 2.0 minutes, validation included; 500 tokens a second in steps; 1.50 GiB of memory at "
        "most; 25 % of the matrix peak (80 GFLOP/s, float32, 2 threads)"
    )
    assert asked == [("cpu", "float32", 2)]
    assert "130 steps (100 of them measured)" in described(SOME, 130)
    assert described(Cost(), 7) == "7 steps, whose cost was not measured"
    monkeypatch.setattr(costing, "matrix_peak", lambda device, dtype, threads: None)
    assert "20 GFLOP/s of matrix products in float32, whose peak is not known" in described(SOME, 100)


def test_the_peak_is_that_of_precision_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Tuning(machine="m", dtype="float32", threads=2, gflops={"float32 x 2": 80.0})
    fresh = Tuning(machine="m", dtype="float32", threads=1, gflops={"float32 x 1": 41.0})
    monkeypatch.setattr(costing, "tuned", lambda: known)
    monkeypatch.setattr(costing, "measure", lambda: fresh)
    assert matrix_peak("cpu", "float32", 2) == 8e10
    assert matrix_peak("cpu", "float32", 1) == 4.1e10
    assert matrix_peak("cpu", "bfloat16", 2) is None
