"""Kinds of a profile's events, and how each is read: as seen, liked, disliked or hidden.

An event is stored under its own kind, so that a later reading may tell a purchase from a click.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BeforeValidator

from nextinterest.kind_names import kind_name

__all__ = ["READ_AS", "EventKind", "GivenKind", "ReadAs"]

ReadAs = Literal["seen", "liked", "disliked", "hidden"]
EventKind = Literal[
    "seen", "liked", "disliked", "hidden",
    "view", "click", "play", "read", "rate",
    "like", "save", "share", "cart", "buy", "borrow",
    "dislike",
    "hide", "skip", "remove", "return",
]  # fmt: skip
"""Those of the page and of chat, then the named kinds of `nextinterest.domain.Event`."""

READ_AS: Mapping[EventKind, ReadAs] = MappingProxyType({
    "seen": "seen", "view": "seen", "click": "seen", "play": "seen", "read": "seen", "rate": "seen",
    "liked": "liked", "like": "liked", "save": "liked", "share": "liked",
    "cart": "liked", "buy": "liked", "borrow": "liked",
    "disliked": "disliked", "dislike": "disliked",
    "hidden": "hidden", "hide": "hidden", "skip": "hidden", "remove": "hidden", "return": "hidden",
})  # fmt: skip
"""How `read_profile` reads each kind."""


def _named(given: object) -> object:
    """Return a kind under its name, however it is spelled; what is no text stays for the validation."""
    if not isinstance(given, str) or given in READ_AS:
        return given
    name = kind_name(given)
    return name if name in READ_AS else given


GivenKind = Annotated[EventKind, BeforeValidator(_named)]
"""A kind as callers write it: ``bought`` and ``purchase`` are ``buy``."""
