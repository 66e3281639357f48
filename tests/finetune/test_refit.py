"""The refit on all events, by the epochs and weights of the run before; stopped, it goes on to the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from support.saved_llama import save_tiny_llama
from support.saved_retriever import load_trained, save

from nextinterest.data import Dataset, EventLog, leave_last_out
from nextinterest.data.report import CleaningReport
from nextinterest.domain import Catalog
from nextinterest.errors import DataError
from nextinterest.finetune.config import FinetuneConfig
from nextinterest.finetune.encoder_task import EncoderTask
from nextinterest.finetune.loop import train
from nextinterest.finetune.recipe import Finetuned, train_retriever
from nextinterest.finetune.refit import refit
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.retrieval import Encoder
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.pool import PopularityPart
from nextinterest.retrieval.sequence_encoder import SequenceEncoder, SequenceEncoderConfig
from nextinterest.retrieval.sequence_source import SequenceSource

TRAINING = {"epochs": 6, "batch_size": 16, "warmup_steps": 5, "learning_rate": 0.01, "validate_every": 1}
CONFIG = FinetuneConfig.model_validate(
    {
        "encoder": {"dimension": 16, "blocks": 1, "window": 6, "dropout": 0.1},
        "training": {**TRAINING, "patience": 2, "save_every": 2},
        "seeds": (0, 1),
        "ease": {"ridge": 5.0},
        "lift": {"prior": 10.0},
    }
)


@pytest.fixture
def dataset(catalog: Catalog, log: EventLog) -> Dataset:
    counts = {name: 0 for name, field in CleaningReport.model_fields.items() if field.annotation is int}
    return Dataset("walks", catalog, log, None, CleaningReport(files=(), **counts))


def weights(done: Finetuned) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for part in done.retriever.pool.parts:
        module = (
            part.encoder if isinstance(part, SequenceSource) else getattr(part, "head", torch.nn.Module())
        )
        found |= {f"{part.name}/{key}": t.numpy().copy() for key, t in module.state_dict().items()}
    return found


def test_it_learns_from_all_events_by_what_the_split_gave(
    dataset: Dataset, words: Encoder, tmp_path: Path
) -> None:
    first = train_retriever(dataset, words, CONFIG, tmp_path)
    again = refit(first, dataset, words, CONFIG, tmp_path)
    assert {name: run.epoch for name, run in again.runs.items()} == {
        name: run.epoch for name, run in first.runs.items()
    }
    assert again.retriever.pool.weights == first.retriever.pool.weights
    learned = again.retriever.provenance
    assert (learned.refitted, learned.n_events) == (True, dataset.log.n_events)
    assert learned.validation == first.retriever.provenance.validation
    (popularity,) = (part for part in again.retriever.pool.parts if isinstance(part, PopularityPart))
    np.testing.assert_array_equal(popularity.counts, dataset.log.item_counts(len(dataset.catalog)))
    assert any((weights(first)[name] != tensor).any() for name, tensor in weights(again).items())
    save(again.retriever, tmp_path / "saved")
    loaded = load_trained(tmp_path / "saved", words)
    assert loaded.provenance == learned
    history = dataset.log.history(0)
    np.testing.assert_allclose(
        loaded.log_probabilities([history]), again.retriever.log_probabilities([history]), atol=1e-5
    )


class _Stopped(Exception):  # noqa: N818 - a stand-in for a killed process
    pass


@pytest.mark.parametrize("after", [1, 9, 23])
def test_a_refit_that_is_stopped_goes_on_to_the_same_weights(
    dataset: Dataset, words: Encoder, tmp_path: Path, after: int
) -> None:
    first = train_retriever(dataset, words, CONFIG, tmp_path / "one")
    whole = refit(first, dataset, words, CONFIG, tmp_path / "one")
    calls = 0

    def stop(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == after:
            raise _Stopped

    with pytest.raises(_Stopped):
        refit(first, dataset, words, CONFIG, tmp_path / "two", report=stop)
    # A new process: the run on the split is found finished, the refit goes on.
    resumed = refit(
        train_retriever(dataset, words, CONFIG, tmp_path / "one"), dataset, words, CONFIG, tmp_path / "two"
    )
    expected, found = weights(whole), weights(resumed)
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found[name], tensor)


def test_stopping_after_an_epoch_gives_the_weights_of_that_epoch_and_never_validates(
    dataset: Dataset, tmp_path: Path
) -> None:
    split = leave_last_out(dataset.log)
    options = TrainingConfig.model_validate({**TRAINING, "patience": 9})

    def task() -> EncoderTask:
        torch.manual_seed(0)
        shape = SequenceEncoderConfig(dimension=16, blocks=1, window=6)
        text = np.eye(len(dataset.catalog), dtype=np.float32)
        encoder = SequenceEncoder(shape, text, np.zeros(len(text), dtype=np.float32))
        return EncoderTask(encoder, split.train, split.validation, 16)

    chosen = task()
    run = train(chosen, options, tmp_path / "chosen")
    blind = task()
    blind.validate = lambda: pytest.fail("there is nothing to validate on")  # type: ignore[method-assign]
    stopped = train(blind, options.model_copy(update={"stop_after": run.epoch}), tmp_path / "blind")
    assert (stopped.epoch, stopped.metrics) == (run.epoch, {})
    assert stopped.losses == run.losses[: stopped.steps]
    for name, tensor in chosen.encoder.state_dict().items():
        torch.testing.assert_close(blind.encoder.state_dict()[name], tensor, rtol=0, atol=0)


def test_adapters_and_head_are_refitted_too(dataset: Dataset, words: Encoder, tmp_path: Path) -> None:
    options = {
        **CONFIG.model_dump(),
        "seeds": (0,),
        "ease": None,
        "lift": None,
        "language": {
            "model": str(save_tiny_llama(tmp_path / "llama")),
            "max_events": 6,
            "drop_stride": 2,
            "budget": 400,
            "read": [1, 2],
            "hidden": 24,
            "lora": {"rank": 2},
            "frozen_layers": 1,
            "cached": True,
            "head_first": {"training": {**TRAINING, "epochs": 2}},
            "training": {**TRAINING, "epochs": 2},
        },
    }
    config = FinetuneConfig.model_validate(options)
    first = train_retriever(dataset, words, config, tmp_path / "work")
    pool = first.retriever.pool
    pool.weights[ItemSoftmax.name] = 0.3  # whatever the fit found for a random model
    again = refit(first, dataset, words, config, tmp_path / "work")
    assert again.runs.keys() == first.runs.keys()
    assert {name: run.epoch for name, run in again.runs.items()} == {
        name: run.epoch for name, run in first.runs.items()
    }
    parts = [
        next(part for part in done.retriever.pool.parts if isinstance(part, ItemSoftmax))
        for done in (first, again)
    ]
    assert parts[0].model.fingerprint != parts[1].model.fingerprint  # of base, layers and adapter

    pool.weights[ItemSoftmax.name] = 0.0
    pool.weights_without_language = None
    without = refit(first, dataset, words, config, tmp_path / "other")
    assert not any(isinstance(part, ItemSoftmax) for part in without.retriever.pool.parts)


def test_too_little_to_train_on_is_refused(dataset: Dataset, words: Encoder, tmp_path: Path) -> None:
    for limits in ({"min_users": 81}, {"min_events": 401}):
        config = CONFIG.model_copy(update=limits)
        with pytest.raises(DataError, match=r"80 of its users have the 3 events.*400 events are left"):
            train_retriever(dataset, words, config, tmp_path)
    empty = dataclasses.replace(dataset, log=dataset.log.keep(np.zeros(dataset.log.n_events, dtype=bool)))
    with pytest.raises(DataError, match="0 of its users") as raised:
        train_retriever(empty, words, CONFIG, tmp_path)
    assert "lower" not in raised.value.remedy + raised.value.command
