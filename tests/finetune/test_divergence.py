"""Training that diverges or finds the disk full ends at once, with one error, and leaves nothing broken."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from support.full_disk import full_disk
from support.tiny import tiny_llama

from nextinterest.data import EventLog, leave_last_out
from nextinterest.errors import DataError, ModelError, StorageError
from nextinterest.finetune.adapters import add_lora, save_adapter
from nextinterest.finetune.checkpoint import Progress
from nextinterest.finetune.encoder_task import EncoderTask
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.loop import train
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.finetune.windows import Window
from nextinterest.llm.adapters import check_adapter
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig

SHAPE = SequenceEncoderConfig(dimension=8, blocks=1, heads=2, window=6, dropout=0.2)
TEXT = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)


def task(log: EventLog, kind: type[EncoderTask] = EncoderTask) -> EncoderTask:
    torch.manual_seed(3)
    split = leave_last_out(log, 1, 1)
    return kind(SequenceEncoder(SHAPE, TEXT), split.train, split.validation, batch_size=8)


def options(**changes: float) -> TrainingConfig:
    base = {"epochs": 3, "accumulation": 2, "warmup_steps": 3, "validate_every": 1, "patience": 5}
    return TrainingConfig.model_validate(base | {"save_every": 2} | changes)


def weights(of: EncoderTask) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in of.objective.named_parameters()}


def finite_checkpoints(directory: Path) -> int:
    from safetensors.torch import load_file

    files = list(directory.glob("*.safetensors"))
    for path in files:
        assert all(bool(t.isfinite().all()) for t in load_file(str(path)).values()), path.name
    return len(files)


def test_a_run_that_diverges_ends_at_once_and_keeps_what_was_before(log: EventLog, tmp_path: Path) -> None:
    wild = options(learning_rate=1e30, warmup_steps=0, save_every=1, epochs=6)
    with pytest.raises(
        ModelError, match=r"not finite at step \d+ \(epoch 1\), at a learning rate of "
    ) as caught:
        train(task(log), wild, tmp_path)
    assert "training.learning_rate" in caught.value.remedy
    assert "--no-resume" in caught.value.command
    finite_checkpoints(tmp_path)
    lines = [
        json.loads(line, parse_constant=pytest.fail)
        for line in (tmp_path / "log.jsonl").read_text().splitlines()
    ]
    assert len(lines) < 10
    found = train(task(log), options(), tmp_path, resume=False)  # the remedy
    assert np.isfinite(found.losses).all()


def test_a_loss_that_becomes_nan_later_leaves_the_best_before(log: EventLog, tmp_path: Path) -> None:
    class Poisoned(EncoderTask):
        epochs = 0

        def batches(self, rng: np.random.Generator) -> list[list[Window]]:
            self.epochs += 1
            if self.epochs == 3:
                with torch.no_grad():
                    next(iter(self.objective.parameters())).fill_(float("nan"))
            return super().batches(rng)

    with pytest.raises(ModelError, match=r"the loss is not finite at step \d+ \(epoch 3\)"):
        train(task(log, Poisoned), options(epochs=6, save_every=0), tmp_path)
    assert finite_checkpoints(tmp_path) == 2
    last = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert last["loss"] is None


def test_measures_that_are_no_numbers_are_never_the_best(log: EventLog, tmp_path: Path) -> None:
    class Blind(EncoderTask):
        def validate(self) -> dict[str, float]:
            return super().validate() | {"log_loss": float("nan")}

    with pytest.raises(DataError, match="without a validation whose measures are numbers"):
        train(task(log, Blind), options(), tmp_path)
    assert not list(tmp_path.glob("best*"))
    for line in (tmp_path / "log.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_a_full_disk_ends_a_run_that_goes_on_when_there_is_room(log: EventLog, tmp_path: Path) -> None:
    whole = task(log)
    expected = train(whole, options(), tmp_path / "whole")

    def fill(progress: Progress, numbers: dict[str, float]) -> None:
        if progress.step == 3 and "loss" in numbers:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))

    parts = tmp_path / "parts"
    with full_disk(1 << 30), pytest.raises(StorageError, match=f"{parts}.*could not be written"):
        train(task(log), options(), parts, report=fill)
    resumed = task(log)
    found = train(resumed, options(), parts)
    assert found.losses == expected.losses
    for name, value in weights(resumed).items():
        assert torch.equal(value, weights(whole)[name]), name


def test_a_folder_that_cannot_be_made_is_named(log: EventLog, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file/work could not be written"):
        train(task(log), options(), tmp_path / "file" / "work")


@pytest.mark.parametrize("room", [0, 300, 2000])
def test_an_adapter_that_does_not_fit_the_disk_is_not_left_in_half(tmp_path: Path, room: int) -> None:
    model = add_lora(tiny_llama(), LoraOptions(rank=2, targets=("q_proj",)))
    with pytest.raises(StorageError, match=f"{tmp_path}.*could not be written") as caught, full_disk(room):
        save_adapter(model, tmp_path / "adapter", "base")
    assert caught.value.remedy.startswith("Free some space")
    assert not (tmp_path / "adapter" / "adapter_model.safetensors").exists()
    save_adapter(model, tmp_path / "adapter", "base")  # the remedy
    check_adapter(tmp_path / "adapter")


def test_an_adapter_where_nothing_can_be_written_advises_another_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    model = add_lora(tiny_llama(), LoraOptions(rank=2, targets=("q_proj",)))
    with pytest.raises(StorageError, match="could not be written: Not a directory") as caught:
        save_adapter(model, tmp_path / "file" / "adapter", "base")
    assert caught.value.remedy == "Choose a folder that can be written to."
    save_adapter(model, tmp_path / "adapter", "base")  # the remedy
