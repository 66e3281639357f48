"""A bar with the time left for training, on stderr, where someone is watching."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nextinterest.cli.console import err

if TYPE_CHECKING:
    from nextinterest.finetune.checkpoint import Progress

__all__ = ["training_progress"]


@contextmanager
def training_progress(epochs: int) -> Iterator[Callable[[Progress, dict[str, float]], None]]:
    """Yield what the training loop reports to: a bar on a terminal, one line per validation elsewhere."""
    if not sys.stderr.isatty():

        def line(progress: Progress, numbers: dict[str, float]) -> None:
            if "loss" not in numbers:
                told = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
                err.print(f"epoch {progress.epoch}: {told}")

        yield line
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=err, transient=True) as bar:
        work = bar.add_task("Training", total=float(epochs))
        best = 0.0

        def show(progress: Progress, numbers: dict[str, float]) -> None:
            nonlocal best
            best = max(best, numbers.get("ndcg@10", 0.0))
            said = f"Training, epoch {progress.epoch + 1}, best NDCG@10 {best:.4f}"
            done = progress.epoch + progress.group / max(progress.groups, 1)
            bar.update(work, completed=done, description=said)

        yield show
