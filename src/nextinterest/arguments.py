"""Arguments as Python callers give them, checked where a slip would end late, or in a foreign error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass
from numbers import Integral
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, TypeAdapter, ValidationError

from nextinterest.errors import DataError

__all__ = [
    "MAX_WORDS",
    "as_choice",
    "as_flag",
    "as_id",
    "as_record",
    "as_records",
    "as_text",
    "as_texts",
    "as_whole_number",
    "as_words",
    "first_problem",
]

Record = TypeVar("Record")

MAX_WORDS = 300
"""Characters of what is asked for in free text, at most, in Python, over HTTP and on the command line."""


def as_whole_number(value: object, name: str, least: int = 1, most: int | None = None) -> int:
    """Return a whole number of at least 1, such as the length of a list, or within other limits.

    Raises
    ------
    DataError
        If it is another number or no number.

    Examples
    --------
    >>> as_whole_number(np.int64(3), "k")
    3
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or int(value) < least or (most is not None and int(value) > most):  # type: ignore[call-overload]
        limits = f"at least {least}" + ("" if most is None else f" and at most {most:,}")
        raise DataError(
            f"{name} is {_shown(value)}; it is a whole number of {limits}.", remedy="Give such a number."
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def as_flag(value: object, name: str) -> bool:
    """Return a truth value; texts are none, since "no" would count as true.

    Raises
    ------
    DataError
        If it is none.
    """
    if not isinstance(value, bool | np.bool_):
        raise DataError(f"{name} is {_shown(value)}; it is true or false.", remedy="Give True or False.")
    return bool(value)


def as_choice(value: object, name: str, choices: Collection[str]) -> str:
    """Return one of some words.

    Raises
    ------
    DataError
        If it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        named = " or ".join(repr(choice) for choice in choices)
        raise DataError(f"{name} is {_shown(value)}; it is {named}.", remedy=f"Give {named}.")
    return value


def as_text(value: object, name: str) -> str:
    """Return a text.

    Raises
    ------
    DataError
        If it is none.
    """
    if not isinstance(value, str):
        raise DataError(f"{name} is {_shown(value)}; it is a text.", remedy="Give a string.")
    return value


def as_words(value: object, name: str) -> str | None:
    """Return what is asked for in free text, without blanks at its ends; None stays None.

    Raises
    ------
    DataError
        If it is no text, blank or too long.
    """
    if value is None:
        return None
    words = as_text(value, name).strip()
    if not 0 < len(words) <= MAX_WORDS:
        was = f"is {len(words):,} characters long" if words else "is empty"
        raise DataError(
            f"{name} {was}; it takes text, of at most {MAX_WORDS} characters.",
            remedy="Shorten it." if words else f"Give some words, or leave {name} out.",
        )
    return words


def as_id(value: object, name: str) -> str:
    """Return an id; a whole number, as data frames hold ids, is read as its digits.

    Raises
    ------
    DataError
        If it is neither text nor whole number.
    """
    number = isinstance(value, Integral) and not isinstance(value, bool)
    return str(value) if number else as_text(value, name)


def as_texts(values: object, name: str) -> list[str]:
    """Return texts, such as ids; a single one is a list of one.

    Raises
    ------
    DataError
        If they are no list, or one of them is no text.
    """
    if isinstance(values, str):
        return [values]
    if isinstance(values, bytes | Mapping) or not isinstance(values, Iterable):
        raise DataError(
            f"{name} is {_shown(values)}; it is a list of texts.", remedy="Give a list of strings."
        )
    return [as_text(value, f"Element {number} of {name}") for number, value in enumerate(values, start=1)]


def as_records(
    values: object, kind: type[Record], name: str, prepare: Callable[[object], object] = lambda value: value
) -> list[Record]:
    """Return records of a class; each may be a dictionary with its fields, and a single one is a list of one.

    Parameters
    ----------
    values
        One or several objects of the class, or dictionaries.
    kind
        A dataclass or a pydantic model.
    name
        Of the argument.
    prepare
        Applied to each before it is read.

    Raises
    ------
    DataError
        If one of them is no such record; it is named by its number from 1, and the field.
    """
    if isinstance(values, kind | Mapping | str | bytes) or not isinstance(values, Iterable):
        return [as_record(prepare(values), kind, name)]
    return [
        as_record(prepare(value), kind, f"Element {number} of {name}")
        for number, value in enumerate(values, start=1)
    ]


def as_record(value: object, kind: type[Record], name: str) -> Record:
    """Return a record of a class, which may be a dictionary with its fields.

    Raises
    ------
    DataError
        If it is no such record.
    """
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise DataError(f"{name} is {_shown(value)}; it is no {kind.__name__}.", remedy=_form(kind))
    try:
        return TypeAdapter(kind).validate_python(dict(value))
    except ValidationError as cause:
        raise DataError(f"{name}: {first_problem(cause)}.", remedy=_form(kind)) from None


def first_problem(cause: ValidationError) -> str:
    """Return what pydantic found wrong first: the field, where it is one, and why."""
    first = cause.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{field}: {said}" if field else said


def _form(kind: type[object]) -> str:
    names: Iterable[str] = ()
    if issubclass(kind, BaseModel):
        names = kind.model_fields
    elif is_dataclass(kind):
        names = (field.name for field in fields(kind))
    return f"Give {kind.__name__} objects, or dictionaries with their fields: {', '.join(names)}."


def _shown(value: object) -> str:
    """Return a value as a message has it, not longer than a line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
