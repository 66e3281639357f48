"""Whether a request to take something back is one word for word, and what exactly it names.

Stored events go only where every word of the request is known: the verb, full titles, what joins them,
politeness, and where they are held. One word more ("tonight", "from the list", "except", the "2" behind
"Toy Story") leaves them alone: in doubt nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from nextinterest.agent.chat.reading.deletion import listed
from nextinterest.agent.chat.reading.mentions import Mention
from nextinterest.agent.chat.reading.retraction import Retraction
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
        Places of the titles it names in full.
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
    """Whether a message makes an exception, as "all but" does; words at places of `titles` say nothing."""
    return _says(text, titles, "excepts")


def in_passing(text: Text, titles: frozenset[int] = frozenset()) -> bool:
    """Whether a message speaks of a moment or of a list that is shown: "for now", "from the results"."""
    shown = any(
        (word,) in listed("shown") and text.words[place - 1] in _POINTS and place not in titles
        for place, word in enumerate(text.words[1:], start=1)
    )
    return shown or _says(text, titles, "in_passing")


def _says(text: Text, titles: frozenset[int], name: str) -> bool:
    return any(
        not titles & set(range(start, end)) and not (end - start == 1 and text.tokens[start].quoted)
        for start, end in text.places(listed(name))
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
        Places of years that say which item of a title is meant.
    index
        Of the catalogue.
    """
    titles = {mention.start: mention for mention in mentions}
    inside = frozenset(p for one in mentions for p in range(one.start, one.end))
    starts: set[int] = set()
    missing: list[str] = []
    doubtful = excepts(text, inside) or in_passing(text, inside)
    place, joined = asked.start, True
    while place < len(text):
        if place > asked.start and text.tokens[place].after_stop and place not in inside:
            break
        comma = place > asked.start and text.tokens[place].after_comma
        if comma:
            following = _behind_fillers(text, place, titles)
            if following < len(text) and not (
                following in titles or _is_name(text, following) or text.words[following] in {"and", "or"}
            ):
                break  # another clause: "that was my brother"
            joined = True
        length = max(text.phrase_at(place, _JOINS), 0)
        if length:
            following = _behind_fillers(text, place + length, titles)
            if following >= len(text) or not (following in titles or _is_name(text, following)):
                doubtful = doubtful or _goes_on(text, place + length)
                break
            place, joined = place + length, True
            continue
        if place in titles and joined:
            mention = titles[place]
            if _is_full(text, mention, index):
                starts.add(place)
            else:
                missing.append(text.span(mention.start, mention.end))
            place, joined = mention.end, False
            continue
        length = int(place in dated) or _harmless(text, place)
        if length:
            place += length
            continue
        end = _name_end(text, place, titles)
        if not (joined and _is_name(text, place)) or any(p in titles for p in range(place, end)):
            doubtful = True
            place += 1
            continue
        missing.append(text.span(place, end))
        place, joined = end, False
    return Removal(max(place, 0), frozenset(starts), tuple(missing), doubtful)


def _harmless(text: Text, place: int) -> int:
    """Return how many words at a place say where it is held, or nothing."""
    length = text.phrase_at(place, listed("held_where", "about_what", "of_all", "polite", "ever"))
    return length or text.phrase_at(place, word_list("fillers"))


def _behind_fillers(text: Text, place: int, titles: Mapping[int, Mention]) -> int:
    while place < len(text) and place not in titles and (length := _harmless(text, place)):
        place += length
    return place


def _goes_on(text: Text, place: int) -> bool:
    """Whether "and" leads to more of the request rather than to another clause."""
    return place >= len(text) or not text.phrase_at(place, word_list("requests", "strong_requests"))


def _is_name(text: Text, place: int) -> bool:
    token = text.tokens[place]
    if token.word in {"i", "im", "ive", "id"} or text.phrase_at(place, word_list("requests")):
        return False
    return token.capital and not text.shouted


def _name_end(text: Text, place: int, titles: Mapping[int, Mention]) -> int:
    end = place + 1
    while end < len(text) and end - place < _LONGEST_NAME and end not in titles:
        token = text.tokens[end]
        if token.after_comma or token.after_stop or (token.word,) in _JOINS:
            break
        if text.phrase_at(end, listed("held_where", "polite")):
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
