"""The refit: every part learned anew from all events, by what the run on the split found.

A run on a split withholds each user's newest events, which say most of what comes next. Once they have chosen
the epochs and fitted the weights, nothing is left for them to decide: the refit learns from all events, each
part for as many epochs as were best on the split, and keeps the pool's weights. There is nothing left to
measure it by, so its provenance says that it was refitted, and evaluation refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nextinterest.data import Dataset, HeldOut, leave_last_out
from nextinterest.finetune.config import FinetuneConfig
from nextinterest.finetune.language_config import LanguageConfig
from nextinterest.finetune.loop import Report
from nextinterest.finetune.recipe import Finetuned, learn_parts
from nextinterest.finetune.training_config import TrainingConfig
from nextinterest.retrieval import Encoder, Retriever
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.pool import ScorePool
from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["FOLDER", "refit"]

FOLDER = "refit"
"""Where its checkpoints lie, below the run's folder."""


def refit(
    first: Finetuned,
    dataset: Dataset,
    text_encoder: Encoder,
    config: FinetuneConfig,
    work: Path,
    *,
    resume: bool = True,
    report: Report | None = None,
) -> Finetuned:
    """Learn every part anew from all events.

    Parameters
    ----------
    first
        What `nextinterest.finetune.recipe.train_retriever` returned for the same data and options.
    dataset, text_encoder, config, work
        As they were given to it. Checkpoints go to ``work/refit``.
    resume, report
        See `nextinterest.finetune.loop.train`.

    Returns
    -------
    Finetuned
        The refitted retriever; its validation figures are those of the run on the split.
    """
    epochs = {name: run.epoch for name, run in first.runs.items()}
    pool = first.retriever.pool
    language = config.language if pool.weighs(ItemSoftmax.name) else None
    base = Retriever.build(dataset.catalog, dataset.log, text_encoder, first.retriever.config)
    parts, runs, _ = learn_parts(
        dataset.catalog,
        dataset.log,
        _nothing(dataset, config),
        base.item_vectors,
        config.model_copy(update={"language": None if language is None else _ending(language, epochs)}),
        work / FOLDER,
        epochs=epochs,
        resume=resume,
        report=report,
    )
    provenance = first.retriever.provenance.model_copy(
        update={"refitted": True, "n_events": dataset.log.n_events}
    )
    weighted = ScorePool(parts, pool.weights, pool.weights_without_language)
    return Finetuned(TrainedRetriever.from_retriever(base, weighted, provenance), runs)


def _nothing(dataset: Dataset, config: FinetuneConfig) -> HeldOut:
    """Return no events to validate on, of the whole log."""
    split = leave_last_out(dataset.log, config.split.n_test, config.split.n_validation)
    return split.validation.take(np.zeros(0, dtype=np.int64))


def _ending(language: LanguageConfig, epochs: Mapping[str, int]) -> LanguageConfig:
    """Return the options of the language part with the epochs that were best on the split."""

    def stopping(training: TrainingConfig, run: str) -> TrainingConfig:
        return training.model_copy(update={"stop_after": epochs.get(run)})

    first = language.head_first
    if first is not None:
        alone = stopping(first.training, f"{ItemSoftmax.name}, head alone")
        first = first.model_copy(update={"training": alone})
    training = stopping(language.training, ItemSoftmax.name)
    return language.model_copy(update={"training": training, "head_first": first})
