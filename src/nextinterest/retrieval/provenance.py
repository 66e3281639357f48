"""What a trained retriever was learned from, and how well it did on validation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Provenance"]


class Provenance(BaseModel):
    """What a trained retriever was learned from; empty where it was put together by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = ""
    """Name of the data set."""

    data_fingerprint: str = ""
    """SHA-256 over its catalogue and log."""

    split: str = ""
    """The split whose training part was learned from, and whose validation events the measures are of."""

    refitted: bool = False
    """Whether it was then learned anew from all events, by the epochs and weights found on that split."""

    n_events: int = 0
    """Events learned from."""

    validation: dict[str, dict[str, float]] = {}
    """Measures on validation events, of each part by name and of the ``blend``."""
