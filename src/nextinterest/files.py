"""Files that are whole or absent. What the disk refuses is one error of ours that names the path."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nextinterest.errors import StorageError

__all__ = ["check_output", "discarded_on_failure", "not_kept", "storing", "write_atomic"]

_FULL = "Free some space, or choose a folder that can be written to."
_REMEDIES = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EFBIG: _FULL}
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


def check_output(folder: Path, marks: Collection[str], what: str) -> None:
    """Refuse to write into a folder that holds other things, before anything is written.

    Parameters
    ----------
    folder
        Where to write.
    marks
        Files of which one at least is in every folder of this kind, by their paths in it; such a folder is
        replaced.
    what
        What is to be written, for the message.

    Raises
    ------
    StorageError
        If it is a file, or a folder that is not empty and has none of the marks.
    """
    if folder.exists() and not folder.is_dir():
        raise StorageError(
            f"{folder} is a file; {what} is a folder.", remedy="Name a folder that does not exist yet."
        )
    with storing(folder):
        names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    if names and not any((folder / mark).exists() for mark in marks):
        held = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        raise StorageError(
            f"{folder} holds other files ({held}) and no {what}.",
            remedy="Give a folder that is new, empty, or such a one already.",
        )


@contextmanager
def discarded_on_failure(folder: Path, keep: Collection[str] = ()) -> Iterator[None]:
    """Remove what the block wrote into a new or empty folder, and the folders it made, where the block fails.

    A folder that held something before is left as it is then.

    Parameters
    ----------
    folder
        Where the block writes.
    keep
        Patterns of files (``Path.glob``) that are worth keeping; nothing is removed where there is one.
    """
    with storing(folder):
        existed = folder.is_dir()
        fresh = not folder.exists() or (existed and not any(folder.iterdir()))
    made = [above for above in folder.parents if not above.exists()]
    try:
        yield
    except BaseException:
        if fresh and folder.is_dir() and not any(any(folder.glob(pattern)) for pattern in keep):
            shutil.rmtree(folder, ignore_errors=True)
            if existed:
                folder.mkdir(exist_ok=True)
            for above in made:  # the innermost first; one that another program uses by now stays
                with suppress(OSError):
                    above.rmdir()
        raise


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
            remedy=_REMEDIES.get(error.errno or 0, "Choose a folder that can be written to."),
            command=command,
        ) from error
