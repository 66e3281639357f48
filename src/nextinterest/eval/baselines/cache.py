"""Fitted baselines on disk: arrays in an .npz without pickle, everything else in the manifest beside it.

An entry is found by a key over all that shaped it: data, split, config space, seed, arguments, and the
code itself, docstrings and comments left out. Knows nothing of what the arrays mean.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, JsonValue

from nextinterest.artifact_files import MANIFEST, Kind, read_artifact, write_artifact
from nextinterest.data.splits import HeldOut, Split
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import IntegrityError, StorageError
from nextinterest.eval.baselines.matrices import Arrays
from nextinterest.files import not_kept

__all__ = ["cache_key", "code_version", "data_key", "load_entry", "save_entry"]

_log = logging.getLogger(__name__)

_STATE = "state.npz"


class _Fitted(BaseModel):
    """What an entry's manifest says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: dict[str, JsonValue]
    provenance: dict[str, JsonValue]


_BASELINE = Kind(
    "baseline",
    _Fitted,
    remedy="Fit it again.",
    among_others=True,  # the checkpoints of a training that is not finished
)


def code_version(files: Iterable[Path]) -> str:
    """Return a hash over Python files as they run, whatever their comments say."""
    digest = hashlib.sha256()
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                node.body = node.body[1:] or [ast.Pass()]
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()


def _held_out_key(held_out: HeldOut) -> str:
    digest = hashlib.sha256(held_out.histories.log.fingerprint.encode())
    for column in (held_out.histories.users, held_out.histories.ends, held_out.targets):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def data_key(split: Split, catalog: Catalog, item_vectors: FloatArray | None) -> dict[str, str]:
    """Return the fingerprints of what is learned from and chosen by."""
    vectors = "" if item_vectors is None else hashlib.sha256(item_vectors.tobytes()).hexdigest()
    return {
        "split": split.name,
        "train": split.train.fingerprint,
        "validation": _held_out_key(split.validation),
        "catalog": catalog.fingerprint,
        "item_vectors": vectors,
    }


def cache_key(inputs: Mapping[str, object]) -> str:
    """Return the key of an entry, 24 hexadecimal digits."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:24]


def save_entry(
    folder: Path, state: Arrays, config: Mapping[str, object], provenance: Mapping[str, object]
) -> None:
    """Write an entry; the manifest goes last, so that an entry without one counts as unfinished.

    Where the folder cannot be written to, nothing is kept, which is said once a process and folder.
    """
    with io.BytesIO() as buffer:
        np.savez(buffer, allow_pickle=False, **state)
        data = buffer.getvalue()
    content = _Fitted.model_validate_json(
        json.dumps({"config": dict(config), "provenance": dict(provenance)}, allow_nan=False)
    )
    try:
        write_artifact(folder, _BASELINE, content, {_STATE: data})
    except StorageError as error:
        not_kept(folder.parent, "Fitted baselines", error)


def load_entry(folder: Path) -> tuple[Arrays, dict[str, object], dict[str, object]] | None:
    """Return state, config and provenance of an entry; None where there is none that can be trusted."""
    if not (folder / MANIFEST).exists():
        return None
    try:
        entry = read_artifact(folder, _BASELINE)
        data = entry.read(_STATE)
    except IntegrityError as error:
        _log.warning("%s The cached baseline is fitted anew.", error.message)
        return None
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        state: Arrays = {name: archive[name] for name in archive.files}
    return state, dict(entry.content.config), dict(entry.content.provenance)
