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
def training_progress(
    epochs: int, label: str = "Training"
) -> Iterator[Callable[[Progress, dict[str, float]], None]]:
    """Yield what training loops report to: a bar on a terminal, one line per validation elsewhere."""
    if not sys.stderr.isatty():

        def line(progress: Progress, numbers: dict[str, float]) -> None:
            if "loss" not in numbers:
                if not numbers:  # the end of a run without validation
                    err.print(f"{label}: ended after epoch {progress.epoch}")
                    return
                text = ", ".join(f"{name} {value:.4f}" for name, value in numbers.items())
                err.print(f"epoch {progress.epoch}: {text}")

        yield line
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=err, transient=True) as bar:
        work = bar.add_task(label, total=float(epochs))
        best = 0.0

        def show(progress: Progress, numbers: dict[str, float]) -> None:
            nonlocal best
            best = max(best, numbers.get("ndcg@10", 0.0))
            said = f"{label}, epoch {progress.epoch + 1}" + (f", best NDCG@10 {best:.4f}" if best else "")
            done = progress.epoch + progress.group / max(progress.groups, 1)
            bar.update(work, completed=done, description=said)

        yield show
