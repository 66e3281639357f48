"""Users' names as requests carry them: one spelling of a name is one user."""

from __future__ import annotations

import unicodedata
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, StringConstraints

__all__ = ["HeaderName", "UserName", "normal"]

T = TypeVar("T")


def normal(name: T) -> T:
    """Return a name in Unicode's composed form (NFC); anything else as it is."""
    return unicodedata.normalize("NFC", name) if isinstance(name, str) else name  # type: ignore[return-value]


def _from_header(value: T) -> T:
    """Read a header as UTF-8 where it is that; the framework reads every one as Latin-1."""
    if not isinstance(value, str):
        return value
    try:
        return value.encode("latin-1").decode("utf-8")  # type: ignore[return-value]
    except UnicodeError:
        return value


UserName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f\ufffd]+$"),
    BeforeValidator(normal),
]
"""Id of a user: no control characters, and no U+FFFD, which stands for bytes of a path that are not UTF-8."""

HeaderName = Annotated[UserName, BeforeValidator(_from_header)]
"""The same in a header."""
