"""Arguments as Python callers give them, checked where a slip would end in an error of Python's own."""

from __future__ import annotations

from numbers import Integral

from nextinterest.data import Dataset
from nextinterest.errors import DataError

__all__ = ["as_data_set", "as_whole_number"]


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


def as_data_set(value: object, where: str) -> Dataset:
    """Return what `nextinterest.data.load` returned.

    Raises
    ------
    DataError
        If it is something else, such as a path.
    """
    if not isinstance(value, Dataset):
        raise DataError(
            f"{where} takes a data set, not a {type(value).__name__}.",
            remedy="Pass what nextinterest.data.load('events.csv') returns.",
            command="Give the data with --data.",
        )
    return value
