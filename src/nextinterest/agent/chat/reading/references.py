"""What a conversation has on the table, and "the second one", "that one", "2 and 4", "all of them".

The lists are read off the assistant's messages, since a conversation is nothing but its messages; whoever
wrote them. A line that starts with a number or a dot and names an item of the catalogue is a list's line.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from nextinterest.agent.chat.reading.categories import CategoryLexicon
from nextinterest.agent.chat.reading.mentions import find_mentions
from nextinterest.agent.chat.reading.tokens import Text, single_words, tokenise, word_list
from nextinterest.titles import TitleIndex
from nextinterest.titles.words import NUMBER_WORDS

__all__ = ["LAST", "ORDINALS", "Reference", "Shown", "places_meant", "read_shown", "refer"]

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
"""Words of a place in a list, from 1."""
LAST = frozenset({"last", "letzte", "letzten", "dernier", "derniere", "bottom"})
"""Words of the last place."""
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
    """Items meant by place or pronoun, and the words that did so.

    Attributes
    ----------
    items
        Catalogue positions.
    spans
        (start, end) of the words, one pair for each item.
    pronoun
        Whether a pronoun meant them, which proves less than a number.
    """

    items: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    pronoun: bool = False


def read_shown(message: str, index: TitleIndex, lexicon: CategoryLexicon) -> Shown:
    """Return the items that an assistant's message named."""
    items: list[int] = []
    for line in message.splitlines()[:_MOST_LINES]:
        match = _LINE.match(line[:600])
        if match is None:
            continue
        item = _of_line(match.group(1).strip(), index)
        if item is not None and item not in items:
            items.append(item)
    if items:
        return Shown(tuple(items), listed=True)
    mentions = find_mentions(tokenise(message), index, lexicon)
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
        Items last spoken of, the foremost first.
    taken
        Places of words that mean something else.
    by_number
        Whether bare numbers mean places in the list ("seen 2 and 4") rather than counts.
    """
    by_place = _by_place(text, shown, taken, by_number)
    if by_place.items:
        return by_place
    for start, end in text.places(word_list("all_of_them")):
        if shown and text.words[start:end] not in {("these",), ("those",), ("them",)}:
            return Reference(tuple(shown), ((start, end),) * len(shown))
    candidates = tuple(focus[:1]) or tuple(shown[:1])
    if candidates:
        for start, end in text.places(word_list("pronouns")):
            if not any(place in taken for place in range(start, end)):
                return Reference(candidates, ((start, end),), pronoun=True)
    return Reference()


def places_meant(text: Text, shown: Sequence[int]) -> frozenset[int]:
    """Return places of the words that point into the last list in so many words, as "the second one" does."""
    return frozenset(p for start, end in _by_place(text, shown, (), False).spans for p in range(start, end))


def _by_place(text: Text, shown: Sequence[int], taken: Container[int], by_number: bool) -> Reference:
    items: list[int] = []
    spans: list[tuple[int, int]] = []
    words = text.words
    if not shown:
        return Reference()
    several = _several(text, len(shown))
    if several is not None:
        span, chosen = several
        return Reference(tuple(shown[i] for i in chosen), (span,) * len(chosen))
    place = 0
    while place < len(words):
        number = None if place in taken else _place_meant(text, place, len(shown), by_number, bool(items))
        if number is None or not 1 <= number <= len(shown):
            place += 1
            continue
        end = place + 1
        if (
            end < len(words)
            and words[end] in single_words("list_nouns") - {"and", "or"}
            and not text.tokens[end].after_stop
        ):
            end += 1
        start = place
        if start and words[start - 1] in _LABELS | {"the"}:
            start -= 1
        if shown[number - 1] not in items:
            items.append(shown[number - 1])
            spans.append((start, end))
        place = end
    return Reference(tuple(items), tuple(spans))


def _several(text: Text, n: int) -> tuple[tuple[int, int], range] | None:
    """Return "the first two" and "the last three": the words, and which places of a list of n they mean."""
    words = text.words
    for place in range(len(words) - 1):
        value = int(words[place + 1]) if words[place + 1].isdigit() else NUMBER_WORDS.get(words[place + 1])
        if value is None or not 2 <= value <= n or text.tokens[place + 1].after_comma:
            continue
        if words[place] in LAST:
            return (place, place + 2), range(n - value, n)
        if (
            words[place] in {"first", "top", "ersten", "premiers"}
            and place
            and words[place - 1] in {"the", "your"}
        ):
            return (place, place + 2), range(value)
    return None


def _ends_here(text: Text, place: int) -> bool:
    """Whether what ends before a place starts no longer name: "the first", "the first was dull"."""
    if place >= len(text):
        return True
    token = text.tokens[place]
    return token.after_stop or token.after_comma or (token.word,) in word_list("behind_places")


def _place_meant(text: Text, place: int, n: int, by_number: bool, chained: bool) -> int | None:
    words = text.words
    word = words[place]
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    article = before in {"the", "that", "your", "der", "die", "das", "den", "le", "la", "and", "or"}
    if word in ORDINALS or word in LAST:
        following = after in single_words("list_nouns") - {"and", "or"}
        article = article and _ends_here(text, place + 1)
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
    labelled = before in _LABELS or text.tokens[place].before.endswith("#")
    joined = chained and (before in {"and", "or", "und", "et"} or text.tokens[place].after_comma)
    if labelled or (joined and after not in {"movies", "films", "more"}):
        return value
    return value if by_number and word != "one" else None
