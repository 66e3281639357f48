"""What a recommender directory gets later: a tuned language model, weights of its own for the forecast.

The directory is at every moment the one before or the one after.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nextinterest.agent.artifact import FORECAST, README, RECOMMENDER, forecast_file
from nextinterest.agent.engine import Engine
from nextinterest.agent.named import named_models
from nextinterest.agent.tuned import TunedRecord
from nextinterest.artifact_files import read_artifact, update_artifact
from nextinterest.interests.model import ForecastModel
from nextinterest.prompts import PromptTemplate
from nextinterest.retrieval import Retriever
from nextinterest.retrieval.saving import RELATIONS, with_likeness

__all__ = ["CARD_HEADING", "add_forecast_model", "add_likeness", "add_tuned", "set_choice_weight"]

CARD_HEADING = "## Tasks of the language model"


def add_forecast_model(directory: Path, model: ForecastModel) -> None:
    """Give a recommender directory weights of its own for the interest forecast, in place of any it has.

    Raises
    ------
    IntegrityError
        If the directory holds no recommender.
    """
    update_artifact(read_artifact(directory, RECOMMENDER), files={FORECAST: forecast_file(model)})


def add_likeness(directory: Path, retriever: Retriever) -> None:
    """Give a recommender directory what says how alike items are, in place of any it has; ranking stays.

    Raises
    ------
    IntegrityError
        If the directory holds no recommender.
    """
    saved = read_artifact(directory, RECOMMENDER)
    made = with_likeness(saved.content.retriever, retriever)
    content = saved.content.model_copy(update={"retriever": made.content})
    without = () if made.files else (RELATIONS,)
    update_artifact(saved, content=content, files=made.files, without=without)


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
    config = engine.config.model_copy(update={"choice_weight": weight, "choice_share": 0.0})
    model, roles = named_models(engine, directory)
    tuned = None if engine.tuned is None else engine.tuned.record
    changes = {"config": config, "language_model": model, "roles": roles, "tuned": tuned}
    update_artifact(saved, content=saved.content.model_copy(update=changes))


def add_tuned(
    directory: Path,
    record: TunedRecord,
    adapter: Mapping[str, bytes],
    settings: Mapping[str, object],
    card: str,
) -> None:
    """Give a recommender directory a tuned language model, in place of any it has.

    Parameters
    ----------
    directory
        A recommender directory.
    record
        What the model was taught.
    adapter
        Its files by name.
    settings
        Settings of the agent that go with it, by name.
    card
        Its section of the card, beginning with `CARD_HEADING`.

    Raises
    ------
    IntegrityError
        If the directory holds no recommender.
    """
    saved = read_artifact(directory, RECOMMENDER)
    path = directory / README
    kept = path.read_text(encoding="utf-8").split(CARD_HEADING)[0].rstrip() if path.is_file() else ""
    config = saved.content.config.model_copy(update=dict(settings))
    changed = {
        "config": config,
        "language_model": record.base,
        "template_hash": PromptTemplate.named(config.template).hash,
        "tuned": record,
    }
    update_artifact(
        saved,
        content=saved.content.model_copy(update=changed),
        files={**adapter, README: f"{kept}\n\n{card}".encode()},
    )
