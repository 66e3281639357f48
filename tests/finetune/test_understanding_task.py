"""Learning to read chat: what is learned from, what counts as exact, and that something is learned."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from support.tiny import films, save_tiny

from nextinterest.artifact_files import MadeFrom, read_artifact
from nextinterest.errors import DataError
from nextinterest.finetune.backbone import Backbone, open_backbone
from nextinterest.finetune.language_config import LoraOptions
from nextinterest.finetune.reading import read_options
from nextinterest.finetune.task_config import UnderstandingConfig
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.finetune.tune_understanding import tune_understanding, understanding_task
from nextinterest.finetune.understanding_task import UnderstandingTask, utterance_drawer
from nextinterest.finetune.utterances import patterns
from nextinterest.llm import LocalModel
from nextinterest.prompts.flat_request import request_prompt
from nextinterest.retrieval.tuned import UNDERSTANDING

TRAINING = TrainingConfig(
    epochs=2, batch_size=4, learning_rate=2e-2, warmup_steps=1, validate_every=1, metric="log_likelihood"
)


def config(base: Path, **changes: object) -> UnderstandingConfig:
    fields = {
        "model": str(base),
        "examples": 24,
        "validation_cases": 10,
        "lora": LoraOptions(rank=4, dropout=0.0),
        "frozen_layers": 1,
        "dtype": "float32",
        "training": TRAINING,
    }
    return UnderstandingConfig.model_validate(fields | changes)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return save_tiny(tmp_path / "base", "causal")


@pytest.fixture
def backbone(base: Path) -> Backbone:
    return open_backbone(base, config(base))


def test_every_epoch_draws_new_utterances_of_train_wordings(base: Path, backbone: Backbone) -> None:
    task = understanding_task(films(), backbone, config(base), base)
    first, again, second = (task.batches(np.random.default_rng((0, epoch))) for epoch in (0, 0, 1))
    assert first == again != second
    assert sum(map(len, first)) == 24
    assert {row.name.split("-")[0] for batch in first for row in batch} == {"train"}
    assert {row.name.split("-")[0] for row in task.validation} == {"validation"}
    fixed = {
        pattern.turns[0] for pattern in patterns() if pattern.split != "train" and "{" not in pattern.turns[0]
    }
    told = " ".join(backbone.tokenizer.decode(row.prompt) for batch in first for row in batch)
    assert not [turn for turn in fixed if f"U: {turn}<" in told]


def test_an_example_is_what_serving_reads_and_what_it_should_decode(base: Path, backbone: Backbone) -> None:
    draw = utterance_drawer(films(), backbone, config(base, invented=0.0))
    rows = draw("train", 40, np.random.default_rng(3))
    tokenizer = backbone.tokenizer
    for row in rows:
        assert row.answer[-1] == tokenizer.inner.eos_token_id
        request = json.loads(tokenizer.decode(row.answer[:-1]))
        told = tokenizer.decode(row.prompt)
        for name in ("liked", "disliked", "similar_to"):
            assert all(title in told for title in request.get(name, []))
    again = tokenizer.render(request_prompt([("user", "hello")], tokenizer.special_tokens))
    assert again.endswith("<|im_start|>assistant\n")


def test_exact_means_that_greedy_decoding_writes_the_answer(base: Path, backbone: Backbone) -> None:
    """An answer that the model itself writes is exact; one letter off is not."""
    task = understanding_task(films(), backbone, config(base), base)
    model = LocalModel(backbone.model, backbone.tokenizer.inner, lean=False)
    row = task.validation[0]
    state = model.open(row.prompt)
    written: list[int] = []
    for _ in range(6):
        written.append(int(model.head.logits(state.last()[None])[0].argmax()))
        state.extend([written[-1]], at=())
    own = type(row)("own", row.prompt, written)
    off = type(row)("off", row.prompt, [*written[:-1], (written[-1] + 1) % 250])
    both = UnderstandingTask(task.objective, task.draw, 4, [own, off], batch_size=2)
    measures = both.validate()
    assert measures["exact"] == 0.5
    assert measures["right_tokens"] == pytest.approx(11 / 12)


def test_it_learns_and_says_what_it_belongs_to(base: Path, backbone: Backbone, tmp_path: Path) -> None:
    tuned = tune_understanding(
        films(), backbone, config(base), tmp_path / "out", made_from=MadeFrom(data="films")
    )
    assert tuned.run.metrics["log_likelihood"] > tuned.untrained["log_likelihood"] + 0.3
    saved = read_artifact(tmp_path / "out", UNDERSTANDING)
    assert saved.content.template == "flat-request"
    assert saved.content.validation["understanding"] == tuned.run.metrics
    assert set(saved.names()) >= {"adapter/adapter_model.safetensors", "adapter/adapter_config.json"}
    assert saved.content.prompts is None
    written = json.loads((tmp_path / "out" / "adapter" / "adapter_config.json").read_text())
    assert written["base_model_name_or_path"] == str(base)
    trained = {name for name, p in tuned.task.objective.named_parameters() if p.requires_grad}
    assert trained
    assert all("lora_" in name and ".layers.0." not in name for name in trained)


def test_a_catalogue_that_fills_nothing_is_refused(base: Path, backbone: Backbone) -> None:
    task = understanding_task(films(), backbone, config(base), base)
    with pytest.raises(DataError, match="No wording of validation"):
        UnderstandingTask(task.objective, task.draw, 4, [], batch_size=2)


def test_the_shipped_recipe_is_valid_and_says_how_it_is_run() -> None:
    file = Path(str(files("nextinterest.finetune"))) / "configs" / "tasks" / "understanding.yaml"
    found = read_options(UnderstandingConfig, file, ["training.epochs=1"])
    assert found.training.metric == UnderstandingConfig().training.metric == "log_likelihood"
    assert found.training.epochs == 1
    first = file.read_text().splitlines()[0]
    assert first.startswith("# Run: nextinterest finetune-task understanding ")
    assert f"configs/tasks/{file.name} " in first
