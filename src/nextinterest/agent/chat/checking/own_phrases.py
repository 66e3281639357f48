"""For whom a person asks, in the person's own words: "for your dad" where they wrote "my dad"."""

from __future__ import annotations

import re

from nextinterest.agent.chat.checking.sentence import Sentence

__all__ = ["own_phrases"]

_FOR = re.compile(r"\bfor (?:you and )?your (?=\w)")
_WORD = re.compile(r"\w+")
_MOST = 5  # words of whom it is for


def own_phrases(sentence: Sentence, said: str) -> list[tuple[int, int]]:
    """Return where a sentence says for whom something is, as the person wrote it behind "my" or "our".

    Parameters
    ----------
    sentence
        The sentence.
    said
        What the person wrote, in lower case.
    """
    digits = sentence.lexicon.numbers

    def plain(word: str) -> str:
        return str(digits.get(word, word))

    wrote = " ".join(plain(word) for word in _WORD.findall(said))
    found = []
    for match in _FOR.finditer(sentence.lower):
        words = list(_WORD.finditer(sentence.lower, match.end()))[:_MOST]
        for n in range(len(words), 0, -1):
            phrase = " ".join(plain(word[0]) for word in words[:n])
            if re.search(rf"\b(?:my|our) {re.escape(phrase)}\b", wrote):
                found.append((match.start(), words[n - 1].end()))
                break
    return found
