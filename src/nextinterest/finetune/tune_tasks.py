"""One adapter that generates, reranks and understands: from a split, a retriever and a model, step by step.

    1  make the examples of each task, under the prompts that serving asks with
    2  attach adapters, train on all tasks together, keep the weights under which validation is likeliest
    3  measure each task on validation, beside what needs no language model
    4  say by these measures which of them the recommender does by default

Test events and wordings are never read. The retriever must have learned from the training events only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, JsonValue

from nextinterest.agent.config import GeneratedSource, InterestStyle
from nextinterest.agent.tuned import FOLDER, TaskRecord, TunedRecord, TunedRole, template_named
from nextinterest.artifact_files import Kind, NamedModel, read_artifact, write_artifact
from nextinterest.data import Split
from nextinterest.data.assets import locate
from nextinterest.errors import DataError, IntegrityError
from nextinterest.finetune.adapters import save_adapter
from nextinterest.finetune.backbone import Backbone, open_backbone
from nextinterest.finetune.choice_examples import draw_choices
from nextinterest.finetune.choice_task import ChoiceObjective, ChoiceTask, Seq2SeqChooser
from nextinterest.finetune.cost import described
from nextinterest.finetune.loop import Report, Trained, train
from nextinterest.finetune.multi_task import MultiTask
from nextinterest.finetune.processes import is_main_process
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.task_config import RerankConfig, TasksConfig
from nextinterest.finetune.task_measures import Measures, measure_generation, measure_reading
from nextinterest.finetune.writing_task import CausalWriter, Seq2SeqWriter, Writer, WritingTask
from nextinterest.finetune.written_examples import Generation, Utterances
from nextinterest.llm import LocalModel, Seq2SeqModel
from nextinterest.llm.adapters import adapter_files
from nextinterest.prompts import PromptRenderer
from nextinterest.prompts.flat_request import request_template
from nextinterest.retrieval import Retriever

__all__ = ["TasksTuned", "tune_tasks"]

_VALIDATION_SEED = 7919  # set apart from the seeds of epochs, which are pairs
_CLEAR = 2.0  # standard errors by which a gain counts


@dataclass(frozen=True, slots=True, eq=False)
class TasksTuned:
    """What the tuning returns.

    Attributes
    ----------
    record
        What was learned, for the manifest.
    adapter
        Folder with PEFT's files.
    settings
        Settings of the agent under which it does by default what it does, by name; empty where it is nothing.
    run
        How training went.
    """

    record: TunedRecord
    adapter: Path
    settings: dict[str, object]
    run: Trained

    def files(self) -> dict[str, bytes]:
        """Return the adapter's files by their names in a recommender directory."""
        return {
            f"{FOLDER}/{name}": (self.adapter / name).read_bytes() for name in adapter_files(self.adapter)
        }


class _Claim(BaseModel):
    """What a work folder is for."""

    model_config = ConfigDict(extra="forbid")
    data: str
    config: dict[str, JsonValue]


_WORK = Kind(
    "tuning run",
    _Claim,
    remedy="Start anew with resume=False.",
    command="Start anew with --no-resume.",
    among_others=True,
    manifest="options.json",
)


def claim_work(work: Path, config: TasksConfig, data: str, *, resume: bool) -> None:
    """Note what a work folder is for, so that an interrupted run is not continued as another.

    The loop itself compares only its own options; examples, prompts and adapters are compared here.

    Raises
    ------
    IntegrityError
        If the folder was begun with other options or data, or by another version, and is to be continued.
    """
    claim = _Claim(data=data, config=config.model_dump(mode="json"))
    if resume and (work / _WORK.manifest).is_file() and read_artifact(work, _WORK).content != claim:
        raise IntegrityError(
            f"The run in {work} was begun with other options or data.",
            remedy="Continue with those it was started with, or start anew with resume=False.",
            command="Continue with those it was started with, or start anew with --no-resume.",
        )
    if is_main_process():
        write_artifact(work, _WORK, claim, {})


def tune_tasks(
    split: Split,
    retriever: Retriever,
    config: TasksConfig,
    work: Path,
    *,
    exchangeable_ties: bool = True,
    data: str = "",
    resume: bool = True,
    report: Report | None = None,
) -> TasksTuned:
    """Run the recipe.

    Parameters
    ----------
    split
        Training and validation events.
    retriever
        Offers candidates; learned from the training events only.
    config
        The model, the tasks and the loop.
    work
        Folder for checkpoints, the loss curve, kept outputs of frozen layers, and the adapter.
    exchangeable_ties
        Whether events of one time have no order, so that what is tied with a target is no wrong choice.
    data
        Fingerprint of the data, so that a run on others is not continued.
    resume, report
        See `nextinterest.finetune.loop.train`.

    Raises
    ------
    DataError
        If no task is named, or one has nothing to learn from.
    ModelError
        If the model cannot be loaded or adapted, or cannot do a task.
    """
    if config.generate is None and config.rerank is None and config.understand is None:
        raise DataError(
            "No task is named that an adapter learns.",
            remedy="Give the configuration one of generate, rerank and understand.",
        )
    claim_work(work, config, data, resume=resume)
    backbone = open_backbone(locate(config.model, "language-model"), config)
    together = _Together(split, retriever, backbone, config, work, exchangeable_ties)
    before = together.tasks.validate()
    run = train(together.tasks, config.training, work, resume=resume, report=report)
    together.tasks.objective.eval()
    records = together.records(before, run.metrics)
    adapter = work / "adapter"
    if is_main_process():
        save_adapter(backbone.model, adapter, config.model)
    record = TunedRecord(
        base=NamedModel(name=config.model, fingerprint=backbone.fingerprint),
        tasks=records,
        config=config.model_dump(mode="json"),
        steps=run.steps,
        epoch=run.epoch,
        training=described(run.cost, run.steps),
    )
    return TasksTuned(record, adapter, _settings(config.rerank, records, together), run)


class _Together:
    """The tasks of one run over one model."""

    def __init__(
        self,
        split: Split,
        retriever: Retriever,
        backbone: Backbone,
        config: TasksConfig,
        work: Path,
        exchangeable_ties: bool,
    ) -> None:
        self.split, self.retriever, self.backbone, self.config = split, retriever, backbone, config
        self.lower = backbone.lower_layers(config, work)
        self.tasks = MultiTask()
        self.rng = np.random.default_rng(config.training.seed)
        self.generation: Generation | None = None
        self.choice: ChoiceTask | None = None
        self.source: GeneratedSource | None = None
        self.style: InterestStyle | None = None
        catalog = retriever.catalog
        if config.generate is not None:
            self.generation = Generation(catalog, backbone, config.generate)
            examples = self.generation.training(split.train, self.rng)
            held_out = self.generation.validation(split.validation)
            task = WritingTask(
                self._writer(keeps=True, lines=config.generate.lines),
                lambda _: examples,
                held_out,
                batch_size=self._batch_size,
            )
            self.tasks.add("generate", task, config.generate.weight)
        if config.rerank is not None:
            self.choice = self._choice(config.rerank, exchangeable_ties)
            self.tasks.add("rerank", self.choice, config.rerank.weight)
        if config.understand is not None:
            options, utterances = config.understand, Utterances(catalog, backbone, config.understand)
            unseen = np.random.default_rng((_VALIDATION_SEED, config.training.seed))
            task = WritingTask(
                self._writer(keeps=False),
                lambda rng: utterances.draw("train", options.examples, rng),
                utterances.draw("validation", options.validation_cases, unseen),
                batch_size=self._batch_size,
            )
            self.tasks.add("understand", task, options.weight)

    @property
    def _batch_size(self) -> int:
        return self.config.training.batch_size

    def _writer(self, *, keeps: bool, lines: float = 0.0) -> Writer:
        """Return the objective of a task; what is new in every epoch is not kept."""
        if self.backbone.kind == "seq2seq":
            return Seq2SeqWriter(self.backbone.model)
        lower = self.lower if keeps else None
        return CausalWriter(self.backbone.model, self.config.frozen_layers, lower, lines)

    def _choice(self, config: RerankConfig, exchangeable_ties: bool) -> ChoiceTask:
        split, backbone = self.split, self.backbone
        examples = draw_choices(
            split.train,
            self.retriever,
            config.examples,
            config.n_candidates,
            self.rng,
            min_history=config.min_history,
            exchangeable_ties=exchangeable_ties,
        )
        lists = RerankingCases.of(
            self.retriever, split.validation, config.n_candidates, most=config.validation_cases
        )
        causal = backbone.kind == "causal"
        objective = (
            ChoiceObjective(backbone.model, self.config.frozen_layers)
            if causal
            else Seq2SeqChooser(backbone.model)
        )
        return ChoiceTask(
            objective,
            PromptRenderer(
                template_named("choice"), self.retriever.catalog, backbone.tokenizer, config.prompts
            ),
            split.train,
            examples,
            lists.answerable(),
            batch_size=self._batch_size,
            orders=config.orders,
            lower=self.lower,
        )

    def records(self, before: Measures, after: Measures) -> dict[TunedRole, TaskRecord]:
        """Measure every task and return what the manifest says of it."""
        records: dict[TunedRole, TaskRecord] = {}
        model = self._serving()
        if self.generation is not None and self.config.generate is not None:
            measures, self.source, self.style = measure_generation(
                model, self.retriever, self.split, self.config.generate
            )
            own = _own("generate", before, after) | measures
            hashes = {t.name: t.hash for t in self.generation.prompts.templates.values()}
            records["generate"] = TaskRecord(
                templates=hashes, default=self.source is not None, validation=own
            )
        if self.choice is not None:
            records["rerank"] = self._reranked(self.choice, before, after)
        if self.config.understand is not None:
            measures, better = measure_reading(model, self.retriever.catalog, self.config.understand)
            own = _own("understand", before, after) | measures
            template = request_template()
            hashes = {template.name: template.hash}
            records["understand"] = TaskRecord(templates=hashes, default=better, validation=own)
        return records

    def _reranked(self, task: ChoiceTask, before: Measures, after: Measures) -> TaskRecord:
        lists, scores = task.validation, task.scores()
        blended = lists.cross_fitted(scores)
        gain, error = lists.gain(blended, lists.log_p)
        weight = round(lists.fit_weight(scores), 4)
        own = _own("rerank", before, after) | {
            "retriever": lists.measure(lists.log_p),
            "both, weights of other cases": lists.measure(blended),
            "gain": {"ndcg@10": gain, "standard_error": error, "weight": weight},
        }
        template = task.renderer.template
        earned = weight > 0 and gain > _CLEAR * error
        return TaskRecord(templates={template.name: template.hash}, default=earned, validation=own)

    def _serving(self) -> LocalModel | Seq2SeqModel:
        """Return the model in training as serving asks it."""
        tokenizer = self.backbone.tokenizer.inner
        if self.backbone.kind == "seq2seq":
            return Seq2SeqModel(self.backbone.model, tokenizer, name=self.backbone.name)
        # Not lean: that pass has the weights' products fused, and these have adapters beside them.
        return LocalModel(self.backbone.model, tokenizer, name=self.backbone.name, lean=False)


def _own(task: str, before: Measures, after: Measures) -> dict[str, dict[str, float]]:
    """Return a task's measures before and after training."""
    return {
        name: {
            key.removeprefix(f"{task}/"): value
            for key, value in measures.items()
            if key.startswith(f"{task}/")
        }
        for name, measures in (("untuned", before), ("tuned", after))
    }


def _settings(
    config: RerankConfig | None, records: dict[TunedRole, TaskRecord], together: _Together
) -> dict[str, object]:
    """Return the agent's settings of what the model does by default."""
    settings: dict[str, object] = {} if together.source is None else {"generated": together.source}
    if together.style is not None:
        settings["interest_style"] = together.style
    if config is None or not records["rerank"].default:
        return settings
    return settings | {
        "n_candidates": config.n_candidates,
        "template": "choice",
        "max_prompt_tokens": config.budget,
        "max_events": config.max_events,
        "older_events": "shares",
        "choice_weight": records["rerank"].validation["gain"]["weight"],
        "choice_share": 0.0,
        "request_share": 0.0,
        "choice_calibrated": False,
    }
