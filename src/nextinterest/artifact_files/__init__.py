"""What the package writes to be read again: some files and one manifest that names each by SHA-256 and size.

    manifest.json    schema version, kind, what it was made from, the content of its kind, its files

Every directory of the package has this form: recommenders, tuned adapters, checkpoints, fitted baselines,
evaluation runs. What the content means is known to who reads the kind.

Nothing is opened before its hash was found right, and nothing is unpickled. The manifest is replaced last, in
one step, and the files that the manifest in force names are not touched until then: a new version of one gets
a name beside it. A directory is therefore at every moment the one before or the one after, also when a
process is killed or the disk is full. Only ``README.md``, which people read and no loader does, keeps its
name. Hashes guard against damage and mix-ups, not against someone who rewrites files and manifest together.
"""

from __future__ import annotations

from nextinterest.artifact_files.manifest import (
    MANIFEST,
    SCHEMA_VERSION,
    FileEntry,
    Kind,
    MadeFrom,
    Manifest,
    NamedModel,
    command_line,
    invalid,
)
from nextinterest.artifact_files.reading import Artifact, kind_of, read_artifact, read_verified, sha256
from nextinterest.artifact_files.writing import check_target, update_artifact, write_artifact

__all__ = [
    "MANIFEST",
    "SCHEMA_VERSION",
    "Artifact",
    "FileEntry",
    "Kind",
    "MadeFrom",
    "Manifest",
    "NamedModel",
    "check_target",
    "command_line",
    "invalid",
    "kind_of",
    "read_artifact",
    "read_verified",
    "sha256",
    "update_artifact",
    "write_artifact",
]
