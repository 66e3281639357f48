"""How deep a JSON value is nested, found without recursion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["deeper_than"]


def deeper_than(value: object, limit: int) -> bool:
    """Return whether lists and objects stand in one another more than `limit` deep.

    >>> deeper_than([[1], {"a": {}}], 3), deeper_than([[1], {"a": {}}], 2)
    (False, True)
    """
    level: list[Mapping[str, object] | Sequence[object]] = [value] if _holds(value) else []  # type: ignore[list-item]
    for _ in range(limit):
        level = [
            below
            for node in level
            for below in (node.values() if isinstance(node, Mapping) else node)
            if isinstance(below, dict | list)
        ]
        if not level:
            return False
    return bool(level)


def _holds(value: object) -> bool:
    return isinstance(value, Mapping | list)
