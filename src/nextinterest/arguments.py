"""Arguments as Python callers give them, checked where a slip would end in an error of Python's own."""

from __future__ import annotations

from numbers import Integral

from nextinterest.errors import DataError

__all__ = ["as_whole_number"]


def as_whole_number(value: object, name: str) -> int:
    """Return a whole number of at least 1, such as the length of a list.

    Raises
    ------
    DataError
        If it is another number or no number.
    """
    if not isinstance(value, Integral) or int(value) < 1:
        raise DataError(
            f"{name} is {value!r}; it is a whole number of at least 1.", remedy="Give such a number."
        )
    return int(value)
