"""Numbers of things in sentences: one event, two events."""

from __future__ import annotations

__all__ = ["counted"]


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number and what it counts, in the singular for one.

    Parameters
    ----------
    n
        How many.
    one
        What is said of one: a noun, or a noun with its verb.
    many
        What is said of any other number; `one` with an s where None.

    Examples
    --------
    >>> counted(1, "user"), counted(1200, "user"), counted(0, "item is", "items are")
    ('1 user', '1,200 users', '0 items are')
    """
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"
