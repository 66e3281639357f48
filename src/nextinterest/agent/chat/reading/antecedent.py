"""Which item an opinion is on that names none, and which words are no item after all.

"I hated it" is on the item named last. Where that is not known, as after a list or an unknown title, or where
a title is an everyday function word ("war" in German), nobody is recorded to have an opinion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nextinterest.agent.chat.reading.roles import Named
from nextinterest.agent.chat.reading.tokens import Text, single_words
from nextinterest.agent.chat.reading.turn import Turn
from nextinterest.domain import Intent
from nextinterest.titles import TitleIndex

__all__ = ["Antecedent"]


class Antecedent:
    """The item that a pronoun means, as a conversation goes on."""

    def __init__(self) -> None:
        self._item: tuple[int, ...] = ()
        self._unknown = False  # whether a title was named last that the catalogue does not have

    @property
    def known(self) -> tuple[int, ...]:
        """The item meant, where that is known."""
        return () if self._unknown else self._item

    def meant(self, item: int) -> None:
        """Record that an item was pointed to."""
        self._item, self._unknown = (item,), False

    def shown(self, items: Sequence[int]) -> None:
        """Record the items that the assistant named; one alone is meant from then on."""
        if len(items) == 1:
            self._item, self._unknown = tuple(items), False

    def said(self, turn: Turn, intent: Intent, query: str | None, titles: TitleIndex) -> None:
        """Record what a message named, with the request that it was read as."""
        named = [one.item for one in turn.titled or turn.named]
        asked = query is not None and intent in {"similar", "search", "feedback", "explain"}
        self._unknown = not named and asked and titles.resolve(query or "") is None
        if named or self._unknown or intent in {"recommend", "similar"}:
            left = not turn.titled and intent == "recommend"  # those of the list before are left behind
            self._item = () if left else tuple(named[:1])

    def resolved(self, turn: Turn) -> Turn:
        """Return a message whose opinions are on the items that they are meant for, and on no others."""
        named = [_doubted(one) if _is_function_word(turn.text, one) else one for one in turn.named]
        if turn.reference.pronoun and not turn.titled:
            shown = turn.table.shown if len(turn.table.shown) == 1 else ()
            clear = () if self._unknown else self._item or shown
            passed = {"seen"} if turn.has("rejects") else set()  # "not that one, I saw it"
            named = [
                (replace(one, item=clear[0]) if clear else _doubted(one))
                if one.opinion not in {"none", *passed}
                else one
                for one in named
            ]
        return replace(turn, named=named)


def _doubted(one: Named) -> Named:
    return replace(one, opinion="none", unstated=True)


def _is_function_word(text: Text, one: Named) -> bool:
    """Whether a title is made of function words, written as such: "war", "das war"."""
    tokens = text.tokens[one.start : one.end]
    written = one.by_title and all(token.word in single_words("function_words") for token in tokens)
    if one.start == 0 and one.end == len(text) and tokens[0].capital:
        return False  # "Her" alone
    return written and not tokens[0].quoted and not (tokens[-1].capital and one.end > 1)
