"""Opinions: whether a message states that its writer liked, disliked or only saw an item.

An opinion applies to the items of its clause. One in a clause without items applies to those of the clause
before ("saw Scream last night. hated it"), else to those of the clause after.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

from nextinterest.agent.chat.reading.statements import Statements
from nextinterest.agent.chat.reading.tokens import Text, single_words, word_list

__all__ = ["Opinion", "read_opinions"]

Opinion = Literal["liked", "disliked", "seen", "none"]

_JOINS = frozenset(
    {"and", "or", "und", "et", "the", "a", "also", "both", "plus", "nor", "neither", "either"}
) | {"oder", "noch", "ni"}
_AMBIGUOUS = frozenset({("like",), ("likes",)})
_SICK_OF = frozenset({("sick", "of"), ("sick", "to")})  # no praise, as "that was sick" is
_AVERSIONS = frozenset({"hate", "hated", "dislike", "disliked", "loathe", "loathed", "detest", "detested"})
_TURNS = frozenset({"but", "while", "whereas", "although", "though", "however", "aber", "mais"})


def read_opinions(
    text: Text, spans: Sequence[tuple[int, int]], ignored: AbstractSet[int] = frozenset()
) -> list[tuple[Opinion, bool]]:
    """Return the writer's opinion on each item, and whether one is only asked for, heard or expected.

    Parameters
    ----------
    text
        The message.
    spans
        (start, end) of the words that name the items, left to right.
    ignored
        Positions of words that state nothing.

    Examples
    --------
    >>> from nextinterest.agent.chat.reading.tokens import tokenise
    >>> read_opinions(tokenise("my wife loved Fargo"), [(3, 4)])
    [('none', True)]
    """
    named = {position for start, end in spans for position in range(start, end)}
    clause = _clauses(text, named)
    statements = Statements(text, named, clause)
    groups = _groups(text, spans, statements)
    owners: dict[int, set[int]] = {}
    for g, group in enumerate(groups):
        for s in group:
            for position in range(*spans[s]):
                owners.setdefault(clause[position], set()).add(g)
    said: dict[int, list[Opinion]] = {}
    unstated: set[int] = set()
    for position, length, opinion in _said(text, named | ignored, statements):
        if opinion == "none":
            unstated.add(clause[position])
        elif clause[position] in owners or not statements.is_on_another(position, length):
            said.setdefault(clause[position], []).append(opinion)
    result: list[tuple[Opinion, bool]] = [("none", False)] * len(spans)
    before: Opinion = "none"
    last = max(clause, default=0)
    others = {clause[start] for start, _ in text.spans(word_list("rest"))}
    for group in groups:
        own = {clause[position] for s in group for position in range(*spans[s])}
        order = sorted(own)
        ahead = order[-1] + 1
        while ahead <= last and ahead not in owners and ahead not in others:
            order.append(ahead)
            ahead += 1
        behind = min(own) - 1
        while behind >= 0 and behind not in owners:
            order.append(behind)
            behind -= 1
        verdict = _verdict([opinion for c in order for opinion in said.get(c, ())])
        left_out = statements.left_out(spans[group[0]][0], spans[group[-1]][1])
        if left_out is not None and before != "none":
            verdict = "liked" if left_out or before == "disliked" else "disliked"
        before = verdict if verdict in {"liked", "disliked"} else "none"
        for s in group:
            result[s] = verdict, verdict == "none" and any(c in unstated for c in order)
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
    for position, token in enumerate(text.tokens):
        inside = position in named and position - 1 in named
        if (position and not inside and (token.after_stop or token.after_comma or token.word in _TURNS)) or (
            position
            and token.word == "and"
            and position + 1 < len(text)
            and _starts_clause(text, position + 1)
        ):
            number += 1
        result.append(number)
    return result


def _starts_clause(text: Text, position: int) -> bool:
    verbs = word_list("liked", "disliked", "seen_strict")
    return text.words[position] in {"i", "my", "it"} or (
        text.phrase_at(position, verbs) > 0 and text.words[position] not in {"good", "fun", "great"}
    )


def _groups(text: Text, spans: Sequence[tuple[int, int]], statements: Statements) -> list[list[int]]:
    """Join items that are in one list: "Fargo, Heat and Casino", but not "Fargo, Heat not so much"."""
    groups: list[list[int]] = []
    for s, (start, stop) in enumerate(spans):
        if groups and statements.left_out(start, stop) is None:
            end = spans[groups[-1][-1]][1]
            gap = text.words[end:start]
            if all(word in _JOINS for word in gap) and not (end < len(text) and text.breaks(end - 1, start)):
                groups[-1].append(s)
                continue
        groups.append([s])
    return groups


def _said(text: Text, named: set[int], statements: Statements) -> list[tuple[int, int, Opinion]]:
    """Return what is said where and in how many words; "none" for opinions that the writer does not state."""
    found: list[tuple[int, int, Opinion]] = []
    lists: tuple[tuple[Opinion, frozenset[tuple[str, ...]]], ...] = (
        ("disliked", word_list("disliked")),
        ("liked", word_list("liked")),
        ("seen", word_list("seen")),
    )
    unseen = text.has(word_list("not_seen"))
    position = 0
    while position < len(text):
        best: tuple[int, Opinion] = (0, "none")
        if position not in named:
            for opinion, phrases in lists:
                length = text.phrase_at(position, phrases)
                if length > best[0] and not any(p in named for p in range(position, position + length)):
                    best = (length, opinion)
        length, opinion = best
        if not length:
            position += 1
            continue
        if text.words[position : position + 2] in _SICK_OF:
            position += 2
            continue
        if text.words[position : position + length] in _AMBIGUOUS and not _is_verb(text, position):
            position += 1
            continue
        flipped = _flipped(text, position, named)
        far = None if flipped else statements.negates(position, length)
        if not statements.states(position, length):
            opinion = "none"
        elif opinion == "seen":
            opinion = "none" if unseen or flipped else opinion
        elif opinion == "disliked" and (far or (flipped and text.words[position] in _AVERSIONS)):
            opinion = "none"  # "I didn't hate it" is no praise
        elif flipped or far:
            opinion = "liked" if opinion == "disliked" else "disliked"
        found.append((position, length, opinion))
        position += length
    return found


def _is_verb(text: Text, position: int) -> bool:
    """Whether "like" is a verb and no comparison."""
    return any(word in single_words("who_likes") for word in text.words[max(0, position - 2) : position])


def _flipped(text: Text, position: int, named: set[int]) -> bool:
    """Whether a negation up to three words before reverses an opinion."""
    flips = word_list("flip")
    for at in range(position - 1, max(-1, position - 4), -1):
        if at in named or text.tokens[at + 1].after_stop or text.tokens[at + 1].after_comma:
            return False
        if text.words[at] in _TURNS:
            return False
        if (text.words[at],) in flips:
            return True
    return False
