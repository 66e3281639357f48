"""``nextinterest add-choice``: give a recommender directory a choice that was tuned on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nextinterest.cli.console import out
from nextinterest.counting import counted

__all__ = ["add_choice"]


def add_choice(
    tuned: Annotated[Path, typer.Argument(help="What finetune-task choice wrote.")],
    into: Annotated[Path, typer.Option(help="The recommender directory.")],
) -> None:
    """Give a recommender directory a tuned choice, in place of any it has."""
    from nextinterest.agent.additions import add_choice as add

    settings = add(tuned, into)
    weight = "it will not be asked" if settings.choice_weight == 0 else f"weight {settings.choice_weight:g}"
    out.print(f"The choice of {tuned} is in {into}: {counted(settings.n_candidates, 'candidate')}, {weight}.")
