"""From wordings and a catalogue to a saved adapter that reads chat.

    1  draw validation utterances; measure the model as it is
    2  attach adapters, train on the requests' tokens with utterances drawn anew in each epoch, keep the
       weights under which validation's answers are likeliest
    3  write the adapter and, last, a manifest that says what it belongs to

    adapter/              PEFT's own files
    manifest.json    base model, template, data, measures
    work/                 checkpoints and loss curve; may be deleted

Wordings of the test split are never drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nextinterest.artifact_files import MadeFrom
from nextinterest.domain import Catalog
from nextinterest.finetune.backbone import Backbone
from nextinterest.finetune.cost import described
from nextinterest.finetune.loop import Report, Trained, train
from nextinterest.finetune.supervised_task import CausalWriter
from nextinterest.finetune.task_config import UnderstandingConfig
from nextinterest.finetune.tuned_files import claim_work, save_tuned
from nextinterest.finetune.understanding_task import UnderstandingTask, utterance_drawer
from nextinterest.prompts.flat_request import request_template
from nextinterest.retrieval.tuned import UNDERSTANDING

__all__ = ["UnderstandingTuned", "tune_understanding", "understanding_task"]

_VALIDATION_SEED = 7919  # set apart from the seeds of epochs, which are pairs


@dataclass(frozen=True, slots=True, eq=False)
class UnderstandingTuned:
    """What the tuning returns.

    Attributes
    ----------
    run
        How training went.
    task
        The trained task.
    untrained
        Measures of the model before training.
    """

    run: Trained
    task: UnderstandingTask
    untrained: dict[str, float]


def understanding_task(
    catalog: Catalog, backbone: Backbone, config: UnderstandingConfig, work: Path
) -> UnderstandingTask:
    """Put the task together; `work` keeps the frozen layers' output where it is cached.

    Raises
    ------
    DataError
        If there is nothing to validate on.
    ModelError
        If the model has no token that ends an answer.
    """
    draw = utterance_drawer(catalog, backbone, config)
    rng = np.random.default_rng((_VALIDATION_SEED, config.training.seed))
    return UnderstandingTask(
        CausalWriter(backbone.model, config.frozen_layers, backbone.lower_layers(config, work)),
        draw,
        config.examples,
        draw("validation", config.validation_cases, rng),
        batch_size=config.training.batch_size,
    )


def tune_understanding(
    catalog: Catalog,
    backbone: Backbone,
    config: UnderstandingConfig,
    out: Path,
    *,
    made_from: MadeFrom | None = None,
    resume: bool = True,
    report: Report | None = None,
) -> UnderstandingTuned:
    """Run the recipe.

    Parameters
    ----------
    catalog
        Fills the wordings, with invented ones beside it.
    backbone, config
        What is tuned, and how.
    out
        Folder for adapter and manifest.
    made_from
        What it is tuned on, for the manifest.
    resume
        Whether an interrupted run in `out` is continued.
    report
        Called after every step and validation.
    """
    work = out / "work"
    made = made_from or MadeFrom()
    claim_work(work, config, made.data, resume=resume)
    task = understanding_task(catalog, backbone, config, work)
    untrained = task.validate()
    run = train(task, config.training, work, resume=resume, report=report)
    save_tuned(
        out,
        UNDERSTANDING,
        backbone,
        config,
        request_template(),
        made,
        {
            "steps": run.steps,
            "epoch": run.epoch,
            "training": described(run.cost, run.steps),
            "validation": {"untrained": untrained, "understanding": run.metrics},
        },
    )
    return UnderstandingTuned(run, task, untrained)
