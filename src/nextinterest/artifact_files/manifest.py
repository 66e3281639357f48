"""The manifest of every directory that the package writes, and the kinds of directories there are."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from nextinterest.errors import IntegrityError
from nextinterest.version import __version__

__all__ = [
    "MANIFEST",
    "SCHEMA_VERSION",
    "Content",
    "Content_co",
    "FileEntry",
    "Kind",
    "MadeFrom",
    "Manifest",
    "NamedModel",
    "command_line",
    "invalid",
]

MANIFEST = "manifest.json"

SCHEMA_VERSION = 2
"""Version of `Manifest`. The directories of nextinterest 0.1 had several manifests each, of other forms."""

Content = TypeVar("Content", bound=BaseModel)
"""Model of what a kind of directory keeps in its manifest."""

Content_co = TypeVar("Content_co", bound=BaseModel, covariant=True)

_PACKAGES = ("faiss-cpu", "numpy", "peft", "safetensors", "torch", "transformers")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = [("nextinterest", __version__), ("python", ".".join(map(str, sys.version_info[:3])))]
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


class FileEntry(BaseModel):
    """One file of a directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(description="Where it lies below the directory, with slashes.")
    sha256: str
    size: int = Field(description="In bytes.", ge=0)

    @field_validator("path")
    @classmethod
    def _stays_below(cls, path: str) -> str:
        pure = PurePosixPath(path)
        if not pure.parts or pure.is_absolute() or ".." in pure.parts or "\\" in path or ":" in path:
            raise ValueError("a file lies below its directory")
        return path


class NamedModel(BaseModel):
    """A model that is not copied: what it is called, and what it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="An asset's name, a folder or a hub id.")
    fingerprint: str


class MadeFrom(BaseModel):
    """What a directory was made from, as far as who wrote it knew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(default="", description="Name of the data set.")
    data_fingerprint: str = Field(default="", description="SHA-256 over its catalogue and events.")
    command: str = Field(default="", description="The command line; empty where Python wrote it.")
    run: str = Field(
        default="", description="SHA-256 of the data and options of a training, by which it is known again."
    )
    versions: dict[str, str] = Field(
        default_factory=lambda: dict(_versions()), description="Of Python and of packages, by name."
    )


class Manifest(BaseModel):
    """The manifest of every directory that the package writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int
    kind: str = Field(description="What the directory holds, such as ``recommender``.")
    made_from: MadeFrom
    content: dict[str, JsonValue] = Field(description="What its kind needs, as its own model says.")
    files: dict[str, FileEntry] = Field(description="Every file, by the name its readers ask for.")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Content_co]):
    """One kind of directory.

    Attributes
    ----------
    name
        Written into the manifest, and used in messages.
    content
        Model of the manifest's ``content``.
    remedy
        Sentence that says how a damaged directory is made again; it follows every refusal.
    command
        The same on the command line, where it differs.
    earlier
        Names that directories of this kind had in nextinterest 0.1, the file that tells them first. They
        are removed when a directory is written in the form of this version.
    upgradable
        Whether ``nextinterest upgrade`` brings such a directory into the form of this version.
    marks
        Further names by which a directory whose writing broke off is known to be of this kind.
    among_others
        Whether it is written among files of others, which are no reason to refuse the directory.
    manifest
        File name of the manifest.
    """

    name: str
    content: type[Content_co]
    remedy: str
    command: str = ""
    earlier: tuple[str, ...] = ()
    upgradable: bool = False
    marks: tuple[str, ...] = ()
    among_others: bool = False
    manifest: str = MANIFEST

    def error(self, message: str) -> IntegrityError:
        """Return the refusal of a directory of this kind, with how to make it again."""
        return IntegrityError(message, remedy=self.remedy, command=self.command)


def command_line() -> str:
    """Return the command line of this process, to be run again in a shell."""
    return shlex.join(["nextinterest", *sys.argv[1:]])


def invalid(error: ValidationError) -> str:
    """Return the first thing that a model found wrong, in one line that ends with a full stop."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    more = "" if error.error_count() == 1 else f" (and {error.error_count() - 1} more)"
    return f"{where}: {first['msg']}{more}." if where else f"{first['msg']}{more}."
