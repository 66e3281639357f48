"""Characters that no name may hold, because they change what a reader sees of the text around them."""

from __future__ import annotations

__all__ = ["DIRECTION_CONTROLS", "undirected"]

DIRECTION_CONTROLS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Unicode's explicit bidirectional controls: embeddings, overrides, isolates and what ends them, not the
marks that names in Arabic and Hebrew need (U+200E, U+200F, U+061C)."""

_GONE = dict.fromkeys(map(ord, DIRECTION_CONTROLS))


def undirected(text: str) -> str:
    r"""Return a text without the characters that change its direction.

    Examples
    --------
    >>> undirected("a\u202eb\u2069")
    'ab'
    """
    return text if text.isascii() else text.translate(_GONE)
