"""Small talk: greetings, thanks, farewells and complaints, where a message says nothing else.

Knows words, not titles; see ``small_talk.yaml``.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from nextinterest.agent.chat.reading.tokens import Text, phrases_of, word_list
from nextinterest.titles.words import NUMBER_WORDS

__all__ = ["asks_who_answers", "is_name_alone", "small_talk", "takes_leave"]

SmallTalk = Literal["complain", "bye", "thank", "greet", "idle"]

_KINDS: tuple[SmallTalk, ...] = ("complain", "bye", "thank", "greet", "idle")
_LONGEST = 12  # words
# Lists of words.yaml of which a phrase alone is a message.
_SAYING = (
    "requests", "strong_requests", "more_of_same", "rest", "rejects", "affirmations", "newer", "older",
    "newest", "cheap", "cheaper", "dear", "dearer", "greetings", "thanks", "farewells", "liked", "disliked",
    "seen", "explain", "profile", "forget", "negators", "all_of_them", "reset", "fewer_items", "kinds",
    "item_nouns", "similar", "similar_behind", "adding", "replacing", "beside_years",
)  # fmt: skip
_WHO = re.compile(
    r"(?:(?:so|hey|hi|hello|wait|sorry|ok|and|but|hm|hmm) )*"
    r"(?:are you|r u|are u|is this|is it|am i (?:really )?(?:talking|speaking|chatting) (?:to|with))"
    r"(?: (?:a|an|really|actually|just|even|only|some|kind of|sort of|real|live|actual|human|like))*"
    r" (?:real|human|person|people|being|bot|robot|machine|computer|program|ai|chatbot|alive|llm|software)"
    r"(?: or (?:a |an |just |only )*(?:real |actual |human )?(?:human|person|bot|robot|machine|computer|"
    r"program|ai|chatbot|software))?(?: here| then| lol| actually| really| by the way| btw)*"
)


def small_talk(text: Text) -> SmallTalk | None:
    """Return what kind of small talk a whole message is; of several kinds, the first of `_KINDS`.

    "idle" is an answer or a change of mind: it means nothing where nothing was asked.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import tokenise
    >>> small_talk(tokenise("Hi there!")), small_talk(tokenise("ok, thanks a lot, bye"))
    ('greet', 'bye')
    >>> small_talk(tokenise("thanks, another one")) is None
    True
    """
    return _kind(text, 0, len(text)) if len(text) <= _LONGEST else None


def takes_leave(text: Text) -> SmallTalk | None:
    """Return "bye" or "thank" where a clause is that and the others only tell of the writer; else None.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import tokenise
    >>> takes_leave(tokenise("cheers mate, thats me sorted. bye!"))
    'bye'
    >>> takes_leave(tokenise("thanks, something lighter")) is None
    True
    """
    cuts = [n for n, token in enumerate(text.tokens) if n and (token.after_stop or token.after_comma)]
    kinds: set[SmallTalk] = set()
    for start, end in pairwise((0, *cuts, len(text))):
        kind = _kind(text, start, end)
        if kind is not None:
            kinds.add(kind)
        elif not _is_chatter(text, start, end) and not text.phrase_at(start, _phrases("tells")):
            return None
    if "?" in text.end or "complain" in kinds or "idle" in kinds:
        return None
    return "bye" if "bye" in kinds else "thank" if "thank" in kinds else None


def asks_who_answers(text: Text) -> bool:
    """Whether a whole message asks if a person or a program answers: "are you a real person?"."""
    return _WHO.fullmatch(" ".join(text.words)) is not None


def is_name_alone(text: Text) -> bool:
    """Whether a message is a name with a capital, and says nothing by itself: not "More", "Perfect", "3"."""
    words = text.words
    if text.shouted or not text.tokens[0].capital:
        return False
    if words in word_list("pronouns", "function_words"):
        return True
    says = words == ("help",) or words in word_list(*_SAYING) | _phrases(*_KINDS, "chatter")
    return not says and not (len(words) == 1 and words[0] in NUMBER_WORDS)


def _phrases(*names: str) -> frozenset[tuple[str, ...]]:
    return phrases_of("small_talk.yaml", *names)


def _is_chatter(text: Text, start: int, end: int) -> bool:
    while start < end and (length := text.phrase_at(start, _phrases("chatter"))):
        start += length
    return start >= end


def _insult(text: Text, position: int) -> int:
    """Return the length of "these are all such rubbish" at a position; 0 for none."""
    at = position + text.phrase_at(position, _phrases("insulted"))
    if at == position:
        return 0
    while length := text.phrase_at(at, _phrases("heightens")):
        at += length
    length = text.phrase_at(at, _phrases("insults"))
    if not length:
        return 0
    at += length
    return at + text.phrase_at(at, _phrases("insulted_nouns")) - position


def _kind(text: Text, position: int, end: int) -> SmallTalk | None:
    found: set[SmallTalk] = set()
    while position < end:
        lengths = {kind: text.phrase_at(position, phrases_of("small_talk.yaml", kind)) for kind in _KINDS}
        lengths["complain"] = max(lengths["complain"], _insult(text, position))
        kind = max(_KINDS, key=lambda one: lengths[one])
        length = max(lengths[kind], text.phrase_at(position, phrases_of("small_talk.yaml", "chatter")))
        if not length:
            return None
        if lengths[kind] == length:
            found.add(kind)
        position += length
    return next((kind for kind in _KINDS if kind in found), None)
