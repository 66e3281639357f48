"""``response_format``: the part of a structured result that fits a JSON schema, as JSON.

Nothing is generated here. A schema is answered with a part of the reply whose values fit it once those that
it does not name are left out, so an answer is both valid and true; where no part fits, that is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from nextinterest.agent.chat import ChatReply
from nextinterest.agent.server.chat_bodies import JsonObjectFormat, JsonSchemaFormat
from nextinterest.agent.server.failures import Failure

__all__ = ["as_json"]

MAX_SCHEMA = 32_768
MAX_DEPTH = 24

# A pattern of a caller's may take exponential time to match.
_REFUSED = frozenset({"pattern", "patternProperties", "$dynamicRef", "$recursiveRef"})

_PARTS = {
    "ChatReply": None,
    "Recommendations": "recommendations",
    "ChatAction": "action",
    "InterestPortrait": "portrait",
    "InterestOutlook": "outlook",
    "Explanation": "explanation",
    "Confirmation": "confirmation",
    "Question": "question",
}
"""Parts that a schema may mean, by name, in the order in which they are tried; None is the whole reply."""


def as_json(reply: ChatReply, wanted: JsonObjectFormat | JsonSchemaFormat) -> str:
    """Return the part of a reply that is wanted.

    Raises
    ------
    Failure
        400 where the schema cannot be used, or no part of the reply fits it.
    """
    whole = reply.model_dump(mode="json")
    if isinstance(wanted, JsonObjectFormat):
        return json.dumps(whole, ensure_ascii=False)
    name, schema = wanted.json_schema.name, wanted.json_schema.schema_
    if schema is None:
        part = dict(_parts(whole)).get(name)
        if part is None:
            raise _refusal(
                f"This answer has no part named {name!r}; it has {', '.join(n for n, _ in _parts(whole))}."
            )
        return json.dumps(part, ensure_ascii=False)
    validator = _validator(schema)
    # A part that the schema is named for comes first; the sort keeps the order of the others.
    for _, part in sorted(_parts(whole), key=lambda named: named[0] != name):
        kept = _named_only(part, schema, schema, MAX_DEPTH)
        # An object of which nothing is left says nothing, though an open schema would take it.
        if kept and _fits(validator, kept):
            return json.dumps(kept, ensure_ascii=False)
    raise _refusal(
        f"No part of this answer fits the schema {name!r}.",
    )


def _parts(whole: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, field in _PARTS.items():
        part = whole if field is None else whole[field]
        if part is not None:
            yield name, part


def _validator(schema: Mapping[str, object]) -> Draft202012Validator:
    if len(json.dumps(schema)) > MAX_SCHEMA:
        raise _refusal(f"The schema is longer than {MAX_SCHEMA:,} characters.")
    refused = sorted(_REFUSED & set(_keys(schema, MAX_DEPTH)))
    if refused:
        raise _refusal(f"The schema uses {refused[0]!r}, which is not supported.")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _refusal(f"The schema is not valid: {error.message[:200]}") from None
    # An empty registry: a reference to somewhere else is not followed.
    return Draft202012Validator(schema, registry=Registry())


def _fits(validator: Draft202012Validator, value: object) -> bool:
    try:
        return bool(validator.is_valid(value))
    except (Unresolvable, RecursionError):
        raise _refusal("The schema has a reference that cannot be followed.") from None


def _named_only(value: object, schema: object, root: Mapping[str, object], depth: int) -> object:
    """Leave out the fields of objects that the schema does not name."""
    schema = _followed(schema, root)
    if depth == 0 or not isinstance(schema, Mapping):
        return value
    if isinstance(value, dict):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            return {
                name: _named_only(value[name], properties[name], root, depth - 1)
                for name in properties
                if name in value
            }
        return _in_branches(value, schema, root, depth)
    if isinstance(value, list):
        items = schema.get("items")
        if items is not None:
            return [_named_only(element, items, root, depth - 1) for element in value]
        return _in_branches(value, schema, root, depth)
    return value


def _in_branches(
    value: object, schema: Mapping[str, object], root: Mapping[str, object], depth: int
) -> object:
    """Follow ``anyOf`` and the like, as a nullable field has it, into the branch of the value's kind."""
    kind = "object" if isinstance(value, dict) else "array"
    for word in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(word)
        for branch in branches if isinstance(branches, list) else ():
            followed = _followed(branch, root)
            if isinstance(followed, Mapping) and followed.get("type", kind) == kind:
                return _named_only(value, followed, root, depth - 1)
    return value


def _followed(schema: object, root: Mapping[str, object]) -> object:
    for _ in range(MAX_DEPTH):
        if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
            return schema
        place: object = root
        for step in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
            if step:
                place = place.get(step) if isinstance(place, Mapping) else None
        schema = place
    raise _refusal("The schema has a reference that goes round in a circle.")


def _keys(schema: object, depth: int) -> Iterator[str]:
    if depth == 0:
        raise _refusal(f"The schema is nested more than {MAX_DEPTH} deep.")
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            yield str(key)
            yield from _keys(value, depth - 1)
    elif isinstance(schema, list):
        for element in schema:
            yield from _keys(element, depth - 1)


def _refusal(message: str) -> Failure:
    return Failure(
        400,
        f"{message} Use the schema of one of {', '.join(_PARTS)}, or part of it.",
        code="unsupported_response_format",
        param="response_format",
    )
