"""Learning from data: what is to be next, and what each part of the answer weighs.

    recipe            from a data set to a trained retriever: `train_retriever`
    refit             the same on all events, by the epochs and weights that the split gave
    config            the options of a run, as the YAML files in ``configs/`` hold it
    encoder_task      the sequence encoder: dense cross-entropy over the catalogue
    sasrec            the same without text, as the baseline of evaluation
    language_recipe   the language model's item softmax: adapters, head, frozen layers kept on disk
    tune_choice       the language model chooses among a retriever's candidates, by letters
    tune_supervised   it writes the next title, or its JSON; causal and encoder-decoder models
    multi_task        several of these tasks in one run
    pool_fit          weights of the parts, fitted on validation events
    loop              the one training loop, resumable and distributed; a `Task` says what is trained
    card              the model card; `nextinterest.agent.artifact` writes the recommender directory

`docs/learning.md` explains all of it, `docs/training.md` how runs are launched, stopped and continued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextinterest.finetune.card import model_card
    from nextinterest.finetune.config import FinetuneConfig, read_config
    from nextinterest.finetune.log_linear import LogLinearFit, fit_log_linear
    from nextinterest.finetune.multi_task import MultiTask
    from nextinterest.finetune.recipe import Finetuned, train_retriever
    from nextinterest.finetune.refit import refit
    from nextinterest.finetune.sasrec import SASRecTrainer
    from nextinterest.finetune.task_config import ChoiceConfig, SupervisedConfig

__all__ = [
    "ChoiceConfig",
    "FinetuneConfig",
    "Finetuned",
    "LogLinearFit",
    "MultiTask",
    "SASRecTrainer",
    "SupervisedConfig",
    "fit_log_linear",
    "model_card",
    "read_config",
    "refit",
    "train_retriever",
]

_HOMES = {
    "LogLinearFit": "log_linear",
    "ChoiceConfig": "task_config",
    "FinetuneConfig": "config",
    "Finetuned": "recipe",
    "MultiTask": "multi_task",
    "SASRecTrainer": "sasrec",
    "SupervisedConfig": "task_config",
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
