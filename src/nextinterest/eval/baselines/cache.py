"""Fitted baselines on disk: arrays in an .npz without pickle, everything else in a JSON manifest beside it.

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

from nextinterest.data.splits import HeldOut, Split
from nextinterest.domain import Catalog, FloatArray
from nextinterest.errors import StorageError
from nextinterest.eval.baselines.matrices import Arrays
from nextinterest.files import not_kept, write_atomic

__all__ = ["cache_key", "code_version", "data_key", "load_entry", "save_entry"]

_log = logging.getLogger(__name__)

_STATE, _MANIFEST = "state.npz", "manifest.json"


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
    manifest = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "config": dict(config),
        "provenance": dict(provenance),
    }
    try:
        write_atomic(folder / _STATE, data)
        write_atomic(folder / _MANIFEST, json.dumps(manifest, indent=2, allow_nan=False).encode())
    except StorageError as error:
        not_kept(folder.parent, "Fitted baselines", error)


def load_entry(folder: Path) -> tuple[Arrays, dict[str, object], dict[str, object]] | None:
    """Return state, config and provenance of an entry; None where there is none that can be trusted."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        expected, config, provenance = manifest["sha256"], manifest["config"], manifest["provenance"]
        data = (folder / _STATE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("The cached baseline in %s cannot be read (%s); it is fitted anew.", folder, error)
        return None
    if hashlib.sha256(data).hexdigest() != expected:
        _log.warning("The cached baseline in %s does not match its hash; it is fitted anew.", folder)
        return None
    with np.load(folder / _STATE, allow_pickle=False) as archive:
        state: Arrays = {name: archive[name] for name in archive.files}
    return state, config, provenance
