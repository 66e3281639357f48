"""Ratings and weights of events: how large one may be, wherever it comes from."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from nextinterest.errors import DataError

__all__ = ["MAX_AMOUNT", "Amount", "amounts"]

MAX_AMOUNT = 1e9
"""The largest rating or weight of an event, above zero and below; kept in 32 bits, with room for sums."""

Amount = Annotated[float, Field(allow_inf_nan=False, ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
"""A rating or weight as pydantic checks it."""


def amounts(column: NDArray[np.floating] | NDArray[np.integer], what: str) -> NDArray[np.float32]:
    """Return ratings or weights in 32 bits; those that are so already are not looked at.

    Raises
    ------
    DataError
        If one is infinite or beyond `MAX_AMOUNT`.

    Examples
    --------
    >>> amounts(np.array([4, 5]), "rating")
    array([4., 5.], dtype=float32)
    """
    given = np.asarray(column)
    if given.dtype == np.float32:
        return given
    beyond = np.flatnonzero(np.abs(given) > MAX_AMOUNT)
    if len(beyond):
        raise DataError(
            f"The {what} of event {beyond[0] + 1} is {given[beyond[0]]:g}; {what}s are numbers from "
            f"{-MAX_AMOUNT:,.0f} to {MAX_AMOUNT:,.0f}.",
            remedy=f"Give another {what}, or none.",
        )
    return given.astype(np.float32)
