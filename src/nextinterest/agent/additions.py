"""What a recommender directory gets later: a tuned choice, weights of its own for the interest forecast.

The directory is at every moment the one before or the one after.
"""

from __future__ import annotations

from pathlib import Path

from nextinterest.agent.artifact import FORECAST, README, RECOMMENDER, forecast_file, named_models
from nextinterest.agent.config import AgentConfig
from nextinterest.agent.engine import Engine
from nextinterest.artifact_files import read_artifact, update_artifact
from nextinterest.errors import IntegrityError
from nextinterest.interests.model import ForecastModel
from nextinterest.retrieval.rerank.tuned_choice import CARD_HEADING, read_tuned

__all__ = ["add_choice", "add_forecast_model", "set_choice_weight"]


def add_forecast_model(directory: Path, model: ForecastModel) -> None:
    """Give a recommender directory weights of its own for the interest forecast, in place of any it has.

    Raises
    ------
    IntegrityError
        If the directory holds no recommender.
    """
    update_artifact(read_artifact(directory, RECOMMENDER), files={FORECAST: forecast_file(model)})


def set_choice_weight(directory: Path, weight: float, engine: Engine) -> None:
    """Give a recommender directory a fitted weight of the choice, and the model that it was fitted for.

    Parameters
    ----------
    directory
        A recommender directory.
    weight
        The weight.
    engine
        Whose models and other settings are written with it.

    Raises
    ------
    IntegrityError
        If the directory holds no recommender.
    ModelError
        If a model of the engine has no name by which it could be loaded again.
    """
    saved = read_artifact(directory, RECOMMENDER)
    config = engine.config.model_copy(update={"choice_weight": weight})
    model, roles = named_models(engine)
    changes = {"config": config, "language_model": model, "roles": roles}
    update_artifact(saved, content=saved.content.model_copy(update=changes))


def add_choice(tuned: Path, directory: Path) -> AgentConfig:
    """Give a recommender directory a choice tuned by ``nextinterest finetune-task choice``.

    Its settings become those under which the choice was tuned, its weight that fitted on validation, which
    may be 0; the card gets the figures.

    Parameters
    ----------
    tuned
        What the tuning wrote.
    directory
        A recommender directory.

    Returns
    -------
    AgentConfig
        The directory's new settings.

    Raises
    ------
    IntegrityError
        If files are missing or changed, the template is another version, or the choice was tuned on another
        split than the recommender.
    """
    saved = read_artifact(directory, RECOMMENDER)
    content, read = saved.content, read_tuned(tuned)
    if content.retriever.learned is not None:
        learned = content.retriever.learned.provenance
        if (read.data, read.tuned.split) != (learned.data, learned.split):
            raise IntegrityError(
                f"The choice in {tuned} was tuned on {read.tuned.split} of {read.data!r}, the "
                f"recommender in {directory} learned from {learned.split} of {learned.data!r}.",
                remedy="Tune the choice with --retriever of this directory, and the same data and split.",
            )
    path = directory / README
    kept = path.read_text(encoding="utf-8").split(CARD_HEADING)[0].rstrip() if path.is_file() else ""
    settings = content.config.model_copy(update=read.settings())
    record = read.record(content.retriever.catalog)
    changed = {"config": settings, "choice": record, "template_hash": record.template_hash}
    update_artifact(
        saved,
        content=content.model_copy(update=changed),
        files={**read.files(), README: f"{kept}\n\n{read.card()}".encode()},
    )
    return settings
