"""``response_format``: the part of a structured result that fits a JSON schema, as JSON.

Nothing is generated here. A schema is answered with a part of the reply whose values fit it once those that
it does not name are left out, so an answer is both valid and true; where no part fits, that is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from nextinterest.agent.chat import ChatReply
from nextinterest.server.chat_bodies import JsonObjectFormat, JsonSchemaFormat
from nextinterest.server.failures import Failure
from nextinterest.server.schemas import MAX_DEPTH, CheckedSchema, SchemaRefusedError, Work

__all__ = ["WantedJson"]

_PARTS = {
    "ChatReply": None,
    "Recommendations": "recommendations",
    "Request": "request",
    "InterestPortrait": "portrait",
    "InterestOutlook": "outlook",
    "Explanation": "explanation",
    "Confirmation": "confirmation",
    "Question": "question",
}
"""Parts that a schema may mean, by name, in the order in which they are tried; None is the whole reply."""


class WantedJson:
    """What JSON a request wants, checked before anything is done for it.

    Both the check and the answer take processor time (bounded, see `schemas`): call them off the event loop.

    Parameters
    ----------
    wanted
        The request's ``response_format``.
    param
        The request's field, for refusals.

    Raises
    ------
    Failure
        422 where the schema cannot be used.
    """

    def __init__(self, wanted: JsonObjectFormat | JsonSchemaFormat, param: str = "response_format") -> None:
        self._param = param
        self._name: str | None = None
        self._schema: CheckedSchema | None = None
        if isinstance(wanted, JsonObjectFormat):
            return
        self._name, schema = wanted.json_schema.name, wanted.json_schema.schema_
        if schema is None:
            if self._name not in _PARTS:
                raise self._refusal(f"No part of an answer is named {self._name!r}.")
            return
        try:
            self._schema = CheckedSchema(schema)
        except SchemaRefusedError as error:
            raise self._refusal(str(error)) from None

    def of(self, reply: ChatReply) -> str:
        """Return the part of a reply that is wanted.

        Raises
        ------
        Failure
            422 where no part of the reply fits, or finding out takes too much work.
        """
        whole = reply.model_dump(mode="json")
        if self._name is None:
            return json.dumps(whole, ensure_ascii=False)
        try:
            part = self._part(dict(_parts(whole)), self._name)
        except SchemaRefusedError as error:
            raise self._refusal(str(error)) from None
        return json.dumps(part, ensure_ascii=False)

    def _part(self, parts: Mapping[str, object], name: str) -> object:
        schema, work = self._schema, Work()
        if schema is None:
            if name not in parts:
                raise SchemaRefusedError(
                    f"This answer has no part named {name!r}; it has {', '.join(parts)}."
                )
            return parts[name]
        # A part that the schema is named for comes first; the sort keeps the order of the others.
        for part in sorted(parts, key=lambda known: known != name):
            kept = _named_only(parts[part], schema.root, schema, work, MAX_DEPTH)
            # An object of which nothing is left says nothing, though an open schema would take it.
            if kept and schema.fits(kept, work):
                return kept
        raise SchemaRefusedError(f"No part of this answer fits the schema {name!r}.")

    def _refusal(self, message: str) -> Failure:
        return Failure(
            422,
            f"{message} Use the schema of one of {', '.join(_PARTS)}, or part of it.",
            code="unsupported_response_format",
            param=self._param,
        )


def _parts(whole: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, field in _PARTS.items():
        part = whole if field is None else whole[field]
        if part is not None:
            yield name, part


def _named_only(value: object, node: object, schema: CheckedSchema, work: Work, depth: int) -> object:
    """Leave out the fields of objects that the schema does not name."""
    node = schema.follow(node)
    if depth == 0 or not isinstance(node, Mapping) or not isinstance(value, dict | list):
        return value
    work.spend()
    if isinstance(value, dict) and isinstance(node.get("properties"), Mapping):
        properties = node["properties"]
        return {
            name: _named_only(inner, properties[name], schema, work, depth - 1)
            for name, inner in value.items()
            if name in properties
        }
    if isinstance(value, list) and "items" in node:
        return [_named_only(element, node["items"], schema, work, depth - 1) for element in value]
    # As a nullable field has it, the branch of the value's kind is followed.
    kind = "object" if isinstance(value, dict) else "array"
    for word in ("anyOf", "oneOf", "allOf"):
        for branch in node.get(word, ()):
            followed = schema.follow(branch)
            if isinstance(followed, Mapping) and followed.get("type", kind) == kind:
                return _named_only(value, followed, schema, work, depth - 1)
    return value
