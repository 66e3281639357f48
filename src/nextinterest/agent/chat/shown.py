"""The items that a conversation showed in lists: by what replies did, else by the lines of their texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nextinterest.agent.chat.reading.lookups import TitleLookups
from nextinterest.agent.chat.reading.references import read_shown
from nextinterest.agent.chat.understanding import ChatContext
from nextinterest.domain import Answer
from nextinterest.messages import Message

__all__ = ["NOTHING_SHOWN", "ShownLists", "shown_in"]


@dataclass(frozen=True, slots=True)
class ShownLists:
    """Items of lists, as catalogue positions.

    Attributes
    ----------
    last
        Those of the newest list, in its order.
    every
        Those of all lists.
    """

    last: tuple[int, ...] = ()
    every: tuple[int, ...] = ()


NOTHING_SHOWN = ShownLists()


def shown_in(said: Sequence[Message], context: ChatContext) -> ShownLists:
    """Return the items of the lists that the assistant showed."""
    titles, catalog = TitleLookups(context.titles), context.catalog
    last: tuple[int, ...] = ()
    every: list[int] = []
    for one in said:
        if one.role != "assistant":
            continue
        if isinstance(one, Answer):
            items = tuple(catalog.position(item) for item in one.shown if item in catalog)
        else:
            shown = read_shown(one.content, titles, context.categories)
            items = shown.items if shown.listed else ()
        last = items or last
        every += items
    return ShownLists(last, tuple(dict.fromkeys(every)))
