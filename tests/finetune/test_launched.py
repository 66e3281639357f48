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
from support.taught import config, write_data
from support.tiny import ChoiceWorld, GenreTask, brief, save_tiny

from nextinterest.agent.artifact import RECOMMENDER
from nextinterest.artifact_files import read_artifact
from nextinterest.data import load
from nextinterest.finetune import finetune
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.loop import Trained, train
from nextinterest.finetune.multi_task import MultiTask
from nextinterest.finetune.processes import is_main_process


def teach_both(directory: Path) -> None:
    """Run the one function with all its steps; what is launched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nextinterest.retrieval.encoder_assets.open_encoder", lambda *_: WordEncoder())
        tasks = ["rank", "generate", "rerank"]
        finetune(
            load(str(directory / "data")),
            directory / "recommender",
            language_model=str(directory / "base"),
            tasks=tasks,
            config=config(tasks, "tasks.training.accumulation=2"),
        )


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
    launched(kind, tmp_path / "two")
    run(kind, tmp_path / "one")
    one, two = (load_file(tmp_path / name / "final.safetensors") for name in ("one", "two"))
    assert one.keys() == two.keys()
    np.testing.assert_allclose(two["losses"], one["losses"], rtol=1e-5)
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.slow
def test_the_first_of_two_processes_writes_the_recommender(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    save_tiny(tmp_path / "base", "causal")
    launched("teach", tmp_path)
    saved = read_artifact(tmp_path / "recommender", RECOMMENDER)
    assert saved.content.tuned is not None
    assert list(saved.content.tuned.tasks) == ["generate", "rerank"]
    assert saved.folder("tasks").is_dir()  # every file as the manifest says
    # Nothing of a second writer: no other versions of a file, no half-written ones.
    names = {
        str(path.relative_to(tmp_path / "recommender")) for path in (tmp_path / "recommender").rglob("*")
    }
    kept = {*saved.names(), "manifest.json", "tasks", "adapter"}
    assert {name for name in names if name not in kept} == set()


def launched(kind: str, directory: Path) -> None:
    """Run this file in two processes."""
    here = Path(__file__)
    environment = os.environ | {
        "ACCELERATE_USE_CPU": "true",
        "PYTHONPATH": f"{here.parent}:{here.parent.parent}",
    }
    launch = "accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no"
    command = [sys.executable, "-m", *launch.split(), "--dynamo_backend", "no", "--main_process_port", "0"]
    done = subprocess.run(
        [*command, str(here), kind, str(directory)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("process of 2") == 2


if __name__ == "__main__":
    if sys.argv[1] == "teach":
        teach_both(Path(sys.argv[2]))
    else:
        run(sys.argv[1], Path(sys.argv[2]))
    print(f"a process of {os.environ['WORLD_SIZE']}")  # noqa: T201
