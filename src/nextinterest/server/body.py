"""What all bodies of requests and answers have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Body"]


class Body(BaseModel):
    """Strict: what the schema calls an integer is not read from a truth value or a text."""

    model_config = ConfigDict(extra="forbid", strict=True)
