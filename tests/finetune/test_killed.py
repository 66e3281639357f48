"""A process killed in the middle of training, however rudely, goes on to the same weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from support.films import WordEncoder
from support.tiny import ChoiceWorld, brief

from nextinterest.finetune.checkpoint import Progress
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.loop import Trained, train

OPTIONS = brief(epochs=3, save_every=2, accumulation=1, patience=9)


def run(directory: Path) -> Trained:
    """Train a choice with dropout, and keep the weights; called in processes of its own too."""
    task = world().task
    done = train(task, OPTIONS, directory)
    weights = {
        name: p.detach().numpy().copy() for name, p in task.objective.named_parameters() if p.requires_grad
    }
    save_file(weights, directory / "final.safetensors")
    return done


def logged(directory: Path) -> list[dict[str, float]]:
    path = directory / "log.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def kill_at(directory: Path, step: int) -> None:
    """Start training in a process and send it SIGKILL as soon as it has logged a step."""
    code = f"from pathlib import Path; from test_killed import run; run(Path({str(directory)!r}))"
    here = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{here}:{here.parent}"}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 200
    while process.poll() is None and time.monotonic() < until:
        if any(line["step"] >= step for line in logged(directory)):
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it had ended before it could be killed"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sigkill_at_a_random_step_changes_nothing(tmp_path: Path, seed: int) -> None:
    whole = run(tmp_path / "whole")
    steps = np.random.default_rng(seed).choice(np.arange(1, whole.steps), 2, replace=False)
    for step in sorted(steps.tolist()):
        kill_at(tmp_path / "parts", step)
    parts = run(tmp_path / "parts")
    assert parts.losses == whole.losses
    assert parts.metrics == whole.metrics
    expected = load_file(tmp_path / "whole" / "final.safetensors")
    found = load_file(tmp_path / "parts" / "final.safetensors")
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
    losses = [line["loss"] for line in logged(tmp_path / "parts") if "loss" in line]
    assert losses == list(whole.losses)


class StoppedError(Exception):
    """Stands for the signal, in this process."""


def world() -> ChoiceWorld:
    return ChoiceWorld(WordEncoder(), lora=LoraOptions(rank=4, dropout=0.2))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[ChoiceWorld, Trained]:
    whole = world()
    return whole, train(whole.task, OPTIONS, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("step", [1, 4, 7])
def test_stopped_in_this_process_it_goes_on_to_the_same_weights(
    tmp_path: Path, step: int, uninterrupted: tuple[ChoiceWorld, Trained]
) -> None:
    whole, expected = uninterrupted
    stopped, resumed = world(), world()

    def stop(progress: Progress, numbers: dict[str, float]) -> None:
        if "loss" in numbers and progress.step == step:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(stopped.task, OPTIONS, tmp_path, report=stop)
    found = train(resumed.task, OPTIONS, tmp_path)
    assert found.losses == expected.losses
    pairs = zip(whole.task.objective.parameters(), resumed.task.objective.parameters(), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())
