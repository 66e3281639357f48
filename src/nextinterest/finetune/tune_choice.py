"""From a split, a retriever and a model to a saved adapter that chooses, step by step.

    1  draw training events whose target the retriever offers; what it offers beside it are the negatives
    2  attach adapters, train on the letters, stop by NDCG@10 of the reranked validation candidates
    3  fit how much the choice weighs against retrieval, by log-loss on the same candidates
    4  write the adapter and, last, a manifest that says what it belongs to

    adapter/       PEFT's own files
    manifest.json    base model, template, prompt options, data, measures
    work/          checkpoints, loss curve, frozen layers' output; may be deleted

Test events are never read. The retriever must have learned from the split's training events only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nextinterest.artifact_files import MadeFrom
from nextinterest.data import Split
from nextinterest.domain import Recommender
from nextinterest.finetune.backbone import Backbone
from nextinterest.finetune.choice_examples import draw_choices
from nextinterest.finetune.choice_task import ChoiceObjective, ChoiceTask
from nextinterest.finetune.cost import described
from nextinterest.finetune.loop import Report, Trained, train
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.task_config import ChoiceConfig
from nextinterest.finetune.tuned_files import claim_work, save_tuned
from nextinterest.prompts import PromptRenderer, PromptTemplate
from nextinterest.retrieval.tuned import CHOICE

__all__ = ["ChoiceTuned", "choice_task", "tune_choice"]


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceTuned:
    """What tuning the choice returns.

    Attributes
    ----------
    run
        How training went.
    task
        The trained task; its `scores` are of the best weights.
    retrieval, untrained, choice, blend
        Measures of the validation candidates in the retriever's order, by the model before training, by the
        trained choice alone, and by retrieval and trained choice together. The last is fitted on the very
        events it is measured on, by one weight.
    choice_gain, blend_gain
        NDCG@10 of trained choice and blend above the retriever's order, and the standard error of that.
    weight
        Exponent of the choice's probabilities beside retrieval's, for `AgentConfig.choice_weight`.
    """

    run: Trained
    task: ChoiceTask
    retrieval: dict[str, float]
    untrained: dict[str, float]
    choice: dict[str, float]
    blend: dict[str, float]
    choice_gain: tuple[float, float]
    blend_gain: tuple[float, float]
    weight: float


def choice_task(
    split: Split,
    retriever: Recommender,
    backbone: Backbone,
    config: ChoiceConfig,
    work: Path,
) -> ChoiceTask:
    """Draw the examples and put the task together; for `train`, or as one of a `MultiTask`.

    Parameters are those of `tune_choice`; `work` keeps the frozen layers' output.
    """
    template = PromptTemplate.named(config.template)
    rng = np.random.default_rng(config.training.seed)
    examples = draw_choices(
        split.train,
        retriever,
        config.examples,
        config.n_candidates,
        rng,
        min_history=config.min_history,
        exchangeable_ties=config.exchangeable_ties,
    )
    lists = RerankingCases.of(retriever, split.validation, config.n_candidates, most=config.validation_cases)
    return ChoiceTask(
        ChoiceObjective(backbone.model, config.frozen_layers),
        PromptRenderer(template, retriever.catalog, backbone.tokenizer, config.prompts),
        split.train,
        examples,
        lists.answerable(),
        batch_size=config.training.batch_size,
        orders=config.orders,
        lower=backbone.lower_layers(config, work),
    )


def tune_choice(
    split: Split,
    retriever: Recommender,
    backbone: Backbone,
    config: ChoiceConfig,
    out: Path,
    *,
    made_from: MadeFrom | None = None,
    resume: bool = True,
    report: Report | None = None,
) -> ChoiceTuned:
    """Run the recipe.

    Parameters
    ----------
    split
        Training and validation events.
    retriever
        Offers the candidates; learned from the training events only.
    backbone
        A causal model with adapters (`nextinterest.finetune.backbone.open_backbone`).
    config
        Options.
    out
        The folder to write.
    made_from
        What it is tuned on, for the manifest.
    resume
        Whether an interrupted run found in `out` goes on.
    report
        See `nextinterest.finetune.loop.train`.
    """
    work = out / "work"
    made = made_from or MadeFrom()
    claim_work(work, config, made.data, resume=resume)
    task = choice_task(split, retriever, backbone, config, work)
    lists = task.validation
    untrained = lists.measure(task.scores())
    run = train(task, config.training, work, resume=resume, report=report)
    scores = task.scores()
    weight = round(lists.fit_weight(scores), 4)
    blended = lists.weighted(scores, weight)
    tuned = ChoiceTuned(
        run,
        task,
        lists.measure(lists.log_p),
        untrained,
        lists.measure(scores),
        lists.measure(blended),
        lists.gain(scores, lists.log_p),
        lists.gain(blended, lists.log_p),
        weight,
    )
    measures = {
        "retrieval": tuned.retrieval,
        "untrained": untrained,
        "choice": tuned.choice,
        "blend": tuned.blend,
    }
    save_tuned(
        out,
        CHOICE,
        backbone,
        config,
        task.renderer.template,
        made,
        {
            "split": split.name,
            "examples": len(task.examples),
            "steps": run.steps,
            "training": described(run.cost, run.steps),
            "validation": measures,
            "n_candidates": config.n_candidates,
            "choice_weight": weight,
            "ndcg_gain_and_error": {"choice": list(tuned.choice_gain), "blend": list(tuned.blend_gain)},
        },
    )
    return tuned
