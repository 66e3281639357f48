"""Which of several items of one title a request means, where the request or the conversation says it.

A language model often writes a title without its year though the message leaves no doubt: the year is a
condition of the request, or one of the items was just mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nextinterest.agent.chat.grounding import LEAST_MATCH, queries_words
from nextinterest.agent.chat.schema import EVERYTHING
from nextinterest.agent.chat.understanding import ChatContext
from nextinterest.domain import Request
from nextinterest.titles import split_year

__all__ = ["with_clear_titles"]

_FIELDS = ("liked", "disliked", "seen", "similar_to", "less_like", "compared")


def with_clear_titles(request: Request, context: ChatContext, texts: Sequence[str]) -> Request:
    """Return a request whose titles have their years, where it is clear which item of the title is meant.

    Parameters
    ----------
    request
        The request; in one for a list, years are those of the list and not of a title.
    context
        What is known of the catalogue.
    texts
        What was said in the conversation, oldest first.
    """
    of_title = request.intent not in {"recommend", "similar"}

    def meant(name: str) -> str:
        if split_year(name.strip(), bare=True)[1] is not None:
            return name
        found = context.titles.find(name, 1)
        alike = context.titles.namesakes(found[0].item) if found and found[0].score >= LEAST_MATCH else ()
        if not alike:
            return name
        fits = context.conditions.mask(request.where.model_copy(update={"match": "any"}))
        years = _one([item for item in alike if fits[item]]) if of_title else None
        item = _named_before(alike, context, texts) if years is None else years
        return name if item is None else context.titles.called(item)

    changed: dict[str, object] = {
        field: tuple(map(meant, getattr(request, field))) for field in _FIELDS if getattr(request, field)
    }
    query = request.query
    if query is not None and query.casefold() != EVERYTHING and not queries_words(request):
        changed["query"] = meant(query)
    if request.where.excluded_items:
        out = tuple(map(meant, request.where.excluded_items))
        changed["where"] = request.where.model_copy(update={"excluded_items": out})
    return request.model_copy(update=changed)


def _named_before(alike: Sequence[int], context: ChatContext, texts: Sequence[str]) -> int | None:
    """Return which of some items the newest text names that names one alone of them with its year."""
    catalog = context.catalog
    title = split_year(catalog.titles[alike[0]].strip())[0].casefold()
    called = {item: _whole(context.titles.called(item).casefold()) for item in alike}
    for text in reversed([text.casefold() for text in texts]):
        named = [item for item in alike if called[item].search(text)]
        if not named and _whole(title).search(text):
            named = [item for item in alike if str(catalog.years[item]) in text]
        if named:
            return _one(named)
    return None


def _whole(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")


def _one(items: Sequence[int]) -> int | None:
    return items[0] if len(items) == 1 else None
