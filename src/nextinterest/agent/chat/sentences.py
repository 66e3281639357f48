"""Text cut into sentences, as it comes: for replies that leave sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["sentences_of"]

# Behind a line break, or behind the end of a sentence where another begins; not behind the number of a line
# of a list. "Mr. Ripley" is cut here too:
# `kept` holds such names together.
_END = re.compile(r"\n|(?<!\A\d)(?<!\A\d\d)(?<!\A\d\d\d)[.!?][\"'”\u2019)]*[ \t]+(?=[^\s\da-z])")


def sentences_of(pieces: Iterable[str], kept: Sequence[str] = ()) -> Iterator[str]:
    r"""Yield the sentences of a text that comes in pieces, each as soon as it is known to have ended.

    The line break and spaces behind a sentence are part of it, so that the sentences join to the text.

    Parameters
    ----------
    pieces
        The text, cut anywhere.
    kept
        Names that hold a full stop, such as titles: no sentence ends inside one.

    Examples
    --------
    >>> list(sentences_of(["Mr. Ri", "pley fits. ", "So", " does Heat."], ["Mr. Ripley"]))
    ['Mr. Ripley fits. ', 'So does Heat.']
    """
    inner = [(name, match.end()) for name in kept for match in _END.finditer(name)]
    text, looked = "", 0
    for piece in pieces:
        text += piece
        while (found := _END.search(text, looked)) is not None:
            end = found.end()
            inside = [(name, end - offset) for name, offset in inner if end >= offset]
            if any(_has(text, name, start) for name, start in inside):
                if any(len(text) < start + len(name) for name, start in inside if _has(text, name, start)):
                    break  # the name has not ended yet: more of the text decides
                looked = end
                continue
            yield text[:end]
            text, looked = text[end:], 0
    if text:
        yield text


def _has(text: str, name: str, start: int) -> bool:
    """Return whether the name stands at this place, as far as the text goes."""
    return text[start : start + len(name)] == name[: len(text) - start]
