"""What a conversation has listed or named, and "the second one", "that one", "2 and 4", "all of them".

The lists are read off the assistant's messages, since a conversation is nothing but its messages; whoever
wrote them. A line that starts with a number or a dot and names an item of the catalogue is a list's line.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from nextinterest.agent.chat.reading.categories import CategoryLexicon
from nextinterest.agent.chat.reading.lookups import TitleLookups
from nextinterest.agent.chat.reading.mentions import find_mentions
from nextinterest.agent.chat.reading.tokens import Text, single_words, tokenise, word_list
from nextinterest.titles import TitleIndex
from nextinterest.titles.words import NUMBER_WORDS

__all__ = [
    "LAST",
    "ORDINALS",
    "Reference",
    "Shown",
    "numbers_are_positions",
    "read_shown",
    "refer",
    "referring_positions",
]

_LINE = re.compile(r"^\s*(?:[-*\u2022\u2013]|#?\d{1,3}[.):])\s*(.+)$")
_YEAR = re.compile(r"^(.+?\(\d{4}\))")
_TAIL = re.compile(r"\s[-\u2013\u2014]\s|:\s|\s*\[|\s*\(")
_MOST_LINES = 200
_ORDINALS_OF = (
    ("first", "1st", "erste", "ersten", "premier", "premiere"),
    ("second", "2nd", "zweite", "zweiten", "deuxieme"),
    ("third", "3rd", "dritte", "dritten", "troisieme"),
    ("fourth", "4th", "vierte", "vierten", "quatrieme"),
    ("fifth", "5th", "funfte", "funften"),
    ("sixth", "6th"),
    ("seventh", "7th"),
    ("eighth", "8th"),
    ("ninth", "9th"),
    ("tenth", "10th"),
)
ORDINALS = {word: n for n, words in enumerate(_ORDINALS_OF, start=1) for word in words}
"""Ordinal words and the rank in a list that they mean, from 1."""
LAST = frozenset({"last", "letzte", "letzten", "dernier", "derniere", "bottom"})
"""Words for the last rank."""
_PEOPLE = frozenset(["we", "wed", "weve", "well", "us", "you", "youd", "youve", "i"])
_NOUNS = frozenset(["films", "movies", "books", "songs", "albums", "games", "items", "products", "articles"])
_DESCRIBES = frozenset(
    (word,) for word in ("with", "from", "about", "where", "who", "that", "by", "starring", "set", "in")
)
_LABELS = frozenset(["number", "no", "nr", "num", "#", "nummer", "numero"])


@dataclass(frozen=True, slots=True)
class Shown:
    """Items an assistant's message named.

    Attributes
    ----------
    items
        Catalogue positions in the order named.
    listed
        Whether they stood in a list.
    """

    items: tuple[int, ...] = ()
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """Items referred to by rank or pronoun, and the words that refer to them.

    Attributes
    ----------
    items
        Catalogue positions.
    spans
        (start, end) of the words, one pair for each item.
    pronoun
        Whether they are referred to by a pronoun, which is weaker evidence than a number.
    """

    items: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    pronoun: bool = False


def read_shown(message: str, titles: TitleLookups, lexicon: CategoryLexicon) -> Shown:
    """Return the items that an assistant's message named."""
    items: list[int] = []
    for line in message.splitlines()[:_MOST_LINES]:
        match = _LINE.match(line[:600])
        if match is None:
            continue
        item = _of_line(match.group(1).strip(), titles.index)
        if item is not None and item not in items:
            items.append(item)
    if items:
        return Shown(tuple(items), listed=True)
    mentions = find_mentions(tokenise(message), titles, lexicon)
    return Shown(tuple(dict.fromkeys(m.item for m in mentions if m.score >= 0.95)))


def _of_line(line: str, index: TitleIndex) -> int | None:
    dated = _YEAR.match(line)
    for text in ((dated.group(1),) if dated else ()) + (line, _TAIL.split(line)[0]):
        item = index.resolve(text.strip().strip('*"\u201c\u201d_.,'))
        if item is not None:
            return item
    return None


def refer(
    text: Text, shown: Sequence[int], focus: Sequence[int], taken: Container[int], *, by_number: bool
) -> Reference:
    """Return the items a message means without naming them.

    Parameters
    ----------
    text
        The message.
    shown
        Items of the last list.
    focus
        Items mentioned last, the most prominent first.
    taken
        Positions of words that mean something else.
    by_number
        Whether bare numbers mean ranks in the list ("seen 2 and 4") rather than counts.
    """
    by_position = _by_position(text, shown, taken, by_number)
    if by_position.items:
        return by_position
    for start, end in text.spans(word_list("all_of_them")):
        if shown and _means_items(text, start, end, len(shown)):
            return Reference(tuple(shown), ((start, end),) * len(shown))
    candidates = tuple(focus[:1]) or tuple(shown[:1])
    if candidates:
        for start, end in text.spans(word_list("pronouns")):
            relative = text.words[start:end] == ("that",) and start > 0 and _is_relative(text, end)
            if text.words[start:end] == ("the", "one") and text.words[end : end + 1] in _DESCRIBES:
                continue  # "the one with the shark" is described, and may be any
            if not relative and not any(position in taken for position in range(start, end)):
                return Reference(candidates, ((start, end),), pronoun=True)
    return Reference()


def _means_items(text: Text, start: int, end: int, n: int) -> bool:
    """Whether words for all of several mean the n items of a list: not "we both", "both funny and sad"."""
    said = text.words[start:end]
    if said in {("these",), ("those",), ("them",)}:
        return False
    if said != ("both",):
        return True
    token = text.tokens[start - 1] if start else None
    if token is not None and not text.tokens[start].after_comma and not text.tokens[start].after_stop:
        opens = start == 1 or token.after_stop or token.after_comma
        if token.word in _PEOPLE or (token.word == "were" and (opens or token.raw.casefold() != "were")):
            return False
    if n != 2:
        return False
    if end >= len(text) or text.tokens[end].after_stop or text.tokens[end].after_comma:
        return True
    opinions = word_list("liked", "disliked", "seen", "judges", "states", "title_ends", "behind_ordinals")
    return text.words[end] in single_words("list_nouns") | _NOUNS or text.phrase_at(end, opinions) > 0


def _is_relative(text: Text, position: int) -> bool:
    """Whether "that" before a position opens a relative clause: "anything that i havent seen"."""
    behind = text.words[position : position + 1]
    before = text.tokens[position - 1]
    return behind in {("i",), ("we",), ("ive",), ("weve",)} and not (before.after_stop or before.after_comma)


def numbers_are_positions(text: Text) -> bool:
    """Whether bare numbers are positions in a list: "seen 2 and 4", "why 3?"."""
    return text.has(word_list("seen_strict")) or text.words[:1] == ("why",)


def referring_positions(text: Text, shown: Sequence[int]) -> frozenset[int]:
    """Return the positions of words that refer to an entry of the last list, as "the second one" does."""
    return frozenset(
        p for start, end in _by_position(text, shown, (), False).spans for p in range(start, end)
    )


def _by_position(text: Text, shown: Sequence[int], taken: Container[int], by_number: bool) -> Reference:
    items: list[int] = []
    spans: list[tuple[int, int]] = []
    words = text.words
    if not shown:
        return Reference()
    several = _several(text, len(shown))
    if several is not None:
        span, chosen = several
        return Reference(tuple(shown[i] for i in chosen), (span,) * len(chosen))
    position = 0
    while position < len(words):
        number = (
            None if position in taken else _position_meant(text, position, len(shown), by_number, bool(items))
        )
        if number is None or not 1 <= number <= len(shown):
            position += 1
            continue
        end = position + 1
        if (
            end < len(words)
            and words[end] in single_words("list_nouns") - {"and", "or"}
            and not text.tokens[end].after_stop
        ):
            end += 1
        start = position
        if start and words[start - 1] in _LABELS | {"the"}:
            start -= 1
        if shown[number - 1] not in items:
            items.append(shown[number - 1])
            spans.append((start, end))
        position = end
    return Reference(tuple(items), tuple(spans))


def _several(text: Text, n: int) -> tuple[tuple[int, int], range] | None:
    """Return "the first two" and "the last three": the words, and which indices of a list of n they mean."""
    words = text.words
    for position in range(len(words) - 1):
        value = (
            int(words[position + 1])
            if words[position + 1].isdigit()
            else NUMBER_WORDS.get(words[position + 1])
        )
        if value is None or not 2 <= value <= n or text.tokens[position + 1].after_comma:
            continue
        if words[position] in LAST:
            return (position, position + 2), range(n - value, n)
        if (
            words[position] in {"first", "top", "ersten", "premiers"}
            and position
            and words[position - 1] in {"the", "your"}
        ):
            return (position, position + 2), range(value)
    return None


def _ends_here(text: Text, position: int) -> bool:
    """Whether a name ends before a position: "the first", "the first was dull"."""
    if position >= len(text):
        return True
    token = text.tokens[position]
    return token.after_stop or token.after_comma or (token.word,) in word_list("behind_ordinals")


def _position_meant(text: Text, position: int, n: int, by_number: bool, chained: bool) -> int | None:
    words = text.words
    word = words[position]
    before = words[position - 1] if position else ""
    after = words[position + 1] if position + 1 < len(words) else ""
    article = before in {"the", "that", "your", "der", "die", "das", "den", "le", "la", "and", "or"}
    if word in ORDINALS or word in LAST:
        following = after in single_words("list_nouns") - {"and", "or"}
        article = article and _ends_here(text, position + 1)
        if not (
            following or (article and after not in {"time", "night", "week", "year", "month", "thing", "of"})
        ):
            return None
        if word in LAST:
            return n
        return ORDINALS[word]
    value = int(word) if word.isdigit() else NUMBER_WORDS.get(word)
    if value is None:
        return None
    labelled = before in _LABELS or text.tokens[position].before.endswith("#")
    joined = chained and (before in {"and", "or", "und", "et"} or text.tokens[position].after_comma)
    if labelled or (joined and after not in {"movies", "films", "more"}):
        return value
    return value if by_number and word != "one" and after not in {"movies", "films", "more"} else None
