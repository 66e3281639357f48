"""Whether every word of a request to remove events is known, and which items it names.

Events are removed only if the request consists of a verb, full titles, conjunctions, politeness and words
for where the data is stored. Any other word ("tonight", "from the list", "except", the "2" after "Toy
Story") makes the request doubtful, and nothing is removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from nextinterest.agent.chat.reading.deletion import listed
from nextinterest.agent.chat.reading.mentions import Mention
from nextinterest.agent.chat.reading.retraction import Retraction, held_where, introduces
from nextinterest.agent.chat.reading.tokens import Text, word_list
from nextinterest.titles import TitleIndex, title_words

__all__ = ["Removal", "excepts", "in_passing", "read_removal"]

_JOINS = frozenset({("and",), ("or",), ("plus",), ("nor",), ("also",)})
_POINTS = frozenset({"the", "this", "that", "these", "those", "your", "current", "todays"})
_LIKENESS = 0.8  # of a misspelt full title
_LONGEST_NAME = 8


@dataclass(frozen=True, slots=True)
class Removal:
    """What a request to take back names.

    Attributes
    ----------
    end
        Where it ends, the titles of a list included.
    starts
        Positions of the titles it names in full.
    missing
        Names that the catalogue does not have, as they were written.
    doubtful
        Whether it says more than what to take back, so that nothing may be removed.
    """

    end: int
    starts: frozenset[int]
    missing: tuple[str, ...]
    doubtful: bool


def excepts(text: Text, titles: frozenset[int] = frozenset()) -> bool:
    """Whether a message makes an exception, as "all but" does; words inside `titles` are ignored."""
    return _says(text, titles, "excepts")


def in_passing(text: Text, titles: frozenset[int] = frozenset()) -> bool:
    """Whether a message speaks of a moment or of a list that is shown: "for now", "from the results"."""
    shown = any(
        (word,) in listed("shown") and text.words[position - 1] in _POINTS and position not in titles
        for position, word in enumerate(text.words[1:], start=1)
    )
    changed = {
        p for start, end in text.spans(frozenset({("changed", "my", "mind")})) for p in range(start, end)
    }
    return shown or _says(text, titles | changed, "in_passing")


def _says(text: Text, titles: frozenset[int], name: str) -> bool:
    return any(
        not titles & set(range(start, end)) and not (end - start == 1 and text.tokens[start].quoted)
        for start, end in text.spans(listed(name))
    )


def read_removal(
    text: Text, asked: Retraction, mentions: Sequence[Mention], dated: set[int], index: TitleIndex
) -> Removal:
    """Return what a request names, with the titles behind its commas.

    Parameters
    ----------
    text, asked
        The message, and the request in it.
    mentions
        The titles found in it.
    dated
        Positions of years that say which item of a title is meant.
    index
        Of the catalogue.
    """
    titles = {mention.start: mention for mention in mentions}
    inside = frozenset(p for one in mentions for p in range(one.start, one.end))
    starts: set[int] = set()
    missing: list[str] = []
    doubtful = excepts(text, inside) or in_passing(text, inside)
    position, joined = asked.start, True
    while position < len(text):
        if position > asked.start and text.tokens[position].after_stop and position not in inside:
            break
        comma = position > asked.start and text.tokens[position].after_comma
        if comma:
            following = _behind_fillers(text, position, titles)
            if following < len(text) and not (
                following in titles or _is_name(text, following) or text.words[following] in {"and", "or"}
            ):
                break  # another clause: "that was my brother"
            joined = True
        length = max(text.phrase_at(position, _JOINS), 0)
        if length:
            following = _behind_fillers(text, position + length, titles)
            if following >= len(text) or not (following in titles or _is_name(text, following)):
                doubtful = doubtful or _goes_on(text, position + length)
                break
            position, joined = position + length, True
            continue
        if position in titles and joined:
            mention = titles[position]
            if _is_full(text, mention, index):
                starts.add(position)
            else:
                missing.append(text.span(mention.start, mention.end))
            position, joined = mention.end, False
            continue
        length = int(position in dated) or _harmless(text, position)
        if length:
            position += length
            continue
        end = _name_end(text, position, titles)
        if not (joined and _is_name(text, position)) or any(p in titles for p in range(position, end)):
            doubtful = True
            position += 1
            continue
        missing.append(text.span(position, end))
        position, joined = end, False
    return Removal(max(position, 0), frozenset(starts), tuple(missing), doubtful)


def _harmless(text: Text, position: int) -> int:
    """Return how many words at a position only say where the data is stored or carry no meaning."""
    length = held_where(text, position) or introduces(text, position)
    length = length or text.phrase_at(position, listed("of_all", "polite", "ever"))
    return length or text.phrase_at(position, word_list("fillers"))


def _behind_fillers(text: Text, position: int, titles: Mapping[int, Mention]) -> int:
    while position < len(text) and position not in titles and (length := _harmless(text, position)):
        position += length
    return position


def _goes_on(text: Text, position: int) -> bool:
    """Whether "and" leads to more of the request rather than to another clause."""
    return position >= len(text) or not text.phrase_at(position, word_list("requests", "strong_requests"))


def _is_name(text: Text, position: int) -> bool:
    token = text.tokens[position]
    if token.word in {"i", "im", "ive", "id"} or text.phrase_at(position, word_list("requests")):
        return False
    return token.capital and not text.shouted


def _name_end(text: Text, position: int, titles: Mapping[int, Mention]) -> int:
    end = position + 1
    while end < len(text) and end - position < _LONGEST_NAME and end not in titles:
        token = text.tokens[end]
        if token.after_comma or token.after_stop or (token.word,) in _JOINS:
            break
        if held_where(text, end) or text.phrase_at(end, listed("polite")):
            break
        end += 1
    return end


def _is_full(text: Text, mention: Mention, index: TitleIndex) -> bool:
    """Whether words are a whole title, slips of the pen aside; a number has to be the title's."""
    written = text.words[mention.start : mention.end]
    said = title_words(" ".join(written))
    if index.resolve(" ".join(written)) is not None:
        return True
    whole = title_words(index.catalog.titles[mention.item])
    forms = (whole, tuple(w for w in whole if not (w.isdigit() and len(w) == 4)))
    return any(
        OSA.normalized_similarity(" ".join(said), " ".join(form)) >= _LIKENESS
        and sorted(w for w in said if w.isdigit()) == sorted(w for w in form if w.isdigit())
        for form in forms
    )
