"""What is wrong with a request, in words for its sender: from pydantic's errors, without its vocabulary.

Pydantic reports one error per branch of a union and puts the branch's label into the path. Here the path is
walked through what was sent, labels are dropped, and the deepest error is the one reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["Invalid", "first_error"]

_WORDS = {
    "model_type": "has to be an object",
    "model_attributes_type": "has to be an object",
    "dataclass_type": "has to be an object",
    "dict_type": "has to be an object",
    "mapping_type": "has to be an object",
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_unicode": "has to be text in valid Unicode",
}
_LONGEST_TIME = 40
_SOURCES = frozenset({"body", "query", "path", "header", "cookie"})

Error = Mapping[str, object]


class Invalid:
    """The first thing that is wrong.

    Parameters
    ----------
    path
        Path to the field, its steps joined by dots; empty for the whole.
    message
        A sentence that names the field.
    """

    def __init__(self, path: str, message: str) -> None:
        self.path, self.message = path, message


def first_error(errors: Sequence[Error], given: object) -> Invalid:
    """Return the error to report.

    Parameters
    ----------
    errors
        As pydantic lists them, at least one.
    given
        The value that was validated, to tell names of fields from labels of branches.
    """
    located = [(_path(error, given), error) for error in errors]
    first = located[0][0]
    # Branches of one union lie below one another's paths; another field's errors do not.
    rivals = [one for one in located if one[0][: len(first)] == first or first[: len(one[0])] == one[0]]
    path, error = max(rivals, key=lambda one: len(one[0]))
    name = ".".join(str(step) for step in path)
    return Invalid(name, f"{name or 'body'}: {_words(error)}")


def _path(error: Error, given: object) -> tuple[str | int, ...]:
    steps = error["loc"]
    if not isinstance(steps, tuple):
        return ()
    named = len(steps) == 1 and isinstance(given, Mapping) and steps[0] in given  # a field called query
    if named or not steps or steps[0] not in _SOURCES:
        source, rest = "body", steps
    else:
        source, rest = steps[0], steps[1:]
    if source != "body":
        return tuple(rest[:1])
    path: list[str | int] = []
    for i, step in enumerate(rest):
        if isinstance(given, Mapping) and step in given:
            given = given[step]
        elif isinstance(given, list) and isinstance(step, int):
            given = given[step] if step < len(given) else None
        elif not (i == len(rest) - 1 and error["type"] == "missing"):
            continue
        path.append(step)
    return tuple(path)


def _words(error: Error) -> str:
    kind = str(error["type"])
    context = error.get("ctx")
    context = context if isinstance(context, Mapping) else {}
    if kind in _WORDS:
        return f"{_WORDS[kind]}."
    if kind == "timezone_aware":
        given = str(error.get("input"))
        example = f"{given}Z" if len(given) <= _LONGEST_TIME else "2026-05-01T12:00:00Z"
        return f"needs a time zone: {example} is in UTC; +02:00 in place of Z is two hours ahead of it."
    if kind == "string_pattern_mismatch":
        return "has characters that are not allowed here."
    if kind == "union_tag_invalid":
        return f"its {context.get('discriminator')} has to be one of {context.get('expected_tags')}."
    if kind == "union_tag_not_found":
        return f"its {context.get('discriminator')} is required."
    if kind in {"value_error", "assertion_error"}:
        return f"{context.get('error')}"
    return str(error["msg"])
