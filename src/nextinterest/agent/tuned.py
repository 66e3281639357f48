"""What a language model was taught for a recommender: one adapter in its directory, and what it is for.

    tasks/        PEFT's own adapter_config.json and adapter_model.safetensors

The record in the manifest names the tasks, the templates they were learned under, and their figures on
validation. Knows nothing of how anything is trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from nextinterest.artifact_files import Artifact, NamedModel
from nextinterest.errors import IntegrityError
from nextinterest.prompts import PromptTemplate
from nextinterest.prompts.flat_request import request_template

__all__ = ["FOLDER", "TaskRecord", "Tuned", "TunedRecord", "TunedRole", "template_named"]

FOLDER = "tasks"
"""Folder of the adapter in a recommender directory."""

TunedRole = Literal["generate", "rerank", "understand"]


class TaskRecord(BaseModel):
    """What a manifest says of one task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    templates: dict[str, str]
    """The templates it was learned under: name and hash."""
    default: bool
    """Whether the recommender does this by the language model where nothing else is asked for: so where it
    was better on validation than what needs no model. Of generation, whether what is generated is searched
    in every recommendation."""
    validation: dict[str, dict[str, float]]
    """Measures on validation events or wordings, by what they are of."""


class TunedRecord(BaseModel):
    """What a recommender's manifest says of a tuned language model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: NamedModel
    """The model below the adapter, and its fingerprint without it."""
    tasks: dict[TunedRole, TaskRecord]
    config: dict[str, JsonValue]
    """Options of the tuning."""
    steps: int
    epoch: int
    training: str = ""
    """What it took, in words."""


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A tuned adapter in a recommender directory.

    Attributes
    ----------
    record
        What it is for.
    saved
        The directory that holds it.
    """

    record: TunedRecord
    saved: Artifact[BaseModel]

    def checked(self) -> Path:
        """Return the adapter's folder.

        Raises
        ------
        IntegrityError
            If a file is missing or changed, or a template is another version than the one learned under.
        """
        for task, own in self.record.tasks.items():
            for name, expected in own.templates.items():
                found = template_named(name).hash
                if found != expected:
                    raise IntegrityError(
                        f"The language model in {self.saved.directory} learned to {task} under another "
                        f"version of the template {name!r}: {expected[:12]}, not {found[:12]}.",
                        remedy="Use the version of nextinterest it was tuned with, or tune it again with: "
                        "nextinterest finetune --tasks ...",
                    )
        return self.saved.folder(FOLDER)

    @property
    def reads(self) -> bool:
        """Whether it reads messages where nothing else is asked for."""
        own = self.record.tasks.get("understand")
        return own is not None and own.default

    def files(self) -> dict[str, bytes]:
        """Return the adapter's files by name, checked, to be written into another directory."""
        return {name: self.saved.read(name) for name in self.saved.names(FOLDER)}


def template_named(name: str) -> PromptTemplate:
    """Return a template by the name that a record has."""
    own = request_template()
    return own if name == own.name else PromptTemplate.named(name)
