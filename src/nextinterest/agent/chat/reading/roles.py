"""What a message says of each item that it means: an opinion, or that things like it are wanted or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nextinterest.agent.chat.reading.categories import is_negated
from nextinterest.agent.chat.reading.opinions import Opinion, read_opinions
from nextinterest.agent.chat.reading.retraction import held_where
from nextinterest.agent.chat.reading.statements import is_liking
from nextinterest.agent.chat.reading.tokens import Text, word_list

__all__ = ["Named", "with_roles"]

# Questions about what was left out: "did you mean to leave out Heat?" leaves nothing out.
_ASKS_LEFT_OUT = re.compile(
    r" (?:did|do|have|had|are|were|why (?:did|do|are|were|have)) you (?:\w+ ){0,3}?"
    r"(?:leave|leaving|left|skip|skipping|skipped|exclude|excluding|excluded|omit|omitting|omitted|avoid|avoiding"
    r"|avoided|drop|dropping|dropped|ignore|ignoring|ignored|remove|removing|removed) "
)


@dataclass(frozen=True, slots=True)
class Named:
    """An item that a message means.

    Attributes
    ----------
    item
        Catalogue position.
    start, end
        Positions of the words that mean it.
    by_title
        Whether it was named by its title rather than by position or pronoun.
    opinion
        The opinion on it.
    like
        Whether things like it are wanted.
    unlike
        Whether it, or things like it, are not wanted.
    alike
        Items of the same title, this one among them, where the message leaves open which is meant.
    unstated
        Whether an opinion on it is asked for, expected, or somebody else's, and none is stated.
    kind
        With `unlike`: whether its kind is meant, not the item alone ("less like Heat").
    """

    item: int
    start: int
    end: int
    by_title: bool
    opinion: Opinion
    like: bool
    unlike: bool
    kind: bool = False
    alike: tuple[int, ...] = ()
    unstated: bool = False


def with_roles(text: Text, spans: Sequence[tuple[int, int, int, bool]]) -> list[Named]:
    """Return the items of a message with what is said of each.

    Parameters
    ----------
    text
        The message.
    spans
        Start, end, item, and whether it is named by title, left to right.
    """
    stored = {p for at in range(len(text)) for p in range(at, at + held_where(text, at))}  # states nothing
    named_at = [(start, max(start + 1, end)) for start, end, _, _ in spans]
    said = read_opinions(text, named_at, stored) if spans else []
    inside = {p for start, end, _, by_title in spans if by_title for p in range(start + 1, end)}
    likes = _behind(text, inside, "similar", "if_liked")
    unlikes = _behind(text, inside, "less_like")
    bans = _behind(text, inside, "bans")
    answers = text.words[:1] in {("no",), ("nope",)} and len(text) > 1 and text.tokens[1].after_comma
    bound = not _ASKS_LEFT_OUT.search(text.line)
    named: list[Named] = []
    for (start, end, item, by_title), (opinion, unstated) in zip(spans, said, strict=True):
        before = named[-1] if named else None
        chained = before is not None and _only_joins(text, before.end, start)
        unlike = bound and (
            start in unlikes
            or start in bans
            or (chained and before is not None and before.unlike and not before.like)
        )
        like = (start in likes or _behind_maker(text, start, likes)) and not unlike
        if not like and not unlike and end < len(text):
            like = text.phrase_at(end, word_list("similar_behind") - {("but",)}) > 0
        if chained and before is not None and before.like and not unlike:
            like = True
        if not like and bound and is_negated(text, start) and opinion in {"none", "seen"}:
            # "no, the first one" answers; "no" leaves nothing out there
            unlike = not (answers and not by_title and start == 1)
        kind = start in unlikes or (unlike and chained and before is not None and before.kind)
        named.append(Named(item, start, end, by_title, opinion, like, unlike, kind, unstated=unstated))
    return named


def _behind_maker(text: Text, start: int, likes: set[int]) -> bool:
    """Whether only a maker is between the phrase and the title: "in the style of Hitchcock's Vertigo"."""
    if start < 1:
        return False
    raw = text.tokens[start - 1].raw.casefold()
    return start - 1 in likes and raw.endswith(("'s", "\u2019s"))


def _only_joins(text: Text, end: int, start: int) -> bool:
    gap = text.words[end:start]
    joins = {"and", "or", "und", "et", "the", "a", "nor"}
    if end >= len(text) or text.breaks(max(0, end - 1), start):
        return False
    return all(word in joins for word in gap)


def _behind(text: Text, inside: set[int], *names: str) -> set[int]:
    """Return positions where the object of a phrase may start, fillers skipped; none within titles."""
    fillers = word_list("fillers")
    found: set[int] = set()
    for name in names:
        phrases = word_list(name)
        for position in range(len(text)):
            length = text.phrase_at(position, phrases)
            if (
                not length
                or is_liking(text, position, length)
                or position in inside
                or position + length - 1 in inside
            ):
                continue
            at = position + length
            found.add(at)
            while at < len(text) and (skip := text.phrase_at(at, fillers)) and not text.tokens[at].after_stop:
                at += skip
                found.add(at)
    return found
