"""JSON objects that name a key twice: whichever value counted, the sender might have meant the other."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["RepeatedKeyError", "each_key_once"]

_LONGEST = 60  # characters of a key that an error quotes


class RepeatedKeyError(ValueError):
    """A key is given twice in one object."""


def each_key_once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Return the object of some pairs, as ``object_pairs_hook`` of `json.loads`.

    Raises
    ------
    RepeatedKeyError
        If two of them have one key.
    """
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise RepeatedKeyError(f"the key {key[:_LONGEST]!r} is given twice in one object")
        found[key] = value
    return found
