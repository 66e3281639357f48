"""Learning from data: what is to be next, and what each part of the answer weighs.

    run               the whole of it, from a data set to a recommender directory: `finetune`
    recipe            a trained retriever: `train_retriever`
    refit             the same on all events, by the epochs and weights that the split gave
    config            the options of a run, as the YAML files in ``configs/`` hold it
    encoder_task      the sequence encoder: dense cross-entropy over the catalogue
    sasrec            the same without text, as the baseline of evaluation
    language_recipe   the language model's item softmax: adapters, head, frozen layers kept on disk
    tune_tasks        one adapter that generates, reranks and understands
    choice_task       choosing among a retriever's candidates, by letters
    writing_task      writing titles, interests and requests; causal and encoder-decoder models
    multi_task        several tasks in one run
    pool_fit          weights of the parts, fitted on validation events
    loop              the one training loop, resumable and distributed; a `Task` says what is trained
    card              the model card; `nextinterest.agent.artifact` writes the recommender directory

`docs/learning.md` explains all of it, `docs/training.md` how runs are launched, stopped and continued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.finetune.card import model_card
    from nextinterest.finetune.config import FinetuneConfig, read_config, with_tasks
    from nextinterest.finetune.log_linear import LogLinearFit, fit_log_linear
    from nextinterest.finetune.multi_task import MultiTask
    from nextinterest.finetune.recipe import Finetuned, train_retriever
    from nextinterest.finetune.refit import refit
    from nextinterest.finetune.run import FinetunedRecommender, finetune
    from nextinterest.finetune.sasrec import SASRecTrainer
    from nextinterest.finetune.task_config import TasksConfig
    from nextinterest.finetune.tune_tasks import TasksTuned, tune_tasks

__all__ = [
    "FinetuneConfig",
    "Finetuned",
    "FinetunedRecommender",
    "LogLinearFit",
    "MultiTask",
    "SASRecTrainer",
    "TasksConfig",
    "TasksTuned",
    "finetune",
    "fit_log_linear",
    "model_card",
    "read_config",
    "refit",
    "train_retriever",
    "tune_tasks",
    "with_tasks",
]

_HOMES = {
    "LogLinearFit": "log_linear",
    "FinetuneConfig": "config",
    "Finetuned": "recipe",
    "FinetunedRecommender": "run",
    "TasksConfig": "task_config",
    "TasksTuned": "tune_tasks",
    "finetune": "run",
    "tune_tasks": "tune_tasks",
    "with_tasks": "config",
    "MultiTask": "multi_task",
    "SASRecTrainer": "sasrec",
    "fit_log_linear": "log_linear",
    "model_card": "card",
    "read_config": "config",
    "refit": "refit",
    "train_retriever": "recipe",
}


def __getattr__(name: str) -> object:
    """Import what needs torch only when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
