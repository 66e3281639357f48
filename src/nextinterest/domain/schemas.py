"""The JSON schemas of the types that cross a boundary, by name."""

from __future__ import annotations

from pydantic import JsonValue, TypeAdapter

from nextinterest.domain.history import Event
from nextinterest.domain.items import Item
from nextinterest.domain.next_interests import NextInterests
from nextinterest.domain.outcome import Outcome
from nextinterest.domain.outputs import Recommendations
from nextinterest.domain.request import Request
from nextinterest.domain.session import Session
from nextinterest.domain.trace import Trace
from nextinterest.domain.where import Where
from nextinterest.messages import Message

__all__ = ["PUBLISHED", "json_schemas"]

PUBLISHED: tuple[type, ...] = (
    Event,
    Item,
    Where,
    Request,
    Message,
    Session,
    Recommendations,
    Outcome,
    NextInterests,
    Trace,
)
"""The types whose schemas are published."""


def json_schemas() -> dict[str, dict[str, JsonValue]]:
    """Return the JSON schema (draft 2020-12) of each published type, by its name.

    Examples
    --------
    >>> list(json_schemas())
    ['Event', 'Item', 'Where', 'Request', 'Message', 'Session', 'Recommendations', 'Outcome', 'NextInterests',
     'Trace']
    >>> json_schemas()["Event"]["required"]
    ['item']
    """
    return {kind.__name__: _opened(kind.__name__, TypeAdapter(kind).json_schema()) for kind in PUBLISHED}


def _opened(name: str, schema: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a schema with its fields at the top: a type that holds itself is a reference else."""
    kinds = schema.get("$defs")
    whole = kinds.get(name) if "$ref" in schema and isinstance(kinds, dict) else None
    return {**whole, "$defs": kinds} if isinstance(whole, dict) else schema
