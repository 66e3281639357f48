"""What a language model is shown before it reads a conversation: the catalogue, the person, and examples.

Everything comes from the catalogue and the history, so nothing is about films or goods. Knows no model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import numpy as np

from nextinterest.agent.chat.understanding import ChatContext
from nextinterest.domain import Catalog, History
from nextinterest.kind_names import done
from nextinterest.prompts import neutralise
from nextinterest.prompts.flat_request import attributes_for
from nextinterest.prompts.summary import category_shares

__all__ = ["described"]

MAX_CATEGORY, MAX_TITLE = 48, 80
MOST_CATEGORIES = 200
N_TITLES, N_VALUES = 5, 15
MAX_VALUES = 400
N_NEWEST = 10


def described(context: ChatContext, special_tokens: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return the variables of the template ``understand`` that the catalogue and the person give.

    Parameters
    ----------
    context
        The catalogue, and the history where it is known.
    special_tokens
        Control tokens of the model's tokenizer; none passes.
    """
    catalog, history = context.catalog, context.history

    def clean(text: str, most: int = MAX_TITLE) -> str:
        return neutralise(text, max_chars=most, special_tokens=special_tokens)

    titles = [clean(context.titles.called(item)) for item in _typical(catalog)]
    categories = [clean(name, MAX_CATEGORY) for name in _usual(catalog)]
    found = _values(catalog)
    values = None if found is None else (clean(found[0]), [clean(value) for value in found[1]])
    return {
        "n_items": f"{len(catalog):,}",
        "titles": titles,
        "categories": categories,
        "attributes": [clean(text, MAX_VALUES) for text in _attributes(catalog)],
        "first": context.years.first,
        "last": context.years.last,
        "prices": _prices(catalog),
        "newest": [] if history is None else [clean(title) for title in _newest(history, catalog)],
        "shares": []
        if history is None
        else [
            (clean(name, MAX_CATEGORY), percent) for name, percent in category_shares(history.items, catalog)
        ],
        "examples": list(_examples(titles, categories, values, catalog)),
    }


def _typical(catalog: Catalog) -> list[int]:
    """Return some items, spread over the catalogue."""
    return [int(i) for i in np.unique(np.linspace(0, len(catalog) - 1, N_TITLES).astype(np.int64))]


def _usual(catalog: Catalog) -> list[str]:
    """Return the categories that a prompt names: all, or those of most items where there are too many.

    Others are found too where a model writes them; a prompt with thousands would not fit.
    """
    names = list(catalog.category_names)
    if len(names) <= MOST_CATEGORIES:
        return names
    items = Counter(name for own in catalog.categories for name in own)
    usual = {name for name, _ in items.most_common(MOST_CATEGORIES)}
    return [name for name in names if name in usual]


def _attributes(catalog: Catalog) -> Iterator[str]:
    for name in attributes_for(catalog):
        common = Counter(value for value in catalog.details.attributes[name] if value is not None)
        values = [
            str(value).lower() if isinstance(value, bool) else str(value)
            for value, _ in common.most_common(N_VALUES)
        ]
        yield f"{name} ({', '.join(values)}{', ...' if len(common) > N_VALUES else ''})"


def _prices(catalog: Catalog) -> tuple[str, str] | None:
    prices = catalog.details.prices
    if prices is None or np.isnan(prices).all():
        return None
    return f"{np.nanmin(prices):g}", f"{np.nanmax(prices):g}"


def _newest(history: History, catalog: Catalog) -> list[str]:
    """Return the newest events, with what was done where it is known: "Emma (bought)", "Heat (rated 4)"."""
    said: list[str] = []
    for event in history.last(N_NEWEST).events(catalog):
        title = catalog[catalog.position(event.item)].title
        how = None if event.kind is None else done(event.kind)
        how = how if event.rating is None else f"rated {event.rating:g}"
        said.append(title if how is None else f"{title} ({how})")
    return said


def _values(catalog: Catalog) -> tuple[str, list[str]] | None:
    """Return an attribute of several words and its commonest values; None where there is none."""
    for name in attributes_for(catalog):
        common = Counter(value for value in catalog.details.attributes[name] if isinstance(value, str))
        if len(common) > 1:
            return name, [value for value, _ in common.most_common(2)]
    return None


def _examples(
    titles: list[str], categories: list[str], values: tuple[str, list[str]] | None, catalog: Catalog
) -> Iterator[tuple[str, str]]:
    """Yield messages and the answers that are right, as JSON; none asks what the catalogue cannot hold."""
    liked, asked = titles[0], titles[-1]
    yield (
        f"I loved {liked}. Got something lighter? And do you have {asked}?",
        _answer(
            {"intent": "recommend", "liked": [liked], "query": "lighter"},
            {"intent": "search", "query": asked},
        ),
    )
    if categories:
        named, other = categories[0], categories[-1]
        wanted: dict[str, object] = {"intent": "recommend", "count": 3, "categories": [named]}
        wanted |= {"excluded_categories": [other]} if other != named else {}
        yield f"three {named}, no {other}" if other != named else f"three {named}", _answer(wanted)
        yield f"how many {named} do you have?", _answer({"intent": "search", "categories": [named]})
    if values is not None:
        name, (one, two) = values
        both: dict[str, object] = {"intent": "recommend", "attributes": {name: [one, two]}}
        yield f"something with {name} {one} or {two}", _answer(both)
    priced, dated = catalog.details.prices is not None, any(year is not None for year in catalog.years)
    if priced or dated:
        order = "cheapest" if priced else "newest"
        yield f"your {order}?", _answer({"intent": "recommend", "count": 1, "order": order})
    yield f"{liked} again? seen it. others", _answer({"intent": "recommend", "seen": [liked], "others": True})
    if liked != asked:
        pair: dict[str, object] = {"intent": "recommend", "compared": [liked, asked]}
        yield f"{liked} or {asked}, which one?", _answer(pair)
    about = "price" if priced else values[0] if values else "year" if dated else "maker"
    yield f"what is the {about} of {asked}?", _answer({"intent": "ask", "query": asked, "about": about})
    yield "what did I like lately?", _answer({"intent": "profile", "past": ["liked"]})
    yield "thanks!", _answer({"intent": "thank"})
    yield "will it rain tomorrow", _answer({"intent": "other"})


def _answer(*requests: dict[str, object]) -> str:
    return json.dumps({"requests": requests}, ensure_ascii=False, separators=(",", ":"))
