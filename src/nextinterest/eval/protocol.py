"""What is asked of every method: which part, which users, what is masked, how lists are judged.

A protocol is frozen and written into the manifest; two numbers are comparable where their protocols are
equal. It knows nothing of methods. What is held out is decided before, by `nextinterest.data.splits` and
`nextinterest.eval.cold`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Protocol"]


class Protocol(BaseModel):
    """How methods are asked and judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Literal["validation", "test"] = "validation"
    """Which held-out events are predicted. Validation chooses; test reports, once, and only when asked."""

    exclude_seen: bool = True
    """Mask the items of the history. A target that is itself in the history is then a miss, and counted."""

    list_length: int = Field(default=20, ge=1)
    """Positions asked of each recommended list; metrics of lists cannot be cut off deeper."""

    scoring: Literal["auto", "lists"] = "auto"
    """``auto`` ranks the whole catalogue by the log-probabilities of methods that have them, and reads the
    list of the others; ``lists`` reads the list of all."""

    strict: bool = True
    """A flawed list (short, an unknown id, a duplicate, a seen item) is a miss altogether. If false, only its
    flawed positions are lost. A failed answer or one with a NaN is a miss either way."""

    users: tuple[str, ...] | None = None
    """Evaluate these users only."""

    sample: int | None = Field(default=None, ge=1)
    """Evaluate a random sample of so many users (of `users`, where given)."""

    missing_target: Literal["miss", "insert"] = "miss"
    """With candidate lists: a target not among its candidates is a miss, or takes the last position of
    the list, as in LLMRank's setting with a guaranteed ground truth."""

    seed: int = 0
    """Draws the sample of users and the order in which equal scores are ranked."""

    batch_size: int = Field(default=256, ge=1)
    """Histories given to a method at once; less where the catalogue is large."""
