"""Opinions: whether what is said of an item is praise, blame, or only that it was seen.

Clause by clause: what stands in the clause of an item is said of it; a clause without an item speaks of the
items of the clause before it ("saw Scream last night. hated it"), or else of the one behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list

__all__ = ["Opinion", "opinions"]

Opinion = Literal["liked", "disliked", "seen", "none"]

_JOINS = frozenset({"and", "or", "und", "et", "the", "a", "also", "both", "plus"})
_AMBIGUOUS = frozenset({("like",), ("likes",)})
_TURNS = frozenset({"but", "while", "whereas", "although", "though", "however", "aber", "mais"})


def opinions(text: Text, spans: Sequence[tuple[int, int]]) -> list[Opinion]:
    """Return what is said of each item.

    Parameters
    ----------
    text
        The message.
    spans
        (start, end) of the words that name the items, left to right.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import single_words, tokenise
    >>> opinions(tokenise("Really liked Fargo but Evita wasn't good"), [(2, 3), (4, 5)])
    ['liked', 'disliked']
    """
    named = {place for start, end in spans for place in range(start, end)}
    clause = _clauses(text, named)
    groups = _groups(text, spans)
    owners: dict[int, set[int]] = {}
    for g, group in enumerate(groups):
        for s in group:
            for place in range(*spans[s]):
                owners.setdefault(clause[place], set()).add(g)
    said: dict[int, list[tuple[int, Opinion]]] = {}
    for place, opinion in _said(text, named):
        said.setdefault(clause[place], []).append((place, opinion))
    result: list[Opinion] = ["none"] * len(spans)
    last = max(clause, default=0)
    for group in groups:
        own = {clause[place] for s in group for place in range(*spans[s])}
        order = sorted(own)
        others = {clause[start] for start, _ in text.places(word_list("rest"))}
        ahead = order[-1] + 1
        while ahead <= last and ahead not in owners and ahead not in others:
            order.append(ahead)
            ahead += 1
        behind = min(own) - 1
        while behind >= 0 and behind not in owners:
            order.append(behind)
            behind -= 1
        verdict = _verdict([opinion for c in order for _, opinion in said.get(c, ())])
        for s in group:
            result[s] = verdict
    return result


def _verdict(found: Sequence[Opinion]) -> Opinion:
    for opinion in found:
        if opinion in {"liked", "disliked"}:
            return opinion
    return "seen" if "seen" in found else "none"


def _clauses(text: Text, named: set[int]) -> list[int]:
    """Return the clause of each word; no clause ends inside a title."""
    number = 0
    result: list[int] = []
    for place, token in enumerate(text.tokens):
        inside = place in named and place - 1 in named
        if (place and not inside and (token.after_stop or token.after_comma or token.word in _TURNS)) or (
            place and token.word == "and" and place + 1 < len(text) and _starts_clause(text, place + 1)
        ):
            number += 1
        result.append(number)
    return result


def _starts_clause(text: Text, place: int) -> bool:
    verbs = word_list("liked", "disliked", "seen_strict")
    return text.words[place] in {"i", "my", "it"} or (
        text.phrase_at(place, verbs) > 0 and text.words[place] not in {"good", "fun", "great"}
    )


def _groups(text: Text, spans: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Join items that stand in one list: "Fargo, Heat and Casino"."""
    groups: list[list[int]] = []
    for s, (start, _) in enumerate(spans):
        if groups:
            end = spans[groups[-1][-1]][1]
            gap = text.words[end:start]
            if all(word in _JOINS for word in gap) and not (end < len(text) and text.breaks(end - 1, start)):
                groups[-1].append(s)
                continue
        groups.append([s])
    return groups


def _said(text: Text, named: set[int]) -> list[tuple[int, Opinion]]:
    found: list[tuple[int, Opinion]] = []
    lists: tuple[tuple[Opinion, frozenset[tuple[str, ...]]], ...] = (
        ("disliked", word_list("disliked")),
        ("liked", word_list("liked")),
        ("seen", word_list("seen")),
    )
    place = 0
    while place < len(text):
        best: tuple[int, Opinion] = (0, "none")
        if place not in named:
            for opinion, phrases in lists:
                length = text.phrase_at(place, phrases)
                if length > best[0] and not any(p in named for p in range(place, place + length)):
                    best = (length, opinion)
        length, opinion = best
        if not length:
            place += 1
            continue
        if text.words[place : place + length] in _AMBIGUOUS and not _is_verb(text, place):
            place += 1
            continue
        if opinion != "seen" and _flipped(text, place, named):
            opinion = "liked" if opinion == "disliked" else "disliked"
        if opinion == "liked" and _is_wish(text, place, length):
            place += length
            continue
        if opinion == "seen" and text.has(word_list("not_seen")):
            place += length
            continue
        found.append((place, opinion))
        place += length
    return found


def _is_wish(text: Text, place: int, length: int) -> bool:
    """Whether "love" is wished ("I'd love to see"), not felt."""
    behind = text.words[place + length : place + length + 1]
    return behind == ("to",) or (
        place > 0 and text.words[place - 1] in {"id", "would", "wed", "might", "will"}
    )


def _is_verb(text: Text, place: int) -> bool:
    """Whether "like" is what somebody does, and no comparison."""
    return any(word in single_words("who_likes") for word in text.words[max(0, place - 2) : place])


def _flipped(text: Text, place: int, named: set[int]) -> bool:
    """Whether a negation up to three words before turns a judgement round."""
    flips = word_list("flip")
    for at in range(place - 1, max(-1, place - 4), -1):
        if at in named or text.tokens[at + 1].after_stop or text.tokens[at + 1].after_comma:
            return False
        if text.words[at] in _TURNS:
            return False
        if (text.words[at],) in flips:
            return True
    return False
