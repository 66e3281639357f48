"""What the names in a request mean in a catalogue, whether a language model or a program wrote them.

Titles become those of the catalogue, each meaning one item. A title that several items have is asked back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nextinterest.agent.chat.reading.numbers import MOST
from nextinterest.agent.chat.reading.tokens import tokenise
from nextinterest.agent.chat.schema import EVERYTHING
from nextinterest.agent.chat.shown import NOTHING_SHOWN, ShownLists
from nextinterest.agent.chat.understanding import ChatContext, ReportedEvent, ReportedKind, Understood
from nextinterest.domain import Request
from nextinterest.domain.where import MAX_NAMES
from nextinterest.titles import split_year
from nextinterest.titles.words import title_words

__all__ = ["LEAST_MATCH", "as_planned", "as_sent", "as_written", "queries_words"]

LEAST_MATCH = 0.8


def as_planned(
    requests: Sequence[Request],
    context: ChatContext,
    shown: ShownLists = NOTHING_SHOWN,
    *,
    opinions: bool = True,
) -> Understood:
    """Return what a language model made of a message, which may ask for several things.

    What all of them report is noted once; nothing whole is deleted beside anything else.

    Parameters
    ----------
    requests
        What it wrote, at least one.
    context
        What is known of the catalogue.
    shown
        The items that lists of the conversation showed.
    opinions
        Whether items under ``disliked`` of a list that is asked for are disliked, and not only left out.
    """
    several = len(requests) > 1
    kept = [one for one in requests if not (several and deletes_everything(one))] or [
        Request(intent="forget")
    ]
    first, *others = (
        as_written(one, context, shown, opinions=opinions)
        for n, one in enumerate(kept)
        if one not in kept[:n]
    )
    noted = {one.item for one in first.reported}
    then = []
    for one in others:
        new = tuple(event for event in one.reported if event.item not in noted)
        noted |= {event.item for event in new}
        then.append(replace(one, reported=new))
    return replace(first, then=tuple(then), kept=len(kept) < len(requests))


def deletes_everything(request: Request) -> bool:
    """Whether a request is to delete the whole profile."""
    query = request.query
    return request.intent == "forget" and query is not None and query.casefold() == EVERYTHING


def queries_words(request: Request) -> bool:
    """Whether a request's query is words to search by and not an item: of a list that is wanted."""
    lists = request.intent == "recommend" or (request.intent == "similar" and bool(request.similar_to))
    return lists or len(request.compared) > 1


def as_written(
    request: Request, context: ChatContext, shown: ShownLists = NOTHING_SHOWN, *, opinions: bool = True
) -> Understood:
    """Return what a language model made of a message.

    Categories are the catalogue's or are dropped. Items that the person says they like, dislike or have seen
    are noted, whatever else is asked for. Parameters are those of `as_planned`.
    """
    request = _referred(request, context, shown.last)
    unclear = _unclear(request, context)
    if unclear:
        return Understood(Request(intent=request.intent), unclear=unclear)

    def categories(names: Iterable[str]) -> tuple[str, ...]:
        known = [one for name in names for one in context.categories.means(tokenise(name).words)]
        return tuple(name for name in context.catalog.category_names if name in known)

    included = categories(request.where.categories)
    where = request.where.model_copy(
        update={
            "categories": included,
            "match": request.where.match if len(included) > 1 else "all",
            "excluded_categories": categories(request.where.excluded_categories),
            "excluded_items": _left_out(request, context, shown.every),
        }
    )
    count = None if request.count is None else min(request.count, MOST)
    grounded = _grounded(request, context).model_copy(update={"where": where, "count": count})
    return Understood(grounded, reported=_reported(grounded, context, opinions=opinions))


def _left_out(request: Request, context: ChatContext, shown: Sequence[int]) -> tuple[str, ...]:
    """Return the ids of the items that a list leaves out; a name that no item has stays, to be noted."""
    ids = context.catalog.ids
    named = [(name, context.titles.find(name, 1)) for name in request.where.excluded_items]
    out = [ids[one[0].item] if one and one[0].score >= LEAST_MATCH else name for name, one in named]
    return tuple(dict.fromkeys([*out, *(ids[item] for item in (shown if request.others else ()))]))


def as_sent(
    request: Request, context: ChatContext, shown: ShownLists = NOTHING_SHOWN, *, confirmed: bool = False
) -> Understood:
    """Return what a program asks for, which names items by id or title.

    Nothing is noted but by the intent feedback.

    Parameters
    ----------
    request
        The request.
    context
        What is known of the catalogue.
    shown
        The items that lists of the session showed.
    confirmed
        Whether the caller confirms what the request deletes.
    """
    catalog, titles = context.catalog, context.titles

    def called(name: str) -> str:
        return titles.called(catalog.position(name)) if name in catalog else name

    fields = ("liked", "disliked", "seen", "similar_to", "less_like", "compared")
    named: dict[str, object] = {field: tuple(map(called, getattr(request, field))) for field in fields}
    if request.query is not None and not queries_words(request):
        named["query"] = called(request.query)
    if request.others and shown.every:
        out = (*request.where.excluded_items, *(catalog.ids[item] for item in shown.every))
        named["where"] = request.where.model_copy(update={"excluded_items": tuple(dict.fromkeys(out))})
    request = _referred(request.model_copy(update=named), context, shown.last)
    unclear = _unclear(request, context)
    if unclear:
        return Understood(request, unclear=unclear, confirmed=confirmed)
    grounded = _grounded(request, context)
    reported = _reported(grounded, context) if request.intent == "feedback" else ()
    return Understood(grounded, reported=reported, confirmed=confirmed)


def _referred(request: Request, context: ChatContext, shown: Sequence[int]) -> Request:
    """Return a request with the items of the last list whose numbers it gives; other numbers stay."""
    items = [shown[number - 1] for number in request.references if number <= len(shown)]
    if not items:
        return request
    titles = tuple(map(context.titles.called, items))
    field = {"similar": "similar_to", "feedback": "seen", "recommend": "liked"}.get(request.intent)
    beyond = tuple(number for number in request.references if number > len(shown))
    update: dict[str, object] = {"references": beyond}
    if field is not None:
        update[field] = tuple(dict.fromkeys((*getattr(request, field), *titles)))[:MAX_NAMES]
    elif request.intent == "forget":
        ids = tuple(context.catalog.ids[item] for item in items)
        update["where"] = request.where.model_copy(update={"only_items": ids})
    else:
        update["query"] = request.query or titles[0]
    return request.model_copy(update=update)


def _grounded(request: Request, context: ChatContext) -> Request:
    """Return the request with titles of the catalogue in place of those that are close to them."""

    def titles(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_title(name, context) or name for name in names))

    query = request.query
    if query is not None and query.casefold() != EVERYTHING and not queries_words(request):
        several = request.intent == "search" and _means_several(query, context)
        query = query if several else _title(query, context) or query
    return request.model_copy(
        update={
            "liked": titles(request.liked),
            "disliked": titles(request.disliked),
            "seen": titles(request.seen),
            "similar_to": titles(request.similar_to),
            "less_like": titles(request.less_like),
            "compared": titles(request.compared),
            "query": query,
        }
    )


def _unclear(request: Request, context: ChatContext) -> tuple[int, ...]:
    """Return the items of the first title that several have and that was written without a year."""
    query = () if request.query is None or queries_words(request) else (request.query,)
    named = (*request.liked, *request.disliked, *request.seen, *request.similar_to, *request.compared)
    for name in (*named, *query):
        title = _title(name, context)
        item = None if title is None else context.titles.resolve(title)
        if item is not None and split_year(name.strip(), bare=True)[1] is None:
            alike = context.titles.namesakes(item)
            if alike:
                return alike
    return ()


def _means_several(text: str, context: ChatContext) -> bool:
    """Whether words that are looked up may mean several items, such as all parts of a series."""
    found = context.titles.find(text, 1)
    part = bool(found) and found[0].how == "part"
    return part or len(context.titles.sharing(title_words(split_year(text)[0]))) > 1


def _title(text: str, context: ChatContext) -> str | None:
    found = context.titles.find(text, 1)
    return context.titles.called(found[0].item) if found and found[0].score >= LEAST_MATCH else None


def _reported(request: Request, context: ChatContext, *, opinions: bool = True) -> tuple[ReportedEvent, ...]:
    if request.intent not in {"feedback", "recommend", "similar"}:
        return ()
    feedback = request.intent == "feedback"
    said: tuple[tuple[ReportedKind, tuple[str, ...]], ...] = (
        ("liked", request.liked),
        ("disliked", request.disliked if feedback or opinions else ()),
        ("seen", (*request.seen, request.query) if feedback and request.query else request.seen),
    )
    reported: list[ReportedEvent] = []
    for kind, names in said:
        for name in names:
            item = context.titles.resolve(name)
            if item is not None and all(one.item != item for one in reported):
                reported.append(ReportedEvent(item, kind))
    return tuple(reported)
