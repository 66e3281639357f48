"""Small talk: greetings, thanks, farewells and complaints, where a message says nothing else.

Knows words, not titles; see ``small_talk.yaml``.
"""

from __future__ import annotations

from typing import Literal

from nextinterest.agent.chat.reading.tokens import Text, phrases_of

__all__ = ["small_talk"]

SmallTalk = Literal["complain", "bye", "thank", "greet", "idle"]

_KINDS: tuple[SmallTalk, ...] = ("complain", "bye", "thank", "greet", "idle")
_LONGEST = 12  # words


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
    found: set[SmallTalk] = set()
    position = 0
    while position < len(text) <= _LONGEST:
        lengths = {kind: text.phrase_at(position, phrases_of("small_talk.yaml", kind)) for kind in _KINDS}
        kind = max(_KINDS, key=lambda one: lengths[one])
        length = max(lengths[kind], text.phrase_at(position, phrases_of("small_talk.yaml", "chatter")))
        if not length:
            return None
        if lengths[kind] == length:
            found.add(kind)
        position += length
    return next((kind for kind in _KINDS if kind in found), None)
