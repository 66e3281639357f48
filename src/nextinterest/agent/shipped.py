"""The trained recommender that comes with the package: where it lies, if it is there."""

from __future__ import annotations

from pathlib import Path

import nextinterest

__all__ = ["SHIPPED", "shipped_recommender"]

SHIPPED = "ml-100k-smollm2"
"""Learned from the training part of MovieLens-100K; see its README.md."""


def shipped_recommender(name: str = SHIPPED) -> Path | None:
    """Return the folder of a recommender that is shipped: inside the package, or ``artifacts`` of a clone."""
    package = Path(nextinterest.__file__).parent
    for folder in (package / "artifacts" / name, package.parent.parent / "artifacts" / name):
        if (folder / "recommender.json").is_file():
            return folder
    return None
