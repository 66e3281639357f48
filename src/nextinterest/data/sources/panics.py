"""Polars prints a report of a panic by itself, before Python sees the exception; here it is kept back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import polars as pl

__all__ = ["panics_unprinted"]

_lock = Lock()  # file descriptor 2 belongs to the whole process
_START = b"\nthread '"


@contextmanager
def panics_unprinted() -> Iterator[None]:
    """Hold standard error back meanwhile; what is not the report of a panic is passed on at the end."""
    with _lock, tempfile.TemporaryFile() as held:
        try:
            kept = os.dup(2)
        except OSError:  # standard error is closed
            yield
            return
        os.dup2(held.fileno(), 2)
        panicked = False
        try:
            yield
        except pl.exceptions.PanicException:
            panicked = True
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            written = held.read()
            os.write(2, written.partition(_START)[0] if panicked else written)
