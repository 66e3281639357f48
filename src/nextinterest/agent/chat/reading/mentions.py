"""Titles in a message: which words name an item of the catalogue.

A title in full is found anywhere, unless it is an everyday word ("heat", "fear"): that counts only where a
title is expected ("saw heat"), or with a capital or quotation marks. Misspelt and abbreviated ones are looked
for where a title is expected, and around words that are no everyday words.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from nextinterest.agent.chat.reading.categories import CategoryLexicon
from nextinterest.agent.chat.reading.lookups import TitleLookups
from nextinterest.agent.chat.reading.slots import (
    next_in_list,
    opens_clause,
    skip_fillers,
    slot_end,
    title_slots,
)
from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list
from nextinterest.titles import TitleIndex, TitleMatch, compared
from nextinterest.titles.words import common_words, everyday_words

__all__ = ["Mention", "find_mentions"]


@dataclass(frozen=True, slots=True)
class Mention:
    """Words start..end - 1 name an item.

    Attributes
    ----------
    start, end
        Positions of the words.
    item
        Catalogue position.
    score
        How well the words fit the title, up to 1.
    """

    start: int
    end: int
    item: int
    score: float


def find_mentions(
    text: Text, titles: TitleLookups, lexicon: CategoryLexicon, elsewhere: Container[int] = ()
) -> list[Mention]:
    """Return the titles named in a message, left to right, without overlap.

    Parameters
    ----------
    text
        The message.
    titles, lexicon
        Of the catalogue.
    elsewhere
        Positions of words that mean something else.
    """
    slots = title_slots(text)
    found = [
        _longer(text, mention, titles)
        for mention in _whole_titles(text, titles.index, lexicon, slots)
        if not any(position in elsewhere for position in range(mention.start, mention.end))
    ]
    taken = {position for position in range(len(text)) if position in elsewhere}
    taken |= {position for mention in found for position in range(mention.start, mention.end)}
    for start, strong in sorted(slots.items()):
        mention = _in_slot(text, start, strong, taken, titles, lexicon)
        while mention is not None:
            found.append(mention)
            taken.update(range(mention.start, mention.end))
            following = next_in_list(text, mention.end)
            mention = None
            if following is not None and following not in taken:
                mention = _in_slot(text, following, strong, taken, titles, lexicon)
    found += _around_unknown_words(text, taken, titles, lexicon)
    return sorted(found, key=lambda mention: mention.start)


def _longer(text: Text, mention: Mention, titles: TitleLookups) -> Mention:
    """Return the misspelt title that a title in full is the start of, if any: Dead Man before "Walkng"."""
    for end in range(min(len(text), mention.end + 5), mention.end, -1):
        words = text.words[mention.start : end]
        if text.breaks(mention.start, end - 1) or all(
            word in common_words() for word in words[mention.end - mention.start :]
        ):
            continue
        for match in titles.find(" ".join(words), 1):
            if match.how == "mistyped" and match.score >= 0.88 and match.item != mention.item:
                return Mention(mention.start, end, match.item, match.score)
    return mention


def _whole_titles(
    text: Text, index: TitleIndex, lexicon: CategoryLexicon, slots: dict[int, bool]
) -> list[Mention]:
    found: list[Mention] = []
    position = 0
    while position < len(text):
        match = _longest_at(text, position, index)
        if match is None or not _is_meant(text, match, lexicon, slots, index):
            position += 1
            continue
        found.append(match)
        position = match.end
    return found


def _longest_at(text: Text, position: int, index: TitleIndex) -> Mention | None:
    words = text.words
    for length in range(min(index.longest + 1, len(words) - position), 0, -1):
        inner = text.tokens[position + 1 : position + length]
        if length < 4 and any(t.after_stop and t.before.strip() not in {":", ".", "-", "!"} for t in inner):
            continue
        form = compared(words[position : position + length])
        written = " ".join(words[position : position + length])
        item = index.exact(form, _year_behind(text, position + length), written)
        if item is not None:
            return Mention(position, position + length, item, 1.0)
    return None


def _year_behind(text: Text, position: int) -> int | None:
    if position < len(text) and text.words[position].isdigit() and len(text.words[position]) == 4:
        return int(text.words[position])
    return None


def _is_meant(
    text: Text, mention: Mention, lexicon: CategoryLexicon, slots: dict[int, bool], index: TitleIndex
) -> bool:
    """Whether words that make up a title are meant as one."""
    start, end = mention.start, mention.end
    words = text.words[start:end]
    content = [word for word in words if word not in {"the", "a", "an"}]
    first = start + (1 if len(words) > 1 and words[0] in {"the", "a", "an"} else 0)
    token = text.tokens[first]
    closing = text.tokens[end].before if end < len(text) else text.end
    if text.tokens[start].quoted and any(mark in closing for mark in '"\u201d\u201c\u00bb'):
        return True
    year = _year_behind(text, end)
    if year is not None and index.catalog.years[mention.item] == year:
        return True
    named = index.catalog.titles[mention.item]
    capitals = token.capital and not text.shouted and not (first == 0 or text.tokens[start].after_stop)
    capitals = capitals or (
        len(content) > 1
        and not text.shouted
        and all(t.capital for t in text.tokens[first:end] if t.word not in single_words("plain"))
        and any(t.capital for t in text.tokens[first:end])
    )
    slot = slots.get(start, slots.get(first))
    if len(content) == 1 and words[0] in {"the", "a", "an"} and not named.casefold().startswith(words[0]):
        capitals = capitals and text.tokens[start].capital  # "the heat" is rarely Heat
        return capitals or (slot is True and not lexicon.means(tuple(content)))
    if len(words) == len(text) and len(content) > 0 and not lexicon.means(words):
        return len(content) > 1 or content[0] not in single_words("plain")
    if all(word.isdigit() or word in single_words("plain") for word in content):
        return bool(capitals and named[0].isupper()) or (slot is True and len(content) > 1)
    if lexicon.means(words) or lexicon.means(tuple(content)):
        return (capitals and slot is not None) or (slot is True and not _is_like(text, start))
    if len(content) > 1:
        plain = sum(word in common_words() for word in content) == len(content)
        return (
            not plain
            or capitals
            or slot is not None
            or len(content) > 2
            or _is_discussed(text, start, end)
            or not any(word in single_words("plain") for word in content)
        )
    if content[0] not in common_words():
        return True
    return (
        capitals
        or slot is True
        or (slot is False and _is_pointed_at(text, start) and _stands_alone(text, end))
        or _is_discussed(text, start, end)
        or _is_asked_after(text, start, end)
    )


def _is_like(text: Text, start: int) -> bool:
    return start > 0 and text.words[start - 1] in {
        "like",
        "love",
        "liked",
        "loved",
        "enjoyed",
        "hate",
        "hated",
    }


def _is_pointed_at(text: Text, start: int) -> bool:
    """Whether the word before points at one thing, as "why" does and "for" does not."""
    return start > 0 and text.words[start - 1] in single_words("points")


def _stands_alone(text: Text, end: int) -> bool:
    """Whether nothing but an end or a turn follows, as behind "why fargo" or "not heat though"."""
    if end == len(text):
        return True
    token = text.tokens[end]
    return token.after_stop or token.after_comma or text.phrase_at(end, word_list("title_ends")) > 0


def _is_asked_after(text: Text, start: int, end: int) -> bool:
    """Whether the words are a clause of their own before a judgement: "Speed? loved it."."""
    if not opens_clause(text, start) or end >= len(text) or not text.tokens[end].after_stop:
        return False
    return text.phrase_at(end, word_list("liked", "disliked", "seen_strict")) > 0


def _is_discussed(text: Text, start: int, end: int) -> bool:
    """Whether a clause starts with these words and goes on to say something of them."""
    if not opens_clause(text, start):
        return False
    if end == len(text):
        return False
    token = text.tokens[end]
    if token.before.strip() == ":" or (text.phrase_at(end, word_list("says_of")) and not token.after_stop):
        return True
    return token.after_comma and text.phrase_at(end, word_list("says_of")) > 0


def _in_slot(
    text: Text, position: int, strong: bool, taken: set[int], titles: TitleLookups, lexicon: CategoryLexicon
) -> Mention | None:
    """Find a misspelt or abbreviated title where one is expected."""
    starts = dict.fromkeys((position, skip_fillers(text, position)))
    best: tuple[float, Mention] | None = None
    for start in starts:
        stop = slot_end(text, start)
        for end in range(stop, start, -1):
            if any(at in taken for at in range(start, end)):
                continue
            words = text.words[start:end]
            match = _best_match(words, text.span(start, end), strong, titles, lexicon)
            if match is None:
                continue
            mention = Mention(start, end, match.item, match.score)
            worth = match.score + 0.02 * len(words)
            if best is None or worth > best[0]:
                best = (worth, mention)
    return None if best is None else best[1]


def _best_match(
    words: tuple[str, ...], written: str, strong: bool, titles: TitleLookups, lexicon: CategoryLexicon
) -> TitleMatch | None:
    content = [word for word in words if word not in single_words("plain")]
    if not content or lexicon.means(words) or all(lexicon.means((word,)) for word in content):
        return None
    if all(word.isdigit() for word in content):
        return None
    found = titles.find(written, 2)
    if not found:
        return None
    index, match = titles.index, found[0]
    unknown = [word for word in content if word not in common_words()]
    letters = len("".join(words))
    if match.how == "exact":
        return match if strong or len(content) > 1 or unknown else None
    if match.how == "part" and len(content) == 1 and content[0] in everyday_words():
        return None
    if match.how == "part":
        rare = any(index.is_rare(word) and (strong or len(word) > 4) for word in content)
        ambiguous = len(found) > 1 and found[1].score > match.score - 0.01
        if not rare and (ambiguous or not strong):
            return None
        return match if rare or len(content) > 1 or strong else None
    if not unknown and (letters < 10 or match.score < 0.9):
        return None
    if (
        unknown
        and any(word.isalpha() and not index.knows_word(word) for word in unknown) is False
        and match.score < 0.9
    ):
        return None  # its words are titles' words, spelt right, of another title
    least = 0.8 if letters >= 6 else 0.84
    if not strong:
        least += 0.04
    return match if match.score >= least else None


def _around_unknown_words(
    text: Text, taken: set[int], titles: TitleLookups, lexicon: CategoryLexicon
) -> list[Mention]:
    """Find misspelt titles of some length anywhere, around words that are no everyday words."""
    index = titles.index
    found: list[Mention] = []
    for position, word in enumerate(text.words):
        if position in taken or len(word) < 4 or word in common_words() or not word.isalpha():
            continue
        if lexicon.mentions(Text((text.tokens[position],), "", False)):
            continue
        if titles.exhausted:
            titles.skipped += 1
            break
        best: tuple[float, Mention] | None = None
        for start in range(max(0, position - 4), position + 1):
            for end in range(position + 1, min(len(text), position + 5) + 1):
                if any(at in taken for at in range(start, end)) or text.breaks(start, end - 1):
                    continue
                words = text.words[start:end]
                if (
                    sum(map(len, words)) < 8
                    or words[0] in single_words("plain") - {"the", "a"}
                    or words[-1] in single_words("plain")
                ):
                    continue
                for match in titles.find(text.span(start, end), 1):
                    good = match.how == "mistyped" and match.score >= 0.86
                    rare_pair = match.how == "part" and len(words) > 1 and index.is_rare(word)
                    worth = match.score + 0.03 * len(words)
                    if (good or rare_pair) and (best is None or worth > best[0]):
                        best = (worth, Mention(start, end, match.item, match.score))
        if best is None and index.is_rare(word) and len(word) > 5 and (alone := titles.find(word, 1)):
            match = alone[0]
            best = (match.score, Mention(position, position + 1, match.item, match.score))
        if best is not None:
            found.append(best[1])
            taken.update(range(best[1].start, best[1].end))
    return found
