"""`accelerate launch` with two CPU processes: the curve and the weights of one process.

Without MPI, `accelerate launch --cpu` starts a single process whatever --num_processes says; the launcher for
several devices starts as many as it is told, on CPUs where ACCELERATE_USE_CPU says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from support.films import WordEncoder
from support.tiny import ChoiceWorld, GenreTask, brief

from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.loop import Trained, train
from nextinterest.finetune.multi_task import MultiTask
from nextinterest.finetune.processes import is_main_process


def run(kind: str, directory: Path) -> Trained:
    """Train with dropout and keep losses and weights; what is launched, and what it is compared with."""
    world = ChoiceWorld(WordEncoder(), n_examples=20, lora=LoraOptions(rank=4, dropout=0.2))
    task = MultiTask().add("choice", world.task)
    if kind == "multi":
        task.add("genre", GenreTask(world), 0.5)
    # Seven micro-batches, or three, in steps of two: the last step has one, and a process idles.
    done = train(task, brief(accumulation=2), directory)
    if is_main_process():
        weights = {n: p.detach().numpy() for n, p in task.objective.named_parameters() if p.requires_grad}
        save_file(weights | {"losses": np.array(done.losses)}, directory / "final.safetensors")
    return done


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["choice", "multi"])
def test_two_launched_processes_learn_what_one_does(kind: str, tmp_path: Path) -> None:
    here = Path(__file__)
    environment = os.environ | {
        "ACCELERATE_USE_CPU": "true",
        "PYTHONPATH": f"{here.parent}:{here.parent.parent}",
    }
    launch = "accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no"
    command = [sys.executable, "-m", *launch.split(), "--dynamo_backend", "no", "--main_process_port", "0"]
    done = subprocess.run(
        [*command, str(here), kind, str(tmp_path / "two")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("process of 2") == 2
    run(kind, tmp_path / "one")
    one, two = (load_file(tmp_path / name / "final.safetensors") for name in ("one", "two"))
    assert one.keys() == two.keys()
    np.testing.assert_allclose(two["losses"], one["losses"], rtol=1e-5)
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
    print(f"a process of {os.environ['WORLD_SIZE']}")  # noqa: T201
