"""Writing a directory: its files under names that nobody reads yet, then the manifest, in one step."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, JsonValue

from nextinterest.artifact_files.manifest import SCHEMA_VERSION, Content, FileEntry, Kind, MadeFrom, Manifest
from nextinterest.artifact_files.reading import Artifact, kind_of, sha256
from nextinterest.errors import StorageError
from nextinterest.files import check_output, storing, write_atomic

__all__ = ["check_target", "update_artifact", "write_artifact"]

_README = "README.md"


def check_target(directory: Path, kind: Kind[BaseModel]) -> None:
    """Refuse to write into a directory that holds other things, before anything is computed or written.

    Raises
    ------
    StorageError
        If it is a file, holds another kind of directory, or files of no kind.
    """
    held = kind_of(directory / kind.manifest)
    if held is not None and held != kind.name:
        raise StorageError(
            f"{directory} holds a {held}, and a {kind.name} is to be written.",
            remedy="Give a folder that is new, empty, or such a one already.",
        )
    if held is None and not kind.among_others:
        check_output(directory, (*kind.earlier, *kind.marks), kind.name)


def write_artifact(
    directory: Path,
    kind: Kind[Content],
    content: Content,
    files: Mapping[str, bytes],
    made_from: MadeFrom | None = None,
    *,
    said_only: bool = False,
) -> Artifact[Content]:
    """Write a directory, in place of the one of this kind that is there.

    Parameters
    ----------
    directory
        Where to; other files in it stay.
    kind, content
        What it is.
    files
        All its files by name, with slashes; a folder is replaced as a whole.
    made_from
        What it was made from; None says the versions only.
    said_only
        Whether fields of the content that were not set stay unsaid, because their defaults may change.

    Raises
    ------
    StorageError
        If the directory holds something else, or cannot be written; what was there stays loadable.
    """
    check_target(directory, kind)
    fields = content.model_dump(mode="json", exclude_unset=said_only)
    return _commit(directory, kind, content, fields, made_from or MadeFrom(), {}, files)


def update_artifact(
    artifact: Artifact[Content],
    *,
    content: Content | None = None,
    files: Mapping[str, bytes] | None = None,
    without: Collection[str] = (),
) -> Artifact[Content]:
    """Replace some of what a directory holds.

    Fields of the content that its manifest did not say stay unsaid, because their defaults may change.

    Parameters
    ----------
    artifact
        The directory as it was read.
    content
        The new content, made from the old one by ``model_copy``; None keeps it.
    files
        New files, and new versions of old ones; the other files of their folders go.
    without
        Names that go: files, or folders.
    """
    files = files or {}
    gone = {*without, *map(_unit, files)}
    kept = {
        name: entry
        for name, entry in artifact.manifest.files.items()
        if name not in gone and _unit(name) not in gone
    }
    new = artifact.content if content is None else content
    fields = new.model_dump(mode="json", exclude_unset=True)
    return _commit(artifact.directory, artifact.kind, new, fields, artifact.manifest.made_from, kept, files)


def _commit(
    directory: Path,
    kind: Kind[Content],
    content: Content,
    fields: dict[str, JsonValue],
    made_from: MadeFrom,
    kept: Mapping[str, FileEntry],
    files: Mapping[str, bytes],
) -> Artifact[Content]:
    """Write the files under names that the manifest in force does not use, then the manifest."""
    path = directory / kind.manifest
    before = _files_of(path)
    entries = dict(kept) | _entries(files, before)
    for name in sorted(files, key=lambda name: name == _README):
        _write(directory / entries[name].path, files[name], entries[name])
    manifest = Manifest(
        schema_version=SCHEMA_VERSION, kind=kind.name, made_from=made_from, content=fields, files=entries
    )
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, sort_keys=True)
    write_atomic(path, (text + "\n").encode())
    with storing(directory):
        stale = {path for name in files for path in _versions_of(_unit(name), directory)}
        _remove(directory, {*(entry.path for entry in before.values()), *kind.earlier, *stale}, entries)
    return Artifact(directory, kind, manifest, content)


def _entries(files: Mapping[str, bytes], before: Mapping[str, FileEntry]) -> dict[str, FileEntry]:
    """Return where each file goes: its own name, or one beside it while that holds another version."""
    taken = {entry.path: entry.sha256 for entry in before.values()}
    hashes = {name: sha256(data) for name, data in files.items()}
    found: dict[str, FileEntry] = {}
    for unit in {_unit(name): None for name in files}:
        inside = sorted(name for name in files if _unit(name) == unit)
        folder = unit
        if unit != _README and any(taken.get(name, hashes[name]) != hashes[name] for name in inside):
            mark = sha256("".join(hashes[name] for name in inside).encode())[:8]
            pure = PurePosixPath(unit)
            folder = f"{pure.stem}-{mark}{pure.suffix}"
        for name in inside:
            where = str(PurePosixPath(folder, *PurePosixPath(name).parts[1:]))
            found[name] = FileEntry(path=where, sha256=hashes[name], size=len(files[name]))
    return found


def _write(path: Path, data: bytes, entry: FileEntry) -> None:
    with storing(path):
        same = (
            path.is_file() and path.stat().st_size == entry.size and sha256(path.read_bytes()) == entry.sha256
        )
    if not same:
        write_atomic(path, data)


def _remove(directory: Path, names: Collection[str], entries: Mapping[str, FileEntry]) -> None:
    """Remove what no entry needs, and the folders that are empty then."""
    used = {entry.path for entry in entries.values()}
    used |= {str(parent) for path in used for parent in PurePosixPath(path).parents}
    for name in sorted(set(names) - used):
        path = directory / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == directory or not parent.is_dir() or any(parent.iterdir()):
                break
            parent.rmdir()


def _versions_of(unit: str, directory: Path) -> list[str]:
    """Return what lies beside a name as another version of it, perhaps of a process that was killed."""
    pure = PurePosixPath(unit)
    form = re.compile(f"{re.escape(pure.stem)}-[0-9a-f]{{8}}{re.escape(pure.suffix)}")
    return [path.name for path in directory.iterdir() if form.fullmatch(path.name)]


def _unit(name: str) -> str:
    return PurePosixPath(name).parts[0]


def _files_of(path: Path) -> dict[str, FileEntry]:
    """Return the files of the manifest in force; none where none can be read."""
    try:
        return Manifest.model_validate_json(path.read_bytes()).files
    except (OSError, ValueError):
        return {}
