"""Options are read from files and changed one by one, checked, and refused by name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from nextinterest.errors import DataError, ModelError
from nextinterest.finetune.backbone import open_backbone
from nextinterest.finetune.config import read_config, tasks_of
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.processes import is_main_process, use_own_gpu
from nextinterest.finetune.reading import read_options
from nextinterest.finetune.task_config import TasksConfig
from nextinterest.finetune.training_config import TrainingConfig


def test_options_are_changed_one_by_one_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "tasks.yaml"
    file.write_text("rerank:\n  n_candidates: 10\ntraining:\n  epochs: 7\n")
    config = read_options(TasksConfig, file, ["lora.rank=2", "training.seed=4"])
    assert config.rerank is not None
    assert (config.rerank.n_candidates, config.training.epochs, config.training.seed) == (10, 7, 4)
    assert config.training.batch_size == TasksConfig().training.batch_size
    assert config.lora == LoraOptions(rank=2)
    with pytest.raises(DataError, match=r"no option \'training\.epoch\'\. Nearest: training\.epochs\."):
        read_options(TasksConfig, file, ["training.epoch=3"])
    with pytest.raises(DataError, match="n_candidates"):
        read_options(TasksConfig, None, ["rerank.n_candidates=40"])
    with pytest.raises(DataError, match="field=value"):
        read_options(TasksConfig, None, ["epochs"])
    file.write_text("- a list")
    with pytest.raises(DataError, match="no fields"):
        read_options(TasksConfig, file)


def test_qlora_elsewhere_than_on_cuda_is_refused_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    config = read_options(TasksConfig, None, ["lora.quantised=true"])
    with pytest.raises(ModelError, match=r"CUDA only\. Set lora\.quantised to false"):
        open_backbone(tmp_path / "nothing here", config)


def test_each_process_takes_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr("torch.cuda.set_device", taken.append)
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    use_own_gpu()
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    use_own_gpu()
    monkeypatch.delenv("LOCAL_RANK")
    use_own_gpu()
    assert taken == [3]


def test_of_several_processes_the_first_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    assert is_main_process()
    monkeypatch.setenv("RANK", "1")
    assert not is_main_process()


@pytest.mark.parametrize(
    ("change", "nearest"),
    [
        ("training.epoch=3", "training.epochs"),
        ("trainig.epochs=3", "training.epochs"),
        ("epochs=3", "training.epochs"),
        ("lora.rang=4", "lora.rank"),
        ("rerank.example=5", "rerank.examples"),
    ],
)
def test_an_unknown_option_is_named_with_the_nearest(change: str, nearest: str) -> None:
    with pytest.raises(DataError) as refused:
        read_options(TasksConfig, None, [change])
    assert refused.value.message == f"There is no option {change.partition('=')[0]!r}."
    assert refused.value.remedy.startswith(f"Nearest: {nearest}.")
    assert "Sections: lora, generate, rerank, understand, training" in refused.value.remedy
    assert "frozen_layers" in refused.value.remedy
    assert read_options(TasksConfig, None, [f"{nearest}={change.partition('=')[2]}"])  # the remedy


def test_a_refused_option_of_a_file_is_named_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tasks.yaml"
    file.write_text("trainig: {epochs: 3}\nrerank: {n_candidates: 40}\n")
    with pytest.raises(DataError) as refused:
        read_options(TasksConfig, file, ["zzz=3"])
    assert f"There is no option 'trainig' in {file}." in refused.value.message
    assert f"The option 'rerank.n_candidates' in {file} is not valid" in refused.value.message
    assert "There is no option 'zzz'." in refused.value.message
    assert "Nearest: training." in refused.value.remedy


def test_a_section_takes_no_value() -> None:
    with pytest.raises(DataError, match="'training' is a section") as refused:
        read_options(TasksConfig, None, ["training=3"])
    assert "training.epochs" in refused.value.remedy


def test_the_shipped_recipe_of_tasks_is_valid_and_says_how_it_is_run() -> None:
    file = Path(str(files("nextinterest.finetune"))) / "configs" / "ml-100k-smollm2-tasks.yaml"
    found = read_config(file)
    assert tasks_of(found) == ("generate", "rerank")
    first = file.read_text().splitlines()[0]
    assert first.startswith("# Run: nextinterest finetune ")
    assert f"configs/{file.name} " in first


def test_a_configuration_that_cannot_be_read_is_named_in_whole_sentences(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nix\.yaml is not there\. Check the path"):
        read_options(TrainingConfig, tmp_path / "nix.yaml")
    with pytest.raises(DataError, match=r"is a folder, no file\. "):
        read_options(TrainingConfig, tmp_path)
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(DataError, match=r"(?s)cannot be read: .*\. Give a YAML file\."):
        read_options(TrainingConfig, tmp_path / "bad.yaml")
