"""The language model's part of the recipe: base model, adapters, head, training, and the part of the pool.

The base model is cut to the layers the head reads, and those above the frozen ones get adapters. The head's
item vectors start from the trained sequence encoder. After training, adapter and head are loaded the way
serving loads them, so that what is validated is what will be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from nextinterest.data import EventLog, HeldOut
from nextinterest.data.assets import locate
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import DataError
from nextinterest.finetune.adapters import add_lora, decoder_of, load_quantised, quantisation, save_adapter
from nextinterest.finetune.backbone import enable_checkpointing
from nextinterest.finetune.language_config import HeadFirst, LanguageConfig
from nextinterest.finetune.language_task import LanguageObjective, LanguageTask
from nextinterest.finetune.loop import Report, Trained, train
from nextinterest.finetune.lower_layers import LowerLayers
from nextinterest.finetune.processes import is_main_process, wait_for_all
from nextinterest.llm import LocalModel
from nextinterest.llm.forward import resolve_layers
from nextinterest.llm.loading import load_module
from nextinterest.llm.tokenizer import LocalTokenizer
from nextinterest.prompts import PromptOptions, PromptRenderer, PromptTemplate
from nextinterest.retrieval.item_head import ItemHead, ItemHeadConfig
from nextinterest.retrieval.item_softmax import ItemSoftmax
from nextinterest.retrieval.language_files import Origin, rounded
from nextinterest.retrieval.sequence_encoder import SequenceEncoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["LearnedLanguage", "language_task", "prompt_options", "train_language"]

_STANDARD = 200  # windows whose states set the head's mean and spread


@dataclass(frozen=True, slots=True, eq=False)
class LearnedLanguage:
    """What `train_language` returns.

    Attributes
    ----------
    part
        The part of the pool, loaded as serving loads it.
    run
        How training went.
    head_run
        How training of the head alone went, where it came first.
    scores
        Its scores of the validation events, float32, shape (n, n_items): what the part would compute again.
    """

    part: ItemSoftmax
    run: Trained
    head_run: Trained | None
    scores: FloatArray


@dataclass(frozen=True, slots=True)
class _Base:
    """A base model cut to the layers that are read."""

    module: PreTrainedModel
    tokenizer: LocalTokenizer
    fingerprint: str
    layers: list[int]

    @property
    def top(self) -> int:
        return self.layers[-1]


def prompt_options(config: LanguageConfig) -> PromptOptions:
    """Return how histories are rendered, in training and in serving."""
    return PromptOptions(
        budget=config.budget,
        max_events=config.max_events,
        drop_stride=config.drop_stride,
        summarise=False,  # windows that begin inside a history know nothing of what was before
    )


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What training and serving of one run share."""

    base: _Base
    model: PreTrainedModel
    template: PromptTemplate


def language_task(
    catalog: Catalog,
    log: EventLog,
    validation: HeldOut,
    text: FloatArray,
    config: LanguageConfig,
    work: Path,
    *,
    encoder: SequenceEncoder | None = None,
    exchangeable_ties: bool = True,
) -> tuple[LanguageTask, _Prepared]:
    """Make everything ready for training; parameters and errors as of `train_language`."""
    base = _load(config)
    frozen = config.frozen_layers if config.lora is not None else base.top
    if config.lora is None and not config.cached:
        raise DataError(
            "Without adapters nothing of the language model learns, yet it would run at every epoch.",
            remedy="Set language.cached to true, or language.lora to {}.",
        )
    model = base.module
    torch.manual_seed(config.training.seed)  # adapters and head start from it
    if config.lora is not None:
        model = add_lora(model, config.lora, frozen)
    body = decoder_of(model)
    if config.checkpointing:
        enable_checkpointing(model)
    head = _head(config, body, base.layers, text, log, encoder)
    head.to(body.device)
    lower = None
    if config.cached:
        lower = LowerLayers(body, frozen, base.layers, work / "frozen", base.fingerprint)
    template = PromptTemplate.named(config.template)
    task = LanguageTask(
        LanguageObjective(model, body, head, base.layers, frozen),
        PromptRenderer(template, catalog, base.tokenizer, prompt_options(config)),
        log,
        validation,
        catalog,
        window=config.max_events,
        batch_size=config.training.batch_size,
        newest=config.windows == "newest",
        exchangeable_ties=exchangeable_ties,
        lower=lower,
        head_rate=config.head_rate,
        vector_rate=config.vector_rate,
    )
    return task, _Prepared(base, model, template)


def train_language(
    catalog: Catalog,
    log: EventLog,
    validation: HeldOut,
    text: FloatArray,
    config: LanguageConfig,
    work: Path,
    *,
    encoder: SequenceEncoder | None = None,
    exchangeable_ties: bool = True,
    resume: bool = True,
    report: Report | None = None,
) -> LearnedLanguage:
    """Train adapters and head.

    Parameters
    ----------
    catalog, log, validation
        The items, the events to learn from, and those that stop the training.
    text
        Text vectors of the items.
    config
        Options.
    work
        Folder for checkpoints, kept outputs of frozen layers, and the adapter.
    encoder
        A trained encoder whose item vectors the head starts from, where the configuration says so.
    exchangeable_ties
        See `nextinterest.finetune.windows.Windows`.
    resume, report
        See `nextinterest.finetune.loop.train`.

    Raises
    ------
    DataError
        If all layers are frozen but their outputs are not kept, which would compute them at every epoch.
    ModelError
        If the model cannot be loaded or adapted.
    """

    def prepared(options: LanguageConfig, folder: Path) -> tuple[LanguageTask, _Prepared]:
        return language_task(
            catalog,
            log,
            validation,
            text,
            options,
            folder,
            encoder=encoder,
            exchangeable_ties=exchangeable_ties,
        )

    taught, head_run = None, None
    if config.head_first is not None and config.lora is not None:
        alone = _alone(config, config.head_first)
        first, _ = prepared(alone, work / "head")
        first.standardise(_STANDARD, alone.training.seed)
        head_run = train(first, alone.training, work / "head", resume=resume, report=report)
        taught = first.objective.head.state_dict()
        del first  # and with it the frozen model
    task, made = prepared(config, work)
    head, base = task.objective.head, made.base
    if taught is None:
        task.standardise(_STANDARD, config.training.seed)
    else:
        head.load_state_dict(taught)  # its mean and spread of states too: fresh adapters change none
    run = train(task, config.training, work, resume=resume, report=report)
    adapter = None
    if config.lora is not None:
        adapter = work / "adapter"
        if is_main_process():
            save_adapter(made.model, adapter, config.model)
        wait_for_all()
    rounded(head)
    task.objective.eval()
    scored = [np.empty((0, len(catalog)), dtype=np.float32), *task.validation_scores()]
    scores = np.concatenate(scored)
    n_layers = None if base.top == _whole(config) else base.top
    served = LocalModel.load(
        locate(config.model, "language-model"),
        dtype=config.dtype,
        adapter=adapter,
        n_layers=n_layers,
        random_seed=_random_seed(config),
    )
    origin = Origin(config.model, n_layers, adapter, _random_seed(config))
    head.to(served.device)
    options = prompt_options(config)
    part = ItemSoftmax(served, head, catalog, made.template, options, base.layers, origin)
    return LearnedLanguage(part, run, head_run, scores)


def _alone(config: LanguageConfig, first: HeadFirst) -> LanguageConfig:
    """Return the configuration under which the head learns alone."""
    changes = {"lora": None, "cached": True, "head_rate": 1.0, "vector_rate": first.vector_rate}
    return config.model_copy(update={**changes, "training": first.training, "head_first": None})


def _random_seed(config: LanguageConfig) -> int | None:
    return config.training.seed if config.initialise == "random" else None


def _whole(config: LanguageConfig) -> int:
    from transformers import AutoConfig

    found = AutoConfig.from_pretrained(str(locate(config.model, "language-model")))
    return int(found.get_text_config().num_hidden_layers)


def _load(config: LanguageConfig) -> _Base:
    """Load the base model, cut to the layers that are read."""
    if config.initialise == "random" and config.lora is not None and config.lora.quantised:
        raise DataError(
            "Random weights are not quantised: the 4-bit loader reads published ones.",
            remedy="Set language.lora.quantised to false, or language.initialise to pretrained.",
        )
    path = locate(config.model, "language-model")
    layers = sorted(set(resolve_layers(config.read, _whole(config))))
    loaded = load_module(
        path, "causal", dtype=config.dtype, n_layers=layers[-1], random_seed=_random_seed(config)
    )
    module = loaded.module
    quantised = quantisation(config.lora)
    if quantised is not None:
        module = load_quantised(path, "causal", quantised)
        decoder = decoder_of(module)
        decoder.layers = cast(torch.nn.ModuleList, decoder.layers)[: layers[-1]]
    eos = module.config.eos_token_id
    ids = [eos] if isinstance(eos, int) else list(eos or [])
    return _Base(module, LocalTokenizer(loaded.tokenizer, ids), loaded.fingerprint, layers)


def _head(
    config: LanguageConfig,
    body: PreTrainedModel,
    layers: list[int],
    text: FloatArray,
    log: EventLog,
    encoder: SequenceEncoder | None,
) -> ItemHead:
    share = log.item_counts(len(text)) + 0.5
    bias = np.log(share / share.sum()).astype(np.float32)
    start = encoder if config.start_from_encoder else None
    dimension = config.dimension if start is None else start.config.dimension
    width = int(body.config.get_text_config().hidden_size) * len(layers)
    shape = ItemHeadConfig(
        state_size=width, dimension=dimension, hidden=config.hidden, dropout=config.dropout
    )
    head = ItemHead(shape, text, bias)
    if start is not None:
        head.start_from(start)
    else:
        with torch.no_grad():
            head.residual[torch.from_numpy(log.item_counts(len(text)) == 0)] = 0.0
    return head
