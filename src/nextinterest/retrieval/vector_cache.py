"""Vectors of texts on disk, found by the SHA-256 of each text.

A cache is a folder of shards. A shard is a safetensors file that is never changed, named by the SHA-256 of
its own bytes and moved into place whole, so that any number of processes may read and write at once: the
worst that can happen is that two encode the same text. Small shards are merged when many have gathered.
Knows nothing of what computes the vectors; one folder belongs to one encoder.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from nextinterest.artifact_files import sha256
from nextinterest.domain import FloatArray
from nextinterest.errors import StorageError
from nextinterest.files import not_kept, storing, write_atomic

__all__ = ["VectorCache"]

_log = logging.getLogger(__name__)
_MAX_SHARDS = 32
_Keys = NDArray[np.void]


class VectorCache:
    """Vectors by text, in a folder.

    Parameters
    ----------
    directory
        The folder; made at the first `store`.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def lookup(self, texts: Sequence[str]) -> tuple[NDArray[np.bool_], FloatArray]:
        """Return which texts are known, shape (n,), and their vectors, shape (n, dimension).

        Rows of unknown texts are zero; the dimension is 0 in an empty cache.
        """
        wanted = _keys(texts)
        found = np.zeros(len(texts), dtype=np.bool_)
        vectors: FloatArray = np.zeros((len(texts), 0), dtype=np.float32)
        for _, keys, rows in self._shards():
            if vectors.shape[1] == 0:
                vectors = np.zeros((len(texts), rows.shape[1]), dtype=np.float32)
            order = np.argsort(keys)
            position = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
            here = order[position]
            hit = keys[here] == wanted
            vectors[hit] = rows[here[hit]]
            found |= hit
            if found.all():
                break
        return found, vectors

    def store(self, texts: Sequence[str], vectors: FloatArray) -> None:
        """Add the vectors of some texts, shape (n, dimension); a folder that takes no files keeps none."""
        if not texts:
            return
        try:
            self._write(_keys(texts), vectors)
            if len(list(self.directory.glob("*.safetensors"))) > _MAX_SHARDS:
                self._merge()
        except StorageError as error:
            not_kept(self.directory.parent, "Vectors of texts", error)

    def _write(self, keys: _Keys, vectors: FloatArray) -> Path:
        raw = np.ascontiguousarray(keys).view(np.uint8).reshape(-1, 32)
        data = save({"keys": raw, "vectors": np.ascontiguousarray(vectors, dtype=np.float32)})
        path = self.directory / f"{sha256(data)}.safetensors"
        write_atomic(path, data)
        return path

    def _shards(self) -> list[tuple[Path, _Keys, FloatArray]]:
        """Read all shards, oldest name first; a damaged one is deleted, and its texts are encoded again."""
        shards = []
        for path in sorted(self.directory.glob("*.safetensors")):
            try:
                data = path.read_bytes()
            except OSError:
                continue  # another process merged it away; at worst its texts are encoded again
            try:
                if sha256(data) != path.stem:
                    raise SafetensorError("its bytes do not match its name")
                tensors = load(data)
                keys, rows = tensors["keys"], tensors["vectors"]
            except (SafetensorError, KeyError) as error:
                _log.warning("Cached vectors in %s are damaged (%s); they are computed again.", path, error)
                with suppress(OSError):  # where it cannot be removed it is passed over each time
                    path.unlink()
                continue
            if len(keys):
                shards.append((path, np.ascontiguousarray(keys).view("V32").ravel(), rows))
        return shards

    def _merge(self) -> None:
        """Write one shard that holds all others, then delete those. One process at a time does it."""
        try:
            with storing(self.directory), FileLock(self.directory / "merge.lock", timeout=0):
                shards = self._shards()
                keys = np.concatenate([shard[1] for shard in shards])
                rows = np.concatenate([shard[2] for shard in shards])
                _, first = np.unique(keys, return_index=True)
                whole = self._write(keys[first], rows[first])
                for path, _, _ in shards:
                    if path != whole:
                        path.unlink(missing_ok=True)
        except Timeout:
            _log.debug("Another process is merging %s.", self.directory)


def _keys(texts: Sequence[str]) -> _Keys:
    """Return the SHA-256 of each text as 32 opaque bytes, shape (n,)."""
    raw = b"".join(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts)
    return np.frombuffer(raw, dtype="V32")
