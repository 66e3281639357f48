"""Users' names as requests carry them: one spelling of a name is one user."""

from __future__ import annotations

import unicodedata
from functools import partial
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from nextinterest.profiles.store import DIRECTION_CONTROLS

__all__ = ["HeaderName", "LongText", "ShownText", "UserName", "normal"]

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


def _shows(text: str, allowed: str = "") -> str:
    """Return a text of an item, unless it holds characters that control what shows it."""
    for position, character in enumerate(text):
        direction = unicodedata.bidirectional(character) in DIRECTION_CONTROLS
        if direction or (unicodedata.category(character) == "Cc" and character not in allowed):
            kind = "direction-changing" if direction else "control"
            raise ValueError(f"holds the {kind} character U+{ord(character):04X} at position {position}")
    return text


ShownText = Annotated[str, AfterValidator(_shows)]
"""Text on one line, such as an id or a title: no control characters, those that change direction included."""

LongText = Annotated[str, AfterValidator(partial(_shows, allowed="\t\n\r"))]
"""The same, of several lines."""

HeaderName = Annotated[UserName, BeforeValidator(_from_header)]
"""The same in a header."""
