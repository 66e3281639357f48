"""Files that are whole or absent. What the disk refuses is one error of ours that names the path."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextinterest.errors import StorageError

__all__ = ["not_kept", "storing", "write_atomic"]

_log = logging.getLogger(__name__)
_said: set[tuple[Path, str]] = set()


def not_kept(folder: Path, what: str, error: StorageError) -> None:
    """Warn that a cache keeps nothing, once a process for each folder: it only costs time.

    Parameters
    ----------
    folder
        The cache.
    what
        What is not kept, in the plural.
    error
        Why.
    """
    if (folder, what) not in _said:
        _said.add((folder, what))
        _log.warning(
            "%s are not kept in %s and are computed again each time. %s Another folder for what is cached "
            "can be named in NEXTINTEREST_HOME.",
            what,
            folder,
            error.message,
        )


def write_atomic(path: Path, data: bytes) -> str:
    """Write a file under a temporary name, then move it into place; return its SHA-256.

    Raises
    ------
    StorageError
        If it cannot be written; what was there before stays, and nothing half-written is left.
    """
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    return hashlib.sha256(data).hexdigest()


@contextmanager
def storing(path: Path, *, command: str = "") -> Iterator[None]:
    """Make an `OSError` of what is written here a `StorageError` that names the path.

    Parameters
    ----------
    path
        What is written.
    command
        What to do on the command line; empty for the same as in Python.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}.",
            remedy="Free some space, or choose a folder that can be written to.",
            command=command,
        ) from error
