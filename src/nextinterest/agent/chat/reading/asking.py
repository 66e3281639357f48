"""Questions about items that are named or pointed to, and what the catalogue has no answer to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, TypedDict

import yaml

from nextinterest.agent.chat.reading.goods import opening
from nextinterest.agent.chat.reading.scope import is_contraction
from nextinterest.agent.chat.reading.tokens import phrases_of, single_words, tokenise
from nextinterest.agent.chat.reading.turn import Turn
from nextinterest.titles.words import NUMBER_WORDS

if TYPE_CHECKING:
    from nextinterest.agent.chat.understanding import ChatContext

__all__ = ["asks_of_what", "compares", "question_of", "unanswered"]

_MOST = 3  # words without an answer that a reply repeats


class _Topic(TypedDict):
    called: str
    names: list[str]
    words: list[str]


def _listed(name: str) -> frozenset[tuple[str, ...]]:
    return phrases_of("asking.yaml", name)


@cache
def _topics() -> tuple[tuple[str, frozenset[str], frozenset[tuple[str, ...]]], ...]:
    source = files("nextinterest.agent.chat.reading").joinpath("asking.yaml").read_text("utf-8")
    read: list[_Topic] = yaml.load(source, Loader=yaml.BaseLoader)["topics"]  # noqa: S506
    return tuple(
        (one["called"], frozenset(one["names"]), frozenset(tokenise(words).words for words in one["words"]))
        for one in read
    )


def question_of(turn: Turn) -> Literal["ask", "search"]:
    """Return whether a message about a named item asks what it is like, or looks it up.

    A title alone is looked up, and so is one in "do you have Heat"; what else is said of it is a question.
    """
    empty = single_words("plain") - single_words("question_words") | {"please", "pls"}
    beside = [
        word
        for position, word in enumerate(turn.text.words)
        if position not in turn.title_positions and word not in empty
    ]
    exists = any(
        not turn.title_positions & set(range(start, end)) for start, end in turn.text.spans(_listed("exists"))
    )
    return "search" if exists or not beside else "ask"


def compares(turn: Turn) -> bool:
    """Whether a message compares items."""
    return len(turn.titled) > 1 and turn.text.has(_listed("compares"))


def asks_of_what(turn: Turn) -> bool:
    """Whether a message only asks something of "it": "is it scary?"."""
    text = turn.text
    first = at = opening(text)
    while at < first + 2 and text.phrase_at(at, _listed("of_it")):
        at += 1
    if turn.titled or at == first:
        return False
    pronoun = text.phrase_at(at, _listed("pronouns"))
    behind = text.words[at + pronoun : at + pronoun + 1]
    return pronoun > 0 and turn.reference.pronoun and behind not in _listed("of_nothing")


def unanswered(turn: Turn, items: Sequence[int], context: ChatContext) -> tuple[str, ...]:
    """Return what a message asks of items that the catalogue says nothing of, as a reply calls it.

    Parameters
    ----------
    turn
        The message taken apart.
    items
        Catalogue positions of the items it asks about.
    context
        What is known of the catalogue.
    """
    text, details = turn.text, context.catalog.details
    names = {name.casefold().replace("_", " ") for name in details.attributes}
    names |= {"price"} if details.prices is not None else set()
    names |= {"published"} if details.published is not None else set()
    names |= {"description"} if any(context.catalog.descriptions[item] for item in items) else set()
    said: list[str] = []
    held = set(turn.title_positions) | {p for a, b in turn.reference.spans for p in range(a, b)}
    for called, fields, words in _topics():
        spans = [span for span in text.spans(words) if not held & set(range(*span))]
        if not spans:
            continue
        if not fields & names:
            said.append(called)
        held |= {p for start, end in spans for p in range(start, end)}
    held |= turn.categories.taken | turn.attributes.taken | turn.years.taken
    known = {word for name in names for word in tokenise(name).words}
    for item in items:
        known |= set(tokenise(_texts_of(item, context)).words)
    empty = single_words("plain") | {phrase[0] for phrase in _listed("says_nothing")}
    empty |= single_words("question_words") | single_words("indefinite")
    for position, token in enumerate(text.tokens):
        word = token.word
        number = word.isdigit() or word in NUMBER_WORDS
        if (
            position in held
            or is_contraction(token)
            or word in empty
            or word in known
            or number
            or len(said) >= _MOST
        ):
            continue
        said.append(f"“{token.raw}”")
    return tuple(said)


def _texts_of(item: int, context: ChatContext) -> str:
    catalog = context.catalog
    values = [column[item] for column in catalog.details.attributes.values() if column[item] is not None]
    return " ".join(map(str, (catalog.descriptions[item] or "", *catalog.categories[item], *values)))
