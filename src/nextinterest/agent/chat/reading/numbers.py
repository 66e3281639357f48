"""Numbers in words and digits, and which of them says how many items are wanted.

Words that make up a year, a title or a reference are passed in as `taken`.
"""

from __future__ import annotations

from collections.abc import Container

from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list
from nextinterest.titles.words import NUMBER_WORDS

__all__ = ["changed_count", "count_asked", "number_at"]

MOST = 100
# Not in words.yaml, whose words count as common: "she's" opens titles.
_BEFORE_AGE = frozenset({"shes", "hes", "im", "is", "turns", "turned", "turning"})
_BEFORE_COUPLE = {"couple": 2, "pair": 2, "dozen": 12, "few": 3, "handful": 5}


def number_at(text: Text, position: int) -> int | None:
    """Return the number a word means, in digits or written out."""
    word = text.tokens[position].word
    if word.isascii() and word.isdigit() and len(word) <= 4:
        return int(word)
    return NUMBER_WORDS.get(word)


def count_asked(text: Text, taken: Container[int] = ()) -> int | None:
    """Return how many items a message asks for; None where it does not say.

    Parameters
    ----------
    text
        The message.
    taken
        Positions of words that mean something else: years, titles, references.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import single_words, tokenise
    >>> messages = ("half a dozen dramas", "just one", "90 minutes to kill", "that one", "my son is 8")
    >>> [count_asked(tokenise(message)) for message in messages]
    [6, 1, None, None, None]
    """
    words = text.words
    for position, word in enumerate(words):
        if position in taken:
            continue
        before = words[position - 1] if position else ""
        after = words[position + 1] if position + 1 < len(words) else ""
        if word in _BEFORE_COUPLE:
            if word == "dozen" and words[max(0, position - 2) : position] == ("half", "a"):
                return 6
            if (
                word in {"few", "couple", "pair", "handful"}
                and before not in {"a", "the", "ein", "last"}
                and position
            ):
                continue
            times = NUMBER_WORDS.get(before, 1) if word == "dozen" else 1
            if before in {"the", "last"}:
                continue
            return min(MOST, max(1, times) * _BEFORE_COUPLE[word])
        value = number_at(text, position)
        if value is None or not 1 <= value <= MOST:
            continue
        if _measures_something_else(text, position) or (after == "dozen" and position + 1 not in taken):
            continue
        if word == "one" and not _one_is_a_count(words, position):
            continue
        return value
    return None


def changed_count(text: Text, shown: int) -> int | None:
    """Return the count that "fewer", "double that" and the like mean after a list of `shown` items."""
    if text.has(word_list("double_items")):
        return min(MOST, 2 * max(1, shown))
    if text.has(word_list("half_items")) or text.words in {("fewer",), ("less",), ("fewer", "please")}:
        return max(1, shown // 2)
    if text.has(word_list("fewer_items")) and not text.phrase_at(0, word_list("less_like")):
        # "fewer dramas" is about dramas; "fewer", "fewer please" and "too many" are about the list.
        for start, end in text.spans(word_list("fewer_items")):
            whole = end - start > 1
            if whole or end == len(text) or text.tokens[end].after_comma or text.tokens[end].after_stop:
                return max(1, shown // 2)
            if text.words[end] in {"please", "pls", "of", "ones", "items", "results", "then"}:
                return max(1, shown // 2)
    return None


def _measures_something_else(text: Text, position: int) -> bool:
    words = text.words
    token = text.tokens[position]
    if text.phrase_at(position + 1, word_list("units")) and position + 1 < len(words):
        # "5 star" measures; "5 people pleasers" would too, and that is the price.
        return not text.tokens[position + 1].after_comma
    if position and (words[position - 1],) in word_list("number_follows") and not token.after_stop:
        return True
    if position and words[position - 1] in _BEFORE_AGE and not token.after_stop:
        return True
    if _says_for(words, position) or _counts_people(words, position):
        return True
    if token.before.rstrip().endswith(("#", "$", "\u20ac", "/")):
        return True
    following = text.tokens[position + 1].before if position + 1 < len(words) else text.end
    return following.startswith(("/", "%", "$", "\u20ac", "'"))


def _says_for(words: tuple[str, ...], position: int) -> bool:
    """Whether a figure is a word: "scary 4 tonight" is for tonight, "give me 4 tonight" wants four."""
    if words[position] != "4" or position in {0, len(words) - 1}:
        return False
    return words[position + 1] in single_words("behind_for") and words[position - 1] not in single_words(
        "before_count"
    )


def _counts_people(words: tuple[str, ...], position: int) -> bool:
    """Whether it is the size of a company, as in "a class of 30"."""
    return position > 1 and words[position - 1] == "of" and words[position - 2] in single_words("crowd_of")


def _one_is_a_count(words: tuple[str, ...], position: int) -> bool:
    before = words[position - 1] if position else ""
    after = words[position + 1] if position + 1 < len(words) else ""
    if (
        after in {"of", "that", "which", "with", "like", "about", "from", "i", "was", "is"}
        and before != "just"
    ):
        return False
    if before in single_words("before_one") or after in single_words("behind_one"):
        return True
    return position == 0
