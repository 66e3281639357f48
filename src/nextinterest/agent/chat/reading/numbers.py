"""Numbers in words and digits, and which of them says how many items are wanted.

Words that make up a year, a title or a reference are passed in as `taken`.
"""

from __future__ import annotations

from collections.abc import Container

from nextinterest.agent.chat.reading.amounts import measured
from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list
from nextinterest.titles.words import NUMBER_WORDS

__all__ = ["changed_count", "count_asked"]

MOST = 100
_BEHIND = 4  # words behind a number in which what is counted stands
_UNITS = frozenset("#$\u20ac\u00a3%/'<>")  # beside a number: a rank, a price, a share, a mark
_AMOUNTS = {"couple": 2, "pair": 2, "few": 3, "handful": 5}


def count_asked(text: Text, taken: Container[int] = (), counted: Container[int] = ()) -> int | None:
    """Return how many items a message asks for; None where it does not say so.

    A number is a count behind a request ("give me 5", "top ten"), before what is counted ("three comedies",
    "two more"), or alone ("five please"); never one of something mentioned before ("those two").

    Parameters
    ----------
    text
        The message.
    taken
        Positions of words that mean something else: years, titles, references.
    counted
        Positions of further words that are counted: categories.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import single_words, tokenise
    >>> messages = ("half a dozen films", "just one", "90 minutes to kill", "those two films", "my son is 8")
    >>> [count_asked(tokenise(message)) for message in messages]
    [6, 1, None, None, None]
    """
    for start in range(len(text)):
        value, end = _number(text, start)
        if not 1 <= value <= MOST or any(position in taken for position in range(start, end)):
            continue
        begin, less = _bound(text, start)
        value -= less
        before = text.words[begin - 1] if begin > _clause_start(text, begin) else ""
        if before in single_words("no_count_behind") or text.tokens[start].before.rstrip()[-1:] in _UNITS:
            continue
        behind = text.tokens[end].before if end < len(text) else text.end
        if behind.lstrip()[:1] in _UNITS or measured(text, end):
            continue
        if _is_counted(text, start, end, counted) or _is_alone(text, begin, end):
            return value
        if text.words[start] != "one" and _is_asked(text, begin):
            return value
    return None


def _bound(text: Text, start: int) -> tuple[int, int]:
    """Return where "at most" or "fewer than" before a number starts, and how many fewer are meant."""
    for less, name in enumerate(("count_most", "count_below")):
        for length in (3, 2, 1):
            if length <= start and text.words[start - length : start] in word_list(name):
                return start - length, less
    return start, 0


def _number(text: Text, start: int) -> tuple[int, int]:
    """Return the number that starts at a position and where it ends; 0 for none."""
    words = text.words
    if words[start : start + 3] == ("half", "a", "dozen"):
        return 6, start + 3
    at = start + (words[start] in {"a", "an"})
    word = words[at] if at < len(words) else ""
    if word == "dozen" or words[at + 1 : at + 2] == ("dozen",):
        value = 1 if word == "dozen" else NUMBER_WORDS.get(word) or (int(word) if word.isdecimal() else 0)
        return 12 * value, at + 1 + (word != "dozen")
    if word in _AMOUNTS and at > start:
        return _AMOUNTS[word], at + 1 + (words[at + 1 : at + 2] == ("of",))
    if at > start:
        return 0, at
    if word.isascii() and word.isdigit() and len(word) <= 4:
        return int(word), at + 1
    return NUMBER_WORDS.get(word, 0), at + 1


def _is_asked(text: Text, start: int) -> bool:
    """Whether a number stands behind a request: "give me 5", "a list of 30"."""
    return any(
        text.phrase_at(at, word_list("before_count")) == start - at and not text.breaks(at, start)
        for at in range(max(0, start - 3), start)
        if text.words[max(0, at - 1)] != "my"
    )


def _is_counted(text: Text, start: int, end: int, counted: Container[int]) -> bool:
    """Whether what is counted stands behind: "three good comedies", "two more"."""
    own = _clause_start(text, start)
    stated = any(word in single_words("tells") for word in text.words[max(own, start - 3) : start])
    if (start > own and start - 1 in counted) or (stated and text.words[end : end + 1] != ("more",)):
        return False  # "world war 2 films", "I have seen two films"
    if text.phrase_at(end, word_list("of_them")):
        return text.words[start] != "one"
    end += 2 * (text.words[end : end + 2] == ("or", "so"))
    for at in range(end, min(end + _BEHIND, len(text) + 1)):
        if at == len(text) or text.breaks(end - 1, at):
            return text.words[at - 1] == "more"
        word = text.words[at]
        if at in counted or word in single_words("one_of" if text.words[start] == "one" else "counted"):
            return True
        if word not in {"more", "new", "good", "old"} and word in single_words("plain"):
            return text.words[at - 1] == "more"
    return False


def _clause_start(text: Text, position: int) -> int:
    while position and not (text.tokens[position].after_stop or text.tokens[position].after_comma):
        position -= 1
    return position


def _is_alone(text: Text, start: int, end: int) -> bool:
    """Whether its clause says nothing else, politeness aside: "horror, five please", "make it 3"."""
    first, last = _clause_start(text, start), end
    while last < len(text) and not (text.tokens[last].after_stop or text.tokens[last].after_comma):
        last += 1
    rest = (*text.words[first:start], *text.words[end:last])
    if text.words[start] == "one" and not {"just", "only", "please"} & set(rest):
        return False
    return all(word in single_words("beside_count") for word in rest)


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
