"""Things asked for by words of titles: "an espresso machine please"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list
from nextinterest.titles.words import everyday_words

if TYPE_CHECKING:
    from nextinterest.agent.chat.understanding import ChatContext

__all__ = ["names_goods", "opening"]

_LONGEST_PHRASE = 6  # words of a thing that is asked for


def opening(text: Text) -> int:
    """Return the position behind greetings and politeness."""
    position, polite = 0, word_list("greetings", "thanks", "polite_openings")
    while position < len(text) and (length := text.phrase_at(position, polite)):
        position += length
    return position


def names_goods(text: Text, context: ChatContext) -> bool:
    """Whether a message asks for a thing by words of titles: "an espresso machine please"."""
    position = start = opening(text)
    asks = word_list("wants", "asks_for")
    while position < len(text) and (length := text.phrase_at(position, asks)):
        position += length
    asked = position > start
    if position >= len(text) or text.words[position] in single_words("definite"):
        return False
    while position < len(text) and text.words[position] in single_words("indefinite"):
        position, asked = position + 1, True
    end = position
    while end < len(text) and text.words[end] not in single_words("plain") | {"please", "pls"}:
        if end > position and text.breaks(position, end):
            break
        end += 1
    asked = asked or text.words[-1] in {"please", "pls"} or (end == len(text) and end - position > 1)
    words = text.words[position:end]
    if not asked or not 0 < len(words) <= _LONGEST_PHRASE or text.words[end : end + 1] == ("to",):
        return False
    known = (
        context.titles.knows_word(word) or context.titles.knows_word(word.removesuffix("s")) for word in words
    )
    return all(known) and any(word not in everyday_words() for word in words)
