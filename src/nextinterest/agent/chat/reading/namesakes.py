"""Which of several items of one title is meant: by year, age, order of naming, or category.

Items of one title are distinguished by their years; where those are the same or unknown, the first is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from nextinterest.agent.chat.reading.mentions import Mention
from nextinterest.agent.chat.reading.references import LAST, ORDINALS
from nextinterest.agent.chat.reading.tokens import Text
from nextinterest.titles import title_words
from nextinterest.titles.words import NUMBER_WORDS

if TYPE_CHECKING:
    from nextinterest.agent.chat.understanding import ChatContext

__all__ = ["chosen", "identified"]

_NEW = frozenset(
    {"new", "newer", "newest", "latest", "later", "recent", "modern", "remake", "neue", "nouveau"}
)
_OLD = frozenset({"old", "older", "oldest", "original", "classic", "earlier", "earliest", "alte", "ancien"})
_ALL = frozenset({"both", "all", "either", "beide", "deux"})
_ARTICLES = frozenset({"the", "that", "der", "die", "das", "le", "la"})
_IGNORED = _ARTICLES | frozenset(
    {"a", "an", "one", "ones", "film", "movie", "book", "game", "item", "title", "version", "number", "no"}
    | {"i", "we", "mean", "meant", "think", "it", "is", "was", "its", "from", "of", "in", "with", "made"}
    | {
        "this",
        "them",
        "please",
        "pls",
        "thanks",
        "thank",
        "you",
        "oh",
        "ah",
        "um",
        "ok",
        "okay",
        "just",
        "year",
    }
)


def identified(
    text: Text, mention: Mention, recent: Collection[int], context: ChatContext
) -> tuple[int, int | None, tuple[int, ...]]:
    """Return the item that a title in a message means, by the words around it or the items last shown.

    Parameters
    ----------
    text
        The message.
    mention
        The title.
    recent
        Items that the conversation showed or mentioned last.
    context
        What is known of the catalogue.

    Returns
    -------
    item
        Catalogue position.
    position
        Position of the item's year in the message, if that identified it.
    alike
        The items it may mean, the oldest first, where that stays open; else empty.
    """
    alike = context.titles.namesakes(mention.item)
    if not alike:
        return mention.item, None, ()
    by_year = {str(context.catalog.years[item]): item for item in alike}
    for position in (*range(mention.end, mention.end + 3), mention.start - 1, mention.start - 2):
        if 0 <= position < len(text) and text.words[position] in by_year:
            return by_year[text.words[position]], position, ()
    before = next((word for word in reversed(text.words[: mention.start]) if word != "the"), "")
    if before in _NEW | _OLD:
        return alike[-1] if before in _NEW else alike[0], None, ()
    known = [item for item in alike if item in recent]
    return (known[0], None, ()) if len(known) == 1 else (mention.item, None, alike)


def chosen(text: Text, items: Sequence[int], context: ChatContext) -> tuple[int, ...]:
    """Return which of some items a message names that does nothing else; empty where it names none.

    Parameters
    ----------
    text
        The message: "the new one", "2021", "the second", "the comedy", "both".
    items
        Catalogue positions in the order in which they were named, the oldest first.
    context
        What is known of the catalogue.
    """
    title = {
        *title_words(context.catalog.titles[items[0]]),
        *context.catalog.titles[items[0]].casefold().split(),
    }
    hints = [word for word in text.words if word not in title and word not in _IGNORED]
    if len(hints) == 1 and (rank := _number(hints[0])):
        return tuple(items[rank - 1 : rank])  # beside anything else it is a count: "two comedies"
    left = list(items)
    for word in hints:
        meant = _meant(word, items, context)
        if meant is None or (context.categories.means((word,)) and _ARTICLES.isdisjoint(text.words)):
            return ()
        left = [item for item in left if item in meant]
    return tuple(left) if hints and (len(left) == 1 or not _ALL.isdisjoint(hints)) else ()


def _number(word: str) -> int:
    return NUMBER_WORDS.get(word) or (int(word) if word in {"1", "2", "3", "4", "5"} else 0)


def _meant(word: str, items: Sequence[int], context: ChatContext) -> tuple[int, ...] | None:
    """Return the items that one word may mean; None for a word that means no such thing."""
    if word in _ALL:
        return tuple(items)
    if word in _NEW or word in LAST:
        return (items[-1],)
    if word in _OLD:
        return (items[0],)
    if word in ORDINALS:
        return tuple(items[ORDINALS[word] - 1 : ORDINALS[word]])
    years = {item: str(context.catalog.years[item]) for item in items}
    if word.isdigit():
        return tuple(item for item in items if years[item] in {word, f"19{word}", f"20{word}"})
    if word[-1] == "s" and word[:-1].isdigit():  # the 80s, the 1980s
        return tuple(item for item in items if years[item][-len(word[:-1]) :][:-1] == word[:-2])
    named = context.categories.means((word,))
    if named:
        return tuple(item for item in items if set(named) & set(context.catalog.categories[item]))
    return None
