"""One form for every name: ids, titles and categories that look alike are alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from nextinterest.characters import undirected

__all__ = ["found_name", "normal_name"]

_BLANKS = " \t\n\r\v\f"


def normal_name(text: str) -> str:
    r"""Return text in Unicode's composed form (NFC), without blanks and invisible characters at its ends.

    Invisible are the characters of category Cf, such as the zero-width space. Those that change the direction
    of text are left out everywhere.

    Examples
    --------
    >>> normal_name("zoe\u0308\u200b ") == "zo\u00eb"
    True
    """
    if text.isascii():
        return text.strip(_BLANKS)
    text = unicodedata.normalize("NFC", undirected(text))
    start, end = 0, len(text)
    while start < end and _invisible(text[start]):
        start += 1
    while end > start and _invisible(text[end - 1]):
        end -= 1
    return text[start:end]


def found_name(names: Mapping[str, int], wanted: str) -> int | None:
    """Return the position of a name, as it is given or in its normal form; None where there is neither."""
    position = names.get(wanted)
    if position is None and (normal := normal_name(wanted)) != wanted:
        position = names.get(normal)
    return position


def _invisible(character: str) -> bool:
    # Python counts the separators of ASCII (1C to 1F) as blanks, Unicode does not.
    return (character.isspace() and not "\x1c" <= character <= "\x1f") or unicodedata.category(
        character
    ) == "Cf"
