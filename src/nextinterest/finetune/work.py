"""The folder of a run's checkpoints: never one that holds other things, and gone if nothing was learned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextinterest.files import check_output, discarded_on_failure, write_atomic
from nextinterest.version import __version__

__all__ = ["WORTH_KEEPING", "check_work", "working_in"]

_MARK = "work.txt"

WORTH_KEEPING = ("**/checkpoint*.safetensors", "**/frozen/*")
"""What an interrupted run goes on from: checkpoints, and kept outputs of frozen layers."""


def check_work(folder: Path) -> None:
    """Refuse a folder for checkpoints that holds other files.

    Raises
    ------
    StorageError
        If it is a file, or not empty and not made by `working_in`.
    """
    check_output(folder, (_MARK,), "checkpoints")


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Mark a folder as one of checkpoints; one made here is removed if the block fails without any.

    Raises
    ------
    StorageError
        See `check_work`.
    """
    check_work(folder)
    with discarded_on_failure(folder, keep=WORTH_KEEPING):
        if not (folder / _MARK).is_file():
            text = f"Checkpoints of nextinterest {__version__}. This folder may be deleted.\n"
            write_atomic(folder / _MARK, text.encode())
        yield
