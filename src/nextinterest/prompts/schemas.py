"""Structured outputs that a language model is asked for, as pydantic models.

Their JSON schema is what constrained decoding enforces and what a prompt may show; `parse_output` reads text
into them. Validation is strict: no value is converted, no unknown field is taken.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

__all__ = [
    "InterestsAnswer",
    "PredictedInterest",
    "PredictionsAnswer",
    "interests_schema",
    "schema_text",
]

MOST_INTERESTS = 12
MOST_TITLES = 100

Title = Annotated[str, StringConstraints(min_length=1, max_length=300)]
EventNumber = Annotated[int, Field(ge=1, le=999)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PredictedInterest(_Answer):
    """One interest of the coming events."""

    name: str = Field(min_length=1, max_length=80, description="What the interest is, in a few words.")
    because: tuple[EventNumber, ...] = Field(
        max_length=20, description="Numbers of the events shown that speak for it."
    )
    share: int = Field(ge=0, le=100, description="Share of the coming events, in percent.")
    trend: Literal["rising", "steady", "fading"] = Field(
        description="Whether that is more, as much or less than among the events so far."
    )


class InterestsAnswer(_Answer):
    """The interests of a person's coming events."""

    interests: tuple[PredictedInterest, ...] = Field(
        max_length=MOST_INTERESTS, description="Interests, largest share first, none of them twice."
    )


class PredictionsAnswer(InterestsAnswer):
    """The interests of a person's coming events, and titles."""

    whole: ClassVar[bool] = True  # an answer whose end is missing is no answer, though it may be read as one

    titles: tuple[Title, ...] = Field(
        max_length=MOST_TITLES, description="Titles, likeliest first, none of them twice."
    )


def interests_schema(names: Sequence[str]) -> type[InterestsAnswer]:
    """Return a short `InterestsAnswer` with these names alone, for decoding under its grammar.

    Examples
    --------
    >>> schema = interests_schema(("Drama", "War")).model_json_schema()
    >>> schema["$defs"]["NamedInterest"]["properties"]["name"]["enum"]
    ['Drama', 'War']
    """
    name = (cast("type[str]", Literal[tuple(names)]), Field(description="One of the names."))
    because = (tuple[EventNumber, ...], Field(max_length=3, description="Numbers of events for it."))
    one = create_model("NamedInterest", __base__=PredictedInterest, name=name, because=because)
    several = (tuple[one, ...], Field(max_length=5, description="Interests, largest share first."))
    return create_model("InterestsAnswer", __base__=InterestsAnswer, interests=several)


def schema_text(schema: type[BaseModel]) -> str:
    """Return the JSON schema of a model on one line, as short as can be, to be shown in a prompt.

    Examples
    --------
    >>> schema_text(InterestsAnswer)[:68]
    '{"$defs":{"PredictedInterest":{"additionalProperties":false,"descrip'
    """
    return json.dumps(_without_titles(schema.model_json_schema()), separators=(",", ":"), ensure_ascii=False)


def _without_titles(node: object) -> object:
    """Drop the captions pydantic derives from names; they tell a model nothing and cost tokens."""
    if isinstance(node, list):
        return [_without_titles(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _without_titles(child) for name, child in value.items()}
        if key in {"properties", "$defs"}  # here "title" is the name of a field
        else _without_titles(value)
        for key, value in node.items()
        if key != "title"
    }
