"""``nextinterest upgrade``: a directory of version 0.1 in the form of this version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nextinterest.cli.console import out

__all__ = ["upgrade"]


def upgrade(
    directory: Annotated[Path, typer.Argument(help="A recommender directory of version 0.1.")],
) -> None:
    """Write a directory of version 0.1 in the form of this version; what was learned stays as it is."""
    from nextinterest.agent.upgrade import upgrade as bring

    out.print(f"{directory} holds a {bring(directory).name} in the form of this version.", soft_wrap=True)
