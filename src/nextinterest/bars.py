"""Bars of progress on stderr, where somebody is watching."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["progress_bars"]


@contextmanager
def progress_bars(shown: bool | None = None) -> Iterator[Progress]:
    """Yield bars that disappear at the end; None shows them on a terminal only."""
    disabled = not (sys.stderr.isatty() if shown is None else shown)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=disabled, transient=True) as bars:
        yield bars
