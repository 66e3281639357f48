"""The trained recommender that comes with the package: where it lies, if it is there."""

from __future__ import annotations

from pathlib import Path

from nextinterest.artifact_files import MANIFEST

__all__ = ["SHIPPED", "shipped_recommender"]

SHIPPED = "ml-100k-smollm2"
"""Learned from the training part of MovieLens-100K; see its README.md."""


def shipped_recommender(name: str = SHIPPED) -> Path | None:
    """Return the folder of a recommender that is shipped inside the package, None where there is none.

    In a clone it is a link to the repository's own ``artifacts``.
    """
    folder = Path(__file__).parents[1] / "artifacts" / name
    return folder if (folder / MANIFEST).is_file() else None
