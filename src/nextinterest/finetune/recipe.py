"""The recipe: from a data set to a trained retriever, step by step.

    1  hold out the end of every history
    2  train the sequence encoder(s), stopping by NDCG@10 on validation events
    3  compute the item-item matrices
    4  train the language model's item softmax, where it is asked for
    5  fit the weights of the blend, and those of likeness, by log-loss on the validation events

Test events are never read, validation events are not learned from: that is `nextinterest.finetune.refit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nextinterest.counting import counted
from nextinterest.data import Dataset, EventLog, HeldOut, leave_last_out
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import DataError
from nextinterest.finetune.config import FinetuneConfig
from nextinterest.finetune.encoder_task import EncoderTask
from nextinterest.finetune.language_recipe import train_language
from nextinterest.finetune.likeness_fit import fit_likeness
from nextinterest.finetune.loop import Report, Trained, train
from nextinterest.finetune.pool_fit import fit_pool
from nextinterest.finetune.work import working_in
from nextinterest.retrieval import Encoder, Retriever, RetrieverConfig
from nextinterest.retrieval.ease import ease_weights
from nextinterest.retrieval.item_matrix import largest_entries
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.lift import log_lift
from nextinterest.retrieval.likeness import Likeness
from nextinterest.retrieval.pairs import choices
from nextinterest.retrieval.parts import Part
from nextinterest.retrieval.pool import PopularityPart
from nextinterest.retrieval.profile_scorer import ProfileScorer
from nextinterest.retrieval.provenance import Provenance
from nextinterest.retrieval.sequence_encoder import SequenceEncoder
from nextinterest.retrieval.sequence_source import SequenceSource
from nextinterest.retrieval.shared_attributes import SharedAttributes, value_vectors
from nextinterest.retrieval.trained import TrainedRetriever

__all__ = ["Finetuned", "learn_parts", "train_retriever"]


@dataclass(frozen=True, slots=True)
class Finetuned:
    """What the recipe returns: the retriever, and how the training of each part went."""

    retriever: TrainedRetriever
    runs: dict[str, Trained]


def train_retriever(
    dataset: Dataset,
    text_encoder: Encoder,
    config: FinetuneConfig,
    work: Path,
    *,
    resume: bool = True,
    report: Report | None = None,
) -> Finetuned:
    """Run the recipe.

    Parameters
    ----------
    dataset
        Catalogue and events.
    text_encoder
        Gives the items' text vectors.
    config
        Options.
    work
        Folder for checkpoints and the loss curves: new, empty, or that of a run before.
    resume
        Whether an interrupted run found there goes on.
    report
        See `nextinterest.finetune.loop.train`.

    Raises
    ------
    DataError
        If there are too few users or events to learn and to choose by (see `FinetuneConfig.min_users`).
    StorageError
        If the folder holds other files, or cannot be written.
    """
    _check_enough(dataset, config)
    split = leave_last_out(dataset.log, config.split.n_test, config.split.n_validation)
    base = Retriever.build(dataset.catalog, split.train, text_encoder)
    with working_in(work):
        parts, runs, known = learn_parts(
            dataset.catalog,
            split.train,
            split.validation,
            base.item_vectors,
            config,
            work,
            resume=resume,
            report=report,
        )
    base.config = base.config.model_copy(
        update={
            "likeness": fit_likeness(
                Likeness.of([*parts, *base.sources, *base.relations], {}),
                len(dataset.catalog),
                split.validation,
            )
        }
    )
    language = ItemSoftmax.name if config.language is not None else None
    pool, measures = fit_pool(parts, split.validation, config.blend_events, language, known)
    provenance = Provenance(
        data=dataset.name,
        data_fingerprint=dataset.fingerprint,
        split=split.name,
        n_events=split.train.n_events,
        validation=measures,
    )
    return Finetuned(TrainedRetriever.from_retriever(base, pool, provenance), runs)


def _check_enough(dataset: Dataset, config: FinetuneConfig) -> None:
    """Refuse what is too little to learn and to choose by."""
    held_out = config.split.n_test + config.split.n_validation
    users = int((dataset.log.lengths > held_out).sum())
    events = dataset.log.n_events - held_out * users
    if users >= config.min_users and events >= config.min_events:
        return
    lower = f"min_users={min(users, config.min_users)}", f"min_events={min(events, config.min_events)}"
    raise DataError(
        f"{dataset.name!r} is too little to train on: "
        f"{counted(users, 'of its users has', 'of its users have')} the {held_out + 1} events "
        f"that holding out takes, and {counted(events, 'event is', 'events are')} left to learn from; "
        f"training needs "
        f"{counted(config.min_users, 'such user')} and {counted(config.min_events, 'such event')}.",
        remedy="Use RecommenderAgent.from_dataset(data), which needs no training"
        + (f", or lower the limits in the configuration: {', '.join(lower)}." if users else "."),
        command="Use the data without training: nextinterest recommend --data ..."
        + (f"; or lower the limits: {' '.join(f'--override {one}' for one in lower)}" if users else ""),
    )


def learn_parts(
    catalog: Catalog,
    log: EventLog,
    validation: HeldOut,
    text: FloatArray,
    config: FinetuneConfig,
    work: Path,
    *,
    epochs: Mapping[str, int] | None = None,
    resume: bool = True,
    report: Report | None = None,
) -> tuple[list[Part], dict[str, Trained], dict[str, FloatArray]]:
    """Learn every part of the pool from a log; validation only stops the training.

    Encoders named in `epochs` end after so many of them, without validation.

    Returns the parts, how the training of each went, and scores of validation events where they are known.
    """
    n_items = len(text)
    some = np.linspace(0, len(validation) - 1, config.validation_events if len(validation) else 0)
    steering = validation.take(np.unique(some.astype(np.int64)))
    encoders: list[SequenceEncoder] = []
    known: dict[str, FloatArray] = {}
    share = log.item_counts(n_items) + 0.5
    bias = np.log(share / share.sum()).astype(np.float32)
    parts: list[Part] = []
    runs: dict[str, Trained] = {}
    for position, seed in enumerate(config.seeds):
        name = "sequence" if position == 0 else f"sequence-{position + 1}"
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            encoder = SequenceEncoder(config.encoder, text, bias)
        with torch.no_grad():
            encoder.residual[torch.from_numpy(log.item_counts(n_items) == 0)] = 0.0
        task = EncoderTask(
            encoder,
            log,
            steering,
            config.training.batch_size,
            exchangeable_ties=config.exchangeable_ties,
            sampled=n_items > config.sampled_above,
        )
        options = config.training.model_copy(update={"seed": seed, "stop_after": (epochs or {}).get(name)})
        runs[name] = train(task, options, work / name, resume=resume, report=report)
        # Saved in half precision; what is validated from here on is what will be loaded.
        encoder.load_state_dict({k: t.half().float() for k, t in encoder.state_dict().items()})
        encoders.append(encoder)
        parts.append(SequenceSource(encoder, name))
    if config.ease is not None:
        weights = ease_weights(
            choices(log, n_items),
            config.ease.ridge,
            max_memory_gb=config.ease.max_memory_gb,
            remedy="Set ease to None in the configuration, or raise ease.max_memory_gb.",
            command="Add --override ease=null, or raise it by --override ease.max_memory_gb=GB.",
        )
        matrix = largest_entries(weights, config.ease.neighbours)
        parts.append(_rounded(ProfileScorer("ease", matrix, config.ease.half_life)))
    if config.lift is not None:
        lift = log_lift(log, n_items, config.lift.window, config.lift.decay, config.lift.prior)
        kept = largest_entries(lift, config.lift.neighbours)
        parts.append(_rounded(ProfileScorer("lift", kept, config.lift.half_life)))
    shared = SharedAttributes(value_vectors(catalog), RetrieverConfig().attributes_half_life)
    if shared.vectors.nnz:
        parts.append(shared)
    parts.append(PopularityPart(log.item_counts(n_items).astype(np.float32)))
    if config.language is not None:
        learned = train_language(
            catalog,
            log,
            steering,
            text,
            config.language,
            work / ItemSoftmax.name,
            encoder=encoders[0] if encoders else None,
            exchangeable_ties=config.exchangeable_ties,
            resume=resume,
            report=report,
        )
        parts.append(learned.part)
        if learned.head_run is not None:
            runs[f"{ItemSoftmax.name}, head alone"] = learned.head_run
        runs[ItemSoftmax.name] = learned.run
        if len(steering) == len(validation):
            known[ItemSoftmax.name] = learned.scores
    return parts, runs, known


def _rounded(part: ProfileScorer) -> ProfileScorer:
    """Return the part as it will be loaded: in half precision."""
    part.matrix.data = part.matrix.data.astype(np.float16).astype(np.float32)
    return part
