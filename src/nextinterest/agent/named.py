"""How a recommender directory names the models that it does not hold, and finds them again.

A folder that lies in the directory, or beside it, is written as a path from the directory
(``../models/mine``), so that both can be moved together; any other name as it was given, and an endpoint
without credentials.
"""

from __future__ import annotations

import os
from pathlib import Path

from nextinterest.agent.deferred import AgentModel
from nextinterest.agent.engine import Engine
from nextinterest.agent.roles import Role
from nextinterest.artifact_files import NamedModel
from nextinterest.data.assets import ASSETS
from nextinterest.errors import AssetError, ModelError
from nextinterest.llm.loading import files_fingerprint
from nextinterest.llm.opening import name_of
from nextinterest.retrieval import Encoder, encoder_assets

__all__ = [
    "found_from",
    "is_the_saved",
    "named_encoder",
    "named_models",
    "open_text_encoder",
    "seen_from",
]

_RELATIVE = ("./", "../")


def seen_from(name: str, directory: Path) -> str:
    """Return the name of a model as a directory writes it."""
    if name in ASSETS:
        return name
    try:
        folder, home = Path(name).expanduser().resolve(), directory.resolve()
        if not folder.is_dir() or not folder.is_relative_to(home.parent):
            return name
    except (OSError, RuntimeError, ValueError):  # no path at all
        return name
    path = Path(os.path.relpath(folder, home)).as_posix()
    return path if path.startswith("../") else f"./{path}"


def found_from(name: str, directory: Path) -> str:
    """Return the name under which a model is found that a directory names."""
    return str((directory / name).resolve()) if name.startswith(_RELATIVE) else name


def named_models(engine: Engine, directory: Path) -> tuple[NamedModel | None, dict[Role, NamedModel | None]]:
    """Return the names of an engine's language model and of those of single roles, as a manifest has them.

    Raises
    ------
    ModelError
        If one of them has none.
    """
    model = engine.language_model
    own = None if model is None else _named(model, engine.language_model_name, directory)
    roles = {
        role: None if one is None else _named(one, name_of(one), directory)
        for role, one in engine.roles.items()
    }
    return own, roles


def named_encoder(engine: Engine, directory: Path) -> str:
    """Return the name of an engine's text encoder, as a manifest has it.

    Raises
    ------
    ModelError
        If it has none.
    """
    if engine.text_encoder_name is None:
        raise _unnamed()
    return seen_from(engine.text_encoder_name, directory)


def is_the_saved(folder: str | None, named: NamedModel, directory: Path) -> bool:
    """Return whether a name or folder means the model that a directory names, from files alone."""
    if folder is None:
        return False
    if folder in (named.name, found_from(named.name, directory)):
        return True
    path = Path(folder).expanduser()
    return (path / "config.json").is_file() and files_fingerprint(path) == named.fingerprint


def open_text_encoder(name: str, directory: Path, device: str) -> Encoder:
    """Open the text encoder of a directory; where it is not found, say how to name its place."""
    try:
        return encoder_assets.open_encoder(name, device)
    except (AssetError, ModelError) as error:
        raise type(error)(
            f"The text encoder {name!r} of the recommender in {directory} cannot be opened: {error.message}",
            remedy="Say where it lies now with text_encoder=...",
            command="Say where it lies now with --text-encoder.",
        ) from error


def _named(model: AgentModel, name: str | None, directory: Path) -> NamedModel:
    if name is None:
        raise _unnamed()
    return NamedModel(name=seen_from(name, directory), fingerprint=model.fingerprint)


def _unnamed() -> ModelError:
    return ModelError(
        "This agent was given its models as objects, so a directory could not name them.",
        remedy="Build it with names of models, such as language_model='FOLDER'.",
    )
