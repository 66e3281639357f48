"""What is complete of an answer that is not: cut at the limit of tokens, or wrong in some of its parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from nextinterest.prompts.lenient import JsonValue, LenientError, read_value
from nextinterest.prompts.schemas import (
    MOST_INTERESTS,
    MOST_TITLES,
    PredictedInterest,
    PredictionsAnswer,
    Title,
)

__all__ = ["complete_predictions"]

T = TypeVar("T")

_INTEREST: TypeAdapter[PredictedInterest] = TypeAdapter(PredictedInterest)
_TITLE: TypeAdapter[str] = TypeAdapter(Title)


def complete_predictions(text: str) -> PredictionsAnswer | None:
    """Return the interests and titles that are whole in a text; None where none is.

    What the end of the text cut off is left out, never completed.

    Examples
    --------
    >>> complete_predictions('{"interests": [{"name": "Horror", "because": [], "titles": ["Alien", "Hea')
    >>> complete_predictions('{"titles": ["Alien", "Blade Runner", "Hea').titles
    ('Alien', 'Blade Runner')
    """
    begin = text.find("{")
    if begin < 0:
        return None
    try:
        value, _ = read_value(text, begin)
    except LenientError:
        return None
    said = value if isinstance(value, dict) else {}
    interests = tuple(_valid(said.get("interests"), _INTEREST))[:MOST_INTERESTS]
    titles = tuple(_valid(said.get("titles"), _TITLE))[:MOST_TITLES]
    return PredictionsAnswer(interests=interests, titles=titles) if interests or titles else None


def _valid(values: JsonValue, of: TypeAdapter[T]) -> Iterator[T]:
    for value in values if isinstance(values, list) else []:
        try:
            yield of.validate_json(json.dumps(value))
        except ValidationError:
            continue
