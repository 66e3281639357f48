"""From a model's text to a validated object, with the usual damage repaired.

Constrained decoding needs none of this; endpoints and unconstrained models do. Free text is never evaluated,
and a text that cannot be read is an error that says why, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, RootModel, ValidationError

from nextinterest.errors import OutputParseError
from nextinterest.prompts.lenient import JsonValue, LenientError, read_value

__all__ = ["parse_output"]

ModelT = TypeVar("ModelT", bound=BaseModel)

# A text with more openings than this before the right one is not an answer with prose around it. What is
# read from all of them together is bounded too: a long text is read about twice, not sixteen times.
_MAX_OPENINGS = 16
_LONG = 20_000
_SNIPPET = 60
_FENCE = re.compile(r"```[a-zA-Z0-9_-]*\s*")


def parse_output(text: str, schema: type[ModelT], *, whole: bool = False) -> ModelT:
    """Read the text of a language model into `schema`.

    Text that is JSON is read as it is. Else the first object in it that reads and validates is taken (in a
    code fence before elsewhere; arrays too where the schema is a `RootModel`), after repairs: prose and
    code fences around it, trailing commas, single and typographic quotes, quotes not escaped, Python's
    literals and tuples, keys without quotes, and brackets not closed at the end. What the end of the text
    cut off is left out; if the schema needs it, that is an error.

    Parameters
    ----------
    text
        What the model said.
    schema
        The pydantic model to read it into. Validation is the schema's own.
    whole
        Whether a text whose end is missing is an error even where the schema can do without it.

    Returns
    -------
    BaseModel
        An object of `schema`.

    Raises
    ------
    OutputParseError
        If nothing in the text can be read as `schema`; names the fault and its position, with the text there.

    Examples
    --------
    >>> class Film(BaseModel):
    ...     title: str
    >>> parse_output("Sure! Here it is: {'title': 'Schindler's List',} Enjoy!", Film).title
    "Schindler's List"
    >>> parse_output("I would watch Alien.", Film)
    Traceback (most recent call last):
    nextinterest.errors.OutputParseError: The model's text is not a Film: it holds no '{'. It
    begins: 'I would watch Alien.'. Ask again, or use constrained decoding.
    """
    try:
        return schema.model_validate_json(text.encode("utf-8", "replace"))
    except ValidationError as error:
        as_it_is = error
    brackets = "{[" if issubclass(schema, RootModel) else "{"
    complaint: tuple[str, int] | None = None
    readable = max(2 * len(text), _MAX_OPENINGS * _LONG)
    for start in _openings(text, brackets):
        if readable <= 0:
            break
        end = start
        try:
            value, end = read_value(text, start, whole=whole)
            return _validate(value, schema)
        except LenientError as error:
            found, end = (str(error), error.at), error.at
        except ValidationError as error:
            found = (_first_of(error), start)
        complaint = complaint or found
        readable -= end - start
    if complaint is None:
        what = "it is empty" if not text.strip() else f"it holds no {' or '.join(map(repr, brackets))}"
        if text.lstrip()[:1] in {"[", '"'}:
            what = _first_of(as_it_is)
        complaint = (what, 0)
    raise _error(schema, text, *complaint)


def _openings(text: str, brackets: str) -> Iterator[int]:
    """Yield where objects may begin: right behind code fences first, then from left to right."""
    opening = re.compile(f"[{re.escape(brackets)}]")
    fenced = [fence.end() for fence in _take(_FENCE.finditer(text)) if opening.match(text, fence.end())]
    yield from fenced
    yield from (match.start() for match in _take(opening.finditer(text)) if match.start() not in fenced)


def _take(matches: Iterator[re.Match[str]]) -> Iterator[re.Match[str]]:
    return (match for match, _ in zip(matches, range(_MAX_OPENINGS), strict=False))


def _validate(value: JsonValue, schema: type[ModelT]) -> ModelT:
    # Through JSON, so that strict models see JSON's types (an array for a tuple, a string for a date).
    return schema.model_validate_json(json.dumps(value))


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


def _error(schema: type[BaseModel], text: str, what: str, at: int) -> OutputParseError:
    begin = max(0, at - _SNIPPET // 2) if at else 0
    snippet = text[begin : begin + _SNIPPET]
    where = "It begins" if begin == 0 else f"At character {at}"
    shown = "" if not snippet.strip() else f" {where}: {snippet!r}."
    return OutputParseError(
        f"The model's text is not a {schema.__name__}: {what}.{shown}",
        remedy="Ask again, or use constrained decoding.",
        answer=text,
    )
