"""From a split, a retriever and a model to a saved adapter that writes the next item, step by step.

    1  draw training events, one of each user in turn
    2  attach adapters, train on the answers' tokens, stop by NDCG@10 of the retriever's candidates, ranked by
       the likelihood of their answers
    3  write the adapter and, last, a manifest that says what it belongs to

    adapter/           PEFT's own files
    manifest.json    base model, template, prompt options, data, measures
    work/              checkpoints, loss curve, frozen layers' output; may be deleted

Test events are never read. The retriever is asked for candidates in validation only.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nextinterest.artifact_files import MadeFrom
from nextinterest.counting import counted
from nextinterest.data import Split
from nextinterest.domain import Recommender
from nextinterest.errors import DataError, ModelError
from nextinterest.finetune.answers import Answers
from nextinterest.finetune.backbone import Backbone
from nextinterest.finetune.choice_examples import draw_events
from nextinterest.finetune.cost import described
from nextinterest.finetune.loop import Report, Trained, train
from nextinterest.finetune.reranking_cases import RerankingCases
from nextinterest.finetune.supervised_task import CausalWriter, Seq2SeqWriter, SupervisedTask
from nextinterest.finetune.task_config import SupervisedConfig
from nextinterest.finetune.tuned_files import claim_work, save_tuned
from nextinterest.llm import LocalModel, Seq2SeqModel
from nextinterest.retrieval.tuned import WRITING

if TYPE_CHECKING:
    from nextinterest.finetune.supervised_task import Score

__all__ = ["SupervisedTuned", "supervised_task", "tune_supervised"]


@dataclass(frozen=True, slots=True, eq=False)
class SupervisedTuned:
    """What supervised tuning returns.

    Attributes
    ----------
    run
        How training went.
    task
        The trained task; its `scores` are of the best weights.
    retrieval, untrained
        Measures of the validation candidates in the retriever's order, and by the model before training;
        those of the trained model are the run's.
    """

    run: Trained
    task: SupervisedTask
    retrieval: dict[str, float]
    untrained: dict[str, float]


def supervised_task(
    split: Split, retriever: Recommender, backbone: Backbone, config: SupervisedConfig, work: Path
) -> SupervisedTask:
    """Draw the examples and put the task together; `work` keeps the frozen layers' output.

    Raises
    ------
    DataError
        If no user has history enough.
    ModelError
        If the model has no token that ends an answer.
    """
    rng = np.random.default_rng(config.training.seed)
    events = list(islice(draw_events(split.train, config.min_history, rng), config.examples))
    if not events:
        raise DataError(
            f"No event has {counted(config.min_history, 'other')} before it to be written from.",
            remedy="Lower min_history.",
        )
    end = backbone.tokenizer.inner.eos_token_id
    if not isinstance(end, int):
        raise ModelError(
            f"The tokenizer of {backbone.name} names no end token.", remedy="Use a model that has one."
        )
    lists = RerankingCases.of(retriever, split.validation, config.n_candidates, most=config.validation_cases)
    objective: CausalWriter | Seq2SeqWriter
    score: Score
    if backbone.kind == "causal":
        objective = CausalWriter(backbone.model, config.frozen_layers, backbone.lower_layers(config, work))
        # Not lean: that pass has the weights' products fused, and these are still learning.
        score = LocalModel(backbone.model, backbone.tokenizer.inner, lean=False).score
    else:
        objective = Seq2SeqWriter(backbone.model)
        score = Seq2SeqModel(backbone.model, backbone.tokenizer.inner).score
    return SupervisedTask(
        objective,
        Answers(config.answer, retriever.catalog, backbone.tokenizer, config.prompts),
        end,
        split.train,
        events,
        lists.answerable(),
        score,
        batch_size=config.training.batch_size,
    )


def tune_supervised(
    split: Split,
    retriever: Recommender,
    backbone: Backbone,
    config: SupervisedConfig,
    out: Path,
    *,
    made_from: MadeFrom | None = None,
    resume: bool = True,
    report: Report | None = None,
) -> SupervisedTuned:
    """Run the recipe; parameters are those of `nextinterest.finetune.tune_choice.tune_choice`."""
    work = out / "work"
    made = made_from or MadeFrom()
    claim_work(work, config, made.data, resume=resume)
    task = supervised_task(split, retriever, backbone, config, work)
    lists = task.validation
    untrained = lists.measure(task.scores())
    run = train(task, config.training, work, resume=resume, report=report)
    tuned = SupervisedTuned(run, task, lists.measure(lists.log_p), untrained)
    save_tuned(
        out,
        WRITING,
        backbone,
        config,
        task.answers.renderer.template,
        made,
        {
            "split": split.name,
            "examples": len(task.examples),
            "steps": run.steps,
            "training": described(run.cost, run.steps),
            "validation": {"retrieval": tuned.retrieval, "untrained": untrained, "supervised": run.metrics},
        },
    )
    return tuned
