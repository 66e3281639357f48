"""JSON schemas that callers send: checked within bounds, then applied within a budget of work.

A schema is untrusted text that a general validator would run like a program. So it is refused before any
use where it is too long, too deep, too large once its references are followed, or uses a keyword whose cost
is not bounded (regular expressions, dynamic references); and what is left is applied by a validator that
counts its steps and its processor time and stops at a limit. No reference leaves the schema: nothing is
ever fetched. ``format`` and unknown keywords are annotations, as JSON Schema has it.

Knows nothing of HTTP: every refusal is a `SchemaRefusedError`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TypeGuard
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import create
from referencing import Registry
from referencing.exceptions import Unresolvable

from nextinterest.server.nesting import deeper_than

__all__ = ["CheckedSchema", "SchemaRefusedError", "Work"]

MAX_BYTES = 65_536
MAX_DEPTH = 32
MAX_NODES = 10_000
MAX_STEPS = 10_000
MAX_SECONDS = 0.1

Pointer = tuple[str, ...]

_ONE = ("items", "additionalProperties", "propertyNames", "not", "if", "then", "else")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")
_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else"})
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_REFUSED = frozenset({
    "pattern", "patternProperties", "$dynamicRef", "$dynamicAnchor", "$recursiveRef",
    "$recursiveAnchor", "$anchor", "contains", "minContains", "maxContains", "dependencies",
    "dependentSchemas", "dependentRequired", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip


class SchemaRefusedError(Exception):
    """A schema is not used; the message is a sentence that says why."""


class Work:
    """What applying schemas for one answer may cost.

    Parameters
    ----------
    steps
        Keywords applied and fields looked at, at most.
    seconds
        Processor time of the thread, at most.
    """

    def __init__(self, steps: int = MAX_STEPS, seconds: float = MAX_SECONDS) -> None:
        self._steps, self._end = steps, time.thread_time() + seconds

    def spend(self, steps: int = 1) -> None:
        """Count some steps.

        Raises
        ------
        SchemaRefusedError
            Where the budget is spent.
        """
        self._steps -= steps
        if self._steps < 0 or time.thread_time() > self._end:
            raise SchemaRefusedError("Applying the schema takes more work than is allowed.")


_WORK: ContextVar[Work] = ContextVar("_WORK")
Keyword = Callable[..., Iterator[ValidationError]]


def _counted(keyword: Callable[..., Iterator[ValidationError] | None]) -> Keyword:
    def counting(
        validator: Validator, value: object, instance: object, schema: object
    ) -> Iterator[ValidationError]:
        _WORK.get().spend()
        yield from keyword(validator, value, instance, schema) or ()

    return counting


def _unique(_: Validator, unique: object, instance: object, __: object) -> Iterator[ValidationError]:
    """Return whether elements repeat, in linear time; the library compares every pair."""
    if unique is True and isinstance(instance, list):
        _WORK.get().spend(len(instance))
        if len({json.dumps(element, sort_keys=True) for element in instance}) < len(instance):
            yield ValidationError("elements repeat")


_KEYWORDS: dict[str, Keyword] = {
    name: _counted(Draft202012Validator.VALIDATORS[name])
    for name in (
        "$ref", "additionalProperties", "allOf", "anyOf", "const", "enum", "exclusiveMaximum",
        "exclusiveMinimum", "if", "items", "maxItems", "maxLength", "maxProperties", "maximum",
        "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf", "prefixItems",
        "properties", "propertyNames", "required", "type",
    )
}  # fmt: skip
_Counted = create(
    meta_schema={},
    validators=_KEYWORDS | {"uniqueItems": _unique},
    type_checker=Draft202012Validator.TYPE_CHECKER,
)


class CheckedSchema:
    """A schema within all bounds.

    Parameters
    ----------
    schema
        The schema as it was sent.

    Raises
    ------
    SchemaRefusedError
        Where it is not a schema, or not one that is supported.
    """

    def __init__(self, schema: Mapping[str, object]) -> None:
        if deeper_than(schema, MAX_DEPTH):
            raise SchemaRefusedError(f"The schema is nested more than {MAX_DEPTH} deep.")
        if len(json.dumps(schema)) > MAX_BYTES:
            raise SchemaRefusedError(f"The schema is longer than {MAX_BYTES:,} bytes.")
        # The dialect is the one below, and an id at the root would only change what references mean.
        self.root = {name: value for name, value in schema.items() if name not in {"$id", "$schema"}}
        self._nodes: dict[Pointer, object] = {}
        self._walk()
        self._targets = {at: self._target(node["$ref"]) for at, node in self._referring()}
        self._refuse_circles()
        self._refuse_many()
        self._validator = _Counted(self.root, registry=Registry())

    def follow(self, node: object) -> object:
        """Return what a node's reference leads to, or the node itself."""
        while _is_object(node) and "$ref" in node:
            node = self._nodes[_pointer(node["$ref"])]
        return node

    def fits(self, value: object, work: Work) -> bool:
        """Return whether a value fits.

        Raises
        ------
        SchemaRefusedError
            Where finding out takes too much work.
        """
        token = _WORK.set(work)
        try:
            return bool(self._validator.is_valid(value))
        except RecursionError:
            raise SchemaRefusedError("Applying the schema takes more work than is allowed.") from None
        except Unresolvable:
            raise SchemaRefusedError("The schema has a reference that cannot be followed.") from None
        finally:
            _WORK.reset(token)

    def _walk(self) -> None:
        """Collect the subschemas; what lies elsewhere (in ``enum``, say) is data."""
        todo: list[tuple[Pointer, object]] = [((), self.root)]
        while todo:
            at, node = todo.pop()
            self._nodes[at] = node
            if isinstance(node, bool):
                continue
            if not _is_object(node):
                raise _malformed(at, "has to be an object, true or false")
            _check_keywords(at, node)
            todo.extend(_children(at, node))

    def _referring(self) -> Iterator[tuple[Pointer, Mapping[str, object]]]:
        for at, node in self._nodes.items():
            if _is_object(node) and "$ref" in node:
                yield at, node

    def _target(self, reference: object) -> Pointer:
        target = _pointer(reference)
        if target not in self._nodes:
            raise SchemaRefusedError("The schema has a reference that does not lead to a schema inside it.")
        return target

    def _refuse_circles(self) -> None:
        """Refuse references that come back to themselves before they reach a part of the value."""
        done: set[Pointer] = set()

        def visit(at: Pointer, path: tuple[Pointer, ...]) -> None:
            if at in path:
                raise SchemaRefusedError("The schema has a reference that goes round in a circle.")
            if len(path) > 8 * MAX_DEPTH:
                raise SchemaRefusedError("The schema has a chain of references that is too long.")
            if at not in done:
                for keyword, below in self._edges(at):
                    if keyword == "$ref" or keyword in _IN_PLACE:
                        visit(below, (*path, at))
                done.add(at)

        for at in self._nodes:
            visit(at, ())

    def _refuse_many(self) -> None:
        """Refuse a schema that is too large once its references are followed.

        A recursive one is counted once around; the budget of work bounds what it does to a value.
        """
        sizes: dict[Pointer, int] = {}

        def size(at: Pointer, depth: int) -> int:
            if depth > 8 * MAX_DEPTH:
                raise SchemaRefusedError("The schema has a chain of references that is too long.")
            if at not in sizes:
                sizes[at] = 0  # met again on the way down: recursive
                below = (pointer for keyword, pointer in self._edges(at) if keyword not in _NAMED[1:])
                sizes[at] = 1 + sum(size(pointer, depth + 1) for pointer in below)
            return sizes[at]

        if max(size((), 0), len(self._nodes)) > MAX_NODES:
            raise SchemaRefusedError(
                f"The schema has more than {MAX_NODES:,} parts once its references are followed."
            )

    def _edges(self, at: Pointer) -> Iterator[tuple[str, Pointer]]:
        node = self._nodes[at]
        if _is_object(node):
            for below, _ in _children(at, node):
                yield below[len(at)], below
            if at in self._targets:
                yield "$ref", self._targets[at]


def _children(at: Pointer, node: Mapping[str, object]) -> Iterator[tuple[Pointer, object]]:
    for name in _ONE:
        if name in node:
            yield (*at, name), node[name]
    for name in _LISTED:
        value = node.get(name, ())
        if isinstance(value, list):
            yield from (((*at, name, str(i)), below) for i, below in enumerate(value))
    for name in _NAMED:
        value = node.get(name, {})
        if _is_object(value):
            yield from (((*at, name, key), below) for key, below in value.items())


def _check_keywords(at: Pointer, node: Mapping[str, object]) -> None:
    refused = sorted(_REFUSED & set(node)) or (["$id"] if at and "$id" in node else [])
    if refused:
        raise SchemaRefusedError(f"The schema uses {refused[0]!r}, which is not supported.")
    for name in _LISTED:
        if name in node and not (isinstance(node[name], list) and node[name]):
            raise _malformed((*at, name), "has to be a list of schemas")
    for name in _NAMED:
        if name in node and not _is_object(node[name]):
            raise _malformed((*at, name), "has to be an object of schemas")
    for name in _COUNTS:
        if name in node and not _whole(node[name]):
            raise _malformed((*at, name), "has to be a whole number of at least 0")
    for name in _NUMBERS:
        if name in node and not _number(node[name], positive=name == "multipleOf"):
            raise _malformed((*at, name), "has to be a number of usual size")
    kinds = node.get("type", [])
    if not all(isinstance(kind, str) and kind in _TYPES for kind in _as_list(kinds)):
        raise _malformed((*at, "type"), f"has to be of {', '.join(sorted(_TYPES))}")
    required = node.get("required", [])
    if not (isinstance(required, list) and all(isinstance(name, str) for name in required)):
        raise _malformed((*at, "required"), "has to be a list of names")
    if not isinstance(node.get("enum", []), list):
        raise _malformed((*at, "enum"), "has to be a list")


def _pointer(reference: object) -> Pointer:
    if not isinstance(reference, str) or not reference.startswith("#") or reference[1:2] not in {"", "/"}:
        raise SchemaRefusedError(
            "The schema has a reference that leaves it; only those that start with '#/' are followed."
        )
    steps = unquote(reference[1:]).split("/")[1:]
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)


def _malformed(at: Pointer, what: str) -> SchemaRefusedError:
    location = "/".join(at)[:200] or "(root)"
    return SchemaRefusedError(f"The schema is not valid: {location} {what}.")


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _number(value: object, *, positive: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, int) and abs(value) > 10**300:
        return False
    return math.isfinite(value) and (value > 0 or not positive)
