"""What may be asked for in a body: constraints, free text and whole requests, as the domain has them.

The domain reads values as Python callers write them. A body is read strictly, as its schema says: no number
is read from a text or a truth value.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, StringConstraints

from nextinterest.arguments import MAX_WORDS
from nextinterest.domain import Request, Where

__all__ = ["AskedFor", "Constraints", "Words"]


def _strictly(kind: type[BaseModel]) -> Callable[[object], object]:
    def read(value: object) -> object:
        # Errors keep their path: pydantic takes over those of an inner validation.
        return kind.model_validate_json(json.dumps(value), strict=True) if isinstance(value, dict) else value

    return read


Constraints = Annotated[Where, BeforeValidator(_strictly(Where))]
"""Constraints that every item must meet."""

AskedFor = Annotated[Request, BeforeValidator(_strictly(Request))]
"""A whole request."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_WORDS)]
"""What is asked for in free text."""
