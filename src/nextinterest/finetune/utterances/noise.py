"""How people mistype: letters swapped, dropped, doubled or hit beside the key; titles cut short.

Every change is drawn from the generator that is passed in.
"""

from __future__ import annotations

import re

import numpy as np

__all__ = ["as_typed", "mistyped", "shortened"]

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {key: row[max(0, i - 1) : i] + row[i + 1 : i + 2] for row in _ROWS for i, key in enumerate(row)}
_ARTICLE = re.compile(r"^(the|a|an|le|la|les|der|das|el)\s+", re.I)


def mistyped(text: str, rng: np.random.Generator) -> str:
    """Return the text with one typing mistake in a word of at least four letters; unchanged without one.

    Examples
    --------
    >>> import numpy as np
    >>> mistyped("Casablanca", np.random.default_rng(0)) != "Casablanca"
    True
    >>> mistyped("E.T.", np.random.default_rng(0))
    'E.T.'
    """
    words = list(re.finditer(r"[A-Za-z]{4,}", text))
    if not words:
        return text
    word = words[int(rng.integers(len(words)))]
    at = int(rng.integers(word.start() + 1, word.end() - 1))
    letter = text[at]
    kind = int(rng.integers(4))
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + letter + text[at:]
    if kind == 2 and text[at + 1] != letter:
        return text[:at] + text[at + 1] + letter + text[at + 2 :]
    beside = _BESIDE.get(letter.lower(), letter)
    return text[:at] + beside[int(rng.integers(len(beside)))] + text[at + 1 :]


def shortened(title: str, rng: np.random.Generator) -> str:
    """Return a title as people shorten it: without article, subtitle or brackets, or by its first words.

    Examples
    --------
    >>> import numpy as np
    >>> shortened("The Empire Strikes Back", np.random.default_rng(0))
    'Empire Strikes Back'
    """
    short = re.sub(r"\s*[(\[].*?[)\]]", "", title).strip() or title
    short = re.split(r":| or: | - ", short)[0].strip() or short
    bare = _ARTICLE.sub("", short)
    words = bare.split()
    if len(words) > 4 and len(words[2]) > 3 and rng.random() < 0.5:
        return " ".join(words[:3])
    return bare


def as_typed(text: str, rng: np.random.Generator) -> str:
    """Return the text as it may be typed: in lower case, without apostrophes, with courtesy behind it."""
    if rng.random() < 0.6:
        text = text.lower()
    if rng.random() < 0.3:
        text = text.replace("'", "")
    if rng.random() < 0.15:
        text += [" please", " pls", " thanks", "...", "!", "?"][int(rng.integers(6))]
    return text
