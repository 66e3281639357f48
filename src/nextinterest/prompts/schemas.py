"""Structured outputs that a language model is asked for, as pydantic models.

Their JSON schema is what constrained decoding enforces and what a prompt may show; `parse_output` reads text
into them. Validation is strict: no value is converted, no unknown field is taken.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = ["Interest", "InterestProfile", "NextItemAnswer", "RankedTitles", "schema_text"]

Title = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NextItemAnswer(_Answer):
    """The one item expected next."""

    title: Title = Field(description="Title of the item chosen next, with its year in brackets if known.")


class RankedTitles(_Answer):
    """Several items expected next, likeliest first."""

    titles: tuple[Title, ...] = Field(
        min_length=1, max_length=100, description="Titles, likeliest first, none of them twice."
    )

    @model_validator(mode="after")
    def _no_title_twice(self) -> Self:
        seen: set[str] = set()
        for title in self.titles:
            if title in seen:
                raise ValueError(f"title {title!r} is listed twice")
            seen.add(title)
        return self


class Interest(_Answer):
    """One interest of a person."""

    name: str = Field(min_length=1, max_length=80, description="What the interest is, in a few words.")
    weight: float = Field(ge=0.0, le=1.0, description="Share of the person's attention, between 0 and 1.")
    trend: Literal["rising", "steady", "fading"] = Field(
        description="Whether newer events speak for the interest more, as much, or less than older ones."
    )


class InterestProfile(_Answer):
    """What a person is interested in, as read from a history."""

    interests: tuple[Interest, ...] = Field(
        min_length=1, max_length=12, description="Interests, strongest first."
    )
    summary: str = Field(
        min_length=1, max_length=600, description="The person's taste in one or two plain sentences."
    )


def schema_text(schema: type[BaseModel]) -> str:
    """Return the JSON schema of a model on one line, as short as can be, to be shown in a prompt.

    Examples
    --------
    >>> schema_text(NextItemAnswer)[:80]
    '{"additionalProperties":false,"description":"The one item expected next.","prope'
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
