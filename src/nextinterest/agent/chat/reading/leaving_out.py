"""Which items a list leaves out for what a message says is not wanted and that no condition holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from nextinterest.agent.chat.reading.categories import numbers_of
from nextinterest.agent.chat.reading.scope import unwanted_text
from nextinterest.agent.chat.reading.tokens import single_words
from nextinterest.agent.chat.reading.turn import Turn
from nextinterest.domain import Where

if TYPE_CHECKING:
    from nextinterest.agent.chat.understanding import ChatContext

__all__ = ["left_out"]


def left_out(
    turn: Turn, context: ChatContext, wanted: Collection[str]
) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield what a message rules out in years, kinds and words, as it stands behind "items", with its items.

    Parameters
    ----------
    turn
        The message taken apart.
    context
        What is known of the catalogue.
    wanted
        Categories that are wanted, so that a kind of them is ruled out by its others.
    """
    years = context.conditions.years
    for span in turn.years.without:
        first, last = span.first or 0, span.last or 0
        said = f"{first}" if first == last else f"{first} to {last}"
        yield f"from {said}", frozenset(((years >= first) & (years <= last)).nonzero()[0].tolist())
    for names in turn.categories.joint:
        if not set(names).isdisjoint(wanted):
            continue
        both = context.conditions.mask(Where(categories=names))
        yield f"that are {' and '.join(names)}", frozenset(both.nonzero()[0].tolist())
    for start, end in unwanted_text(turn):
        words = [word for word in turn.text.words[start:end] if word not in single_words("plain")]
        yield f"with “{turn.text.span(start, end)}”", _with_words(words, context)


def _with_words(words: list[str], context: ChatContext) -> frozenset[int]:
    """Return the items that have all of some words in their titles or descriptions, in either number."""
    found: set[int] | None = None
    for word in words:
        forms = set(numbers_of((word,)))
        having = {item for form in forms for item in context.titles.having(form)}
        pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, forms))})\b")
        texts = enumerate(context.catalog.descriptions)
        having |= {item for item, text in texts if text and pattern.search(text.casefold())}
        found = having if found is None else found & having
    return frozenset(found or ())
