"""The language model in the recipe, tiny and random: trained, blended, saved, loaded, and refused."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import JsonValue
from support.saved_llama import save_tiny_llama
from support.saved_retriever import change as change_content
from support.saved_retriever import load_trained, save

from nextinterest.artifact_files import MANIFEST
from nextinterest.data import Dataset, EventLog, leave_last_out
from nextinterest.data.report import CleaningReport
from nextinterest.domain import Catalog
from nextinterest.errors import DataError, IntegrityError, ModelError
from nextinterest.finetune.config import FinetuneConfig
from nextinterest.finetune.recipe import learn_parts, train_retriever
from nextinterest.llm import LocalModel
from nextinterest.llm.adapters import WEIGHTS_FILE
from nextinterest.retrieval import Encoder
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.item_text import catalog_texts
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig
from nextinterest.retrieval.trained import TrainedRetriever


def config(base: Path, **language: object) -> FinetuneConfig:
    training = {"epochs": 4, "batch_size": 16, "warmup_steps": 5, "learning_rate": 0.01, "validate_every": 2}
    return FinetuneConfig.model_validate(
        {
            "split": {"n_test": 1, "n_validation": 1},
            "encoder": {"dimension": 16, "blocks": 1, "window": 6, "dropout": 0.1},
            "training": training,
            "ease": None,
            "lift": None,
            "language": {
                "model": str(base),
                "max_events": 6,
                "drop_stride": 2,
                "budget": 400,
                "read": [1, 2],
                "hidden": 24,
                "lora": {"rank": 2},
                "frozen_layers": 1,
                "cached": True,
                "vector_rate": 0.1,
                "training": training,
                **language,
            },
        }
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def dataset(catalog: Catalog, log: EventLog) -> Dataset:
    counts = {name: 0 for name, field in CleaningReport.model_fields.items() if field.annotation is int}
    return Dataset("walks", catalog, log, None, CleaningReport(files=(), **counts))


@pytest.fixture(scope="module")
def trained_once(
    dataset: Dataset, words: Encoder, base: Path, tmp_path_factory: pytest.TempPathFactory
) -> TrainedRetriever:
    return train_retriever(dataset, words, config(base), tmp_path_factory.mktemp("work")).retriever


@pytest.fixture
def trained(trained_once: TrainedRetriever) -> TrainedRetriever:
    """Return a copy, since tests change it."""
    return deepcopy(trained_once)


def part_of(retriever: TrainedRetriever) -> ItemSoftmax:
    (found,) = (part for part in retriever.pool.parts if isinstance(part, ItemSoftmax))
    return found


def with_weight(retriever: TrainedRetriever) -> TrainedRetriever:
    """Give the language model a say, whatever the fit found on forty items and a random model."""
    retriever.pool.weights[ItemSoftmax.name] = 0.5
    return retriever


def test_it_learns_and_what_it_adds_is_told_with_its_error(trained: TrainedRetriever) -> None:
    measures = trained.provenance.validation
    assert measures["item_softmax"]["ndcg@10"] > 1.3 * measures["popularity"]["ndcg@10"]
    assert set(measures["language_adds"]) == {"ndcg@10", "ndcg@10_se", "log_loss", "log_loss_se"}
    assert measures["language_adds"]["log_loss_se"] > 0
    assert 0.2 < measures["calibration"]["temperature"] < 5
    assert measures["blend"]["log_loss"] <= measures["without_language"]["log_loss"] + 1e-3


def test_scores_known_from_training_are_those_of_the_part(
    dataset: Dataset, words: Encoder, base: Path, tmp_path: Path
) -> None:
    split = leave_last_out(dataset.log, 1, 1)
    text = words.encode(catalog_texts(dataset.catalog))
    parts, runs, known = learn_parts(
        dataset.catalog, split.train, split.validation, text, config(base), tmp_path
    )
    assert set(runs) == {"sequence", "item_softmax"}
    again = parts[-1].scores(split.validation.histories[:])
    assert np.allclose(known["item_softmax"], again, atol=2e-3)


def test_only_the_layers_that_are_read_are_run(trained: TrainedRetriever) -> None:
    part = part_of(trained)
    assert part.origin is not None
    assert part.origin.n_layers == 2
    assert part.layers == (1, 2)


def test_saved_and_loaded_it_ranks_the_same_with_one_pass_a_history(
    trained: TrainedRetriever, words: Encoder, log: EventLog, tmp_path: Path
) -> None:
    save(with_weight(trained), tmp_path / "saved")
    loaded = load_trained(tmp_path / "saved", words)
    histories = [log.history(user) for user in range(8)]
    assert np.allclose(loaded.log_probabilities(histories), trained.log_probabilities(histories), atol=5e-3)
    part = part_of(loaded)
    part.tokens_read = 0
    loaded.recommend(histories[:1])
    assert part.tokens_read == len(part._renderer.history(histories[0]).tokens)
    loaded.without_language().recommend(histories)
    assert part.tokens_read == len(part._renderer.history(histories[0]).tokens)
    again = tmp_path / "again"
    save(loaded, again)
    assert (again / "adapter" / WEIGHTS_FILE).read_bytes() == (
        tmp_path / "saved" / "adapter" / WEIGHTS_FILE
    ).read_bytes()


def test_no_adapter_trains_the_head_alone(
    dataset: Dataset, words: Encoder, base: Path, tmp_path: Path
) -> None:
    trained = train_retriever(dataset, words, config(base, lora=None), tmp_path / "work").retriever
    save(with_weight(trained), tmp_path / "saved")
    assert not (tmp_path / "saved" / "adapter").exists()
    histories = [dataset.log.history(user) for user in range(4)]
    loaded = load_trained(tmp_path / "saved", words)
    assert np.allclose(loaded.log_probabilities(histories), trained.log_probabilities(histories), atol=5e-3)


def test_adapters_go_on_from_a_head_that_learned_alone(
    dataset: Dataset, words: Encoder, base: Path, tmp_path: Path
) -> None:
    first = {"training": config(base).training.model_dump() | {"epochs": 8}}
    still = {"epochs": 1, "batch_size": 16, "warmup_steps": 0, "learning_rate": 1e-9}
    options = config(base, head_first=first, training=still)
    done = train_retriever(dataset, words, options, tmp_path / "work")
    alone, both = done.runs["item_softmax, head alone"], done.runs["item_softmax"]
    assert both.metrics["log_loss"] == pytest.approx(alone.metrics["log_loss"], abs=2e-3)
    unlearned = config(base, training=still)
    cold = train_retriever(dataset, words, unlearned, tmp_path / "cold").runs["item_softmax"]
    assert cold.metrics["log_loss"] > both.metrics["log_loss"] + 0.05


def test_as_a_gpu_recipe_does_it_all_layers_and_whole_histories(
    dataset: Dataset, words: Encoder, base: Path, tmp_path: Path
) -> None:
    options = config(
        base,
        frozen_layers=0,
        cached=False,
        windows="all",
        checkpointing=True,
        read=[-1],
        start_from_encoder=False,
    )
    trained = train_retriever(dataset, words, options, tmp_path / "work").retriever
    part = part_of(trained)
    assert part.layers == (3,)
    assert part.origin is not None
    assert part.origin.n_layers is None
    assert not (tmp_path / "work" / "item_softmax" / "frozen").exists()
    measures = trained.provenance.validation
    assert measures["item_softmax"]["ndcg@10"] > 1.3 * measures["popularity"]["ndcg@10"]


def test_a_part_that_weighs_nothing_is_not_saved(
    trained: TrainedRetriever, words: Encoder, tmp_path: Path
) -> None:
    trained.pool.weights[ItemSoftmax.name] = 0.0
    save(trained, tmp_path / "saved")
    assert not (tmp_path / "saved" / "adapter").exists()
    names = {part.name for part in load_trained(tmp_path / "saved", words).pool.parts}
    assert names == {part.name for part in trained.pool.parts if trained.pool.weighs(part.name)}
    assert ItemSoftmax.name not in names


def change(directory: Path, name: str, value: JsonValue) -> None:
    content = json.loads((directory / MANIFEST).read_text())["content"]
    names = [part["name"] for part in content["learned"]["parts"]]
    where = ("learned", "parts", names.index(ItemSoftmax.name), "settings", name)
    change_content(directory, *where, value=value)


def test_another_version_of_the_template_is_refused(
    trained: TrainedRetriever, words: Encoder, tmp_path: Path
) -> None:
    save(with_weight(trained), tmp_path)
    change(tmp_path, "template_hash", "0" * 64)
    with pytest.raises(IntegrityError, match="template 'item-softmax'"):
        load_trained(tmp_path, words)


def test_another_base_model_is_refused(trained: TrainedRetriever, words: Encoder, tmp_path: Path) -> None:
    save(with_weight(trained), tmp_path / "saved")
    other = save_tiny_llama(tmp_path / "other", shift=0.1)
    change(tmp_path / "saved", "base", str(other))
    with pytest.raises(IntegrityError, match="trained on the language model"):
        load_trained(tmp_path / "saved", words)


def test_a_changed_adapter_is_refused(trained: TrainedRetriever, words: Encoder, tmp_path: Path) -> None:
    save(with_weight(trained), tmp_path)
    file = tmp_path / "adapter" / WEIGHTS_FILE
    file.write_bytes(file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 1]))
    with pytest.raises(IntegrityError, match=WEIGHTS_FILE):
        load_trained(tmp_path, words)


def test_another_catalogue_is_refused(trained: TrainedRetriever, words: Encoder, tmp_path: Path) -> None:
    save(with_weight(trained), tmp_path)
    change_content(tmp_path, "catalog", value="0" * 64)
    with pytest.raises(IntegrityError, match="do not belong together"):
        load_trained(tmp_path, words)


def test_the_adapter_names_the_base_model_and_no_folder_of_this_machine(
    trained: TrainedRetriever, base: Path, tmp_path: Path
) -> None:
    save(with_weight(trained), tmp_path)
    written = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert written["base_model_name_or_path"] == str(base)


def test_frozen_layers_that_are_not_kept_are_refused(
    dataset: Dataset, words: Encoder, base: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="cached"):
        train_retriever(dataset, words, config(base, lora=None, cached=False), tmp_path)


def test_more_layers_than_the_model_has_are_refused(
    dataset: Dataset, words: Encoder, base: Path, tmp_path: Path
) -> None:
    with pytest.raises((ModelError, ValueError), match="Layer 9"):
        train_retriever(dataset, words, config(base, read=[9]), tmp_path)


def test_random_weights_are_drawn_again_on_loading_and_are_not_the_published_ones(
    dataset: Dataset, words: Encoder, base: Path, tmp_path: Path
) -> None:
    options = config(base, initialise="random", lora=None)
    made = with_weight(train_retriever(dataset, words, options, tmp_path / "work").retriever)
    assert part_of(made).model.fingerprint != LocalModel.load(base, n_layers=2).fingerprint
    save(made, tmp_path / "saved")
    again = load_trained(tmp_path / "saved", words)
    history = dataset.log.history(0)
    assert np.allclose(part_of(again).scores([history]), part_of(made).scores([history]), atol=1e-4)

    manifest = json.loads((tmp_path / "saved" / MANIFEST).read_text())
    (settings,) = (
        part["settings"]
        for part in manifest["content"]["learned"]["parts"]
        if part["name"] == ItemSoftmax.name
    )
    assert settings["random_seed"] == 0
    change(tmp_path / "saved", "random_seed", 1)
    with pytest.raises(IntegrityError, match="fingerprint"):
        load_trained(tmp_path / "saved", words)


def test_random_weights_are_not_quantised(
    dataset: Dataset, words: Encoder, base: Path, tmp_path: Path
) -> None:
    options = config(base, initialise="random", lora={"quantised": True})
    with pytest.raises(DataError, match="not quantised"):
        train_retriever(dataset, words, options, tmp_path / "work")


def test_without_text_items_nobody_chose_are_all_alike(dataset: Dataset, words: Encoder) -> None:
    text = words.encode(catalog_texts(dataset.catalog))
    shape = SequenceEncoderConfig(dimension=16, text=False)
    encoder = SequenceEncoder(shape, text)
    assert torch.equal(encoder.item_vectors(), encoder.residual)
    head = ItemHead(ItemHeadConfig(state_size=4, dimension=16), text)
    head.start_from(encoder)
    assert torch.equal(head.item_vectors(), encoder.residual)
