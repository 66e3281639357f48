"""Lookups of words that may be a misspelt or shortened title, limited for each conversation.

One lookup costs a fraction of a millisecond, and a message of unknown words has thousands of texts to look
up: each distinct text is looked up once, and the number of lookups is bounded.
"""

from __future__ import annotations

from nextinterest.titles import TitleIndex, TitleMatch

__all__ = ["MOST_LOOKUPS", "TitleLookups"]

MOST_LOOKUPS = 300
"""Texts looked up in one conversation; ordinary messages need 2 each, the longest of the test sets 22."""

_MATCHES = 2


class TitleLookups:
    """The inexact lookups of one conversation.

    Half of them are kept for the newest message; the earlier ones share the rest evenly, and what one of them
    leaves over goes to those behind it.

    Parameters
    ----------
    index
        Of the catalogue's titles; its exact lookups are not limited.
    most
        Distinct texts looked up at most.

    Attributes
    ----------
    skipped
        Lookups of the present message that were left out.
    """

    def __init__(self, index: TitleIndex, most: int = MOST_LOOKUPS) -> None:
        self.index = index
        self.skipped = 0
        self._most, self._until = most, most
        self._known: dict[str, list[TitleMatch]] = {}

    def begin(self, messages_behind: int) -> None:
        """Begin a message, which may use its share of what is left."""
        self.skipped, used = 0, len(self._known)
        if messages_behind:
            self._until = used + max(0, self._most // 2 - used) // messages_behind
        else:
            self._until = self._most

    @property
    def exhausted(self) -> bool:
        """Whether the present message has used its lookups."""
        return len(self._known) >= self._until

    def find(self, text: str, k: int) -> list[TitleMatch]:
        """Return what `TitleIndex.find` does, for k up to 2; nothing where no lookup is left."""
        found = self._known.get(text)
        if found is None:
            if self.exhausted:
                self.skipped += 1
                return []
            found = self._known[text] = self.index.find(text, _MATCHES)
        return found[:k]
