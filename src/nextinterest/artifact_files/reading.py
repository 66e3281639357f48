"""Reading a directory: its manifest at once, each file, checked, when it is asked for."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Generic

from pydantic import BaseModel, ValidationError

from nextinterest.artifact_files.manifest import SCHEMA_VERSION, Content, Content_co, Kind, Manifest, invalid
from nextinterest.errors import IntegrityError
from nextinterest.version import __version__

__all__ = ["Artifact", "kind_of", "read_artifact", "read_verified", "sha256"]


@dataclass(frozen=True, slots=True)
class Artifact(Generic[Content_co]):
    """A directory whose manifest was read.

    Attributes
    ----------
    directory
        Where it is.
    kind
        What it is.
    manifest
        What its manifest says.
    content
        The manifest's content, validated.
    """

    directory: Path
    kind: Kind[Content_co]
    manifest: Manifest
    content: Content_co

    def names(self, folder: str = "") -> list[str]:
        """Return the names of its files, or of those in one of its folders."""
        return [name for name in self.manifest.files if not folder or name.startswith(f"{folder}/")]

    def read(self, name: str) -> bytes:
        """Return a file's bytes, checked.

        Raises
        ------
        IntegrityError
            If the manifest does not name it, it is missing, or it holds other bytes.
        """
        entry = self.manifest.files.get(name)
        if entry is None:
            raise self.kind.error(f"{self.directory / self.kind.manifest} names no file {name}.")
        return read_verified(self.directory / entry.path, entry.sha256, self.kind)

    def folder(self, name: str) -> Path:
        """Return one of its folders, every file in it checked, for libraries that read folders.

        Raises
        ------
        IntegrityError
            If the manifest names no file in it, or one is missing or holds other bytes.
        """
        names = self.names(name)
        if not names:
            raise self.kind.error(f"{self.directory / self.kind.manifest} names no folder {name}.")
        for file in names:
            self.read(file)
        inner = PurePosixPath(names[0]).relative_to(name)
        path = PurePosixPath(self.manifest.files[names[0]].path)
        return self.directory.joinpath(*path.parts[: len(path.parts) - len(inner.parts)])


def sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_artifact(directory: Path, kind: Kind[Content]) -> Artifact[Content]:
    """Read a directory's manifest; its files are read, and checked, when they are asked for.

    Raises
    ------
    IntegrityError
        If there is no manifest, it is of another kind or form, or it does not say what its kind needs. A
        directory of nextinterest 0.1 is named as such.
    """
    path = directory / kind.manifest
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _without_manifest(directory, kind) from None
    except OSError as error:
        raise kind.error(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        manifest = _parsed(path, data, kind)
        if manifest.kind != kind.name:
            raise IntegrityError(
                f"{directory} holds a {manifest.kind}, not a {kind.name}.",
                remedy=f"Give a folder with a {kind.name}.",
            )
        content = kind.content.model_validate(manifest.content)
    except ValidationError as error:
        raise kind.error(
            f"{path} cannot be read as the manifest of a {kind.name}: {invalid(error)}"
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise kind.error(f"{path} is not JSON: {error}.") from error
    return Artifact(directory, kind, manifest, content)


def read_verified(path: Path, expected: str, kind: Kind[BaseModel] | None = None) -> bytes:
    """Read a file and return its bytes only if their SHA-256 is the expected one.

    Raises
    ------
    IntegrityError
        If the file is missing or holds other bytes; where only its line ends differ, the message says so.
    """
    remedy = "Build and save it again." if kind is None else kind.remedy
    command = "" if kind is None else kind.command
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise IntegrityError(f"{path} is missing.", remedy=remedy, command=command) from None
    found = sha256(data)
    if found == expected:
        return data
    if sha256(data.replace(b"\r\n", b"\n")) == expected:
        raise IntegrityError(
            f"The line ends of {path} were converted to CRLF; its manifest is of the file with LF.",
            remedy="Git does this where core.autocrlf is set, as on Windows: put a .gitattributes with "
            "the line '* -text' into that folder, delete its other files and check them out again.",
        )
    raise IntegrityError(
        f"{path} has SHA-256 {found[:16]}..., its manifest says {expected[:16]}...: it was "
        "damaged, or belongs to another save.",
        remedy=remedy,
        command=command,
    )


def kind_of(path: Path) -> str | None:
    """Return the kind that a manifest names, None where there is none to be read."""
    try:
        raw = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    kind = raw.get("kind") if isinstance(raw, dict) else None
    return kind if isinstance(kind, str) and "schema_version" in raw else None


def _parsed(path: Path, data: bytes, kind: Kind[BaseModel]) -> Manifest:
    raw = json.loads(data)
    if isinstance(raw, dict) and "schema_version" not in raw:
        raise kind.error(
            f"{path} cannot be read as the manifest of a {kind.name}: it has no schema version, so "
            "nextinterest 0.1 or another program wrote it."
        )
    found = raw.get("schema_version") if isinstance(raw, dict) else None
    if isinstance(found, int) and found > SCHEMA_VERSION:
        raise IntegrityError(
            f"{path} was written by a later version of nextinterest: its form is {found}, this is "
            f"nextinterest {__version__}, which reads {SCHEMA_VERSION}.",
            remedy="Update it with: pip install -U nextinterest",
        )
    return Manifest.model_validate(raw)


def _without_manifest(directory: Path, kind: Kind[BaseModel]) -> IntegrityError:
    old = kind.earlier[0] if kind.earlier else ""
    if old and (directory / old).exists():
        return IntegrityError(
            f"{directory} was written by nextinterest 0.1 ({old}), and this version reads another form.",
            remedy=f"Bring it into this form with: nextinterest upgrade {shlex.quote(str(directory))}"
            if kind.upgradable
            else kind.remedy,
            command="" if kind.upgradable else kind.command,
        )
    return IntegrityError(
        f"{directory / kind.manifest} is missing.", remedy=f"Give a folder with a {kind.name}, or write one."
    )
