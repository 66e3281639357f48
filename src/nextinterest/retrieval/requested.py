"""What a request in words asks for: values of attributes that it names, and texts close to it."""

from __future__ import annotations

import numpy as np

from nextinterest.domain import RequestMatch
from nextinterest.retrieval.item_text import title_text
from nextinterest.retrieval.named_values import Named, NamedValues
from nextinterest.retrieval.queries import NAMED, REQUEST, Query
from nextinterest.retrieval.request_words import topic_words
from nextinterest.retrieval.retriever import Retriever
from nextinterest.retrieval.text_encoder import uncached
from nextinterest.tracing import step

__all__ = ["requested"]


def requested(request: str, retriever: Retriever, values: NamedValues) -> tuple[list[Query], RequestMatch]:
    """Return what to search for, nothing where the words match nothing, and how well they match.

    Items that have a value which the words name rise or fall by it, and all items by how close their texts
    are to the other words, as far as those match anything.

    Parameters
    ----------
    request
        The words.
    retriever
        Holds the items.
    values
        The attribute values of its catalogue.
    """
    named, rest = values.read(request)
    queries = [_named(one, retriever) for one in named]
    if named:
        with step("ground", source=NAMED, values=[one.value for one in named]):
            pass
    text = title_text(topic_words(rest, else_all=not named))
    if named and not text:
        return queries, "clear"
    with step("embed", source=REQUEST, text=text) as s:
        vector = uncached(retriever.encoder).encode([text])[0]
        match = retriever.match(vector)
        s.note(match=match.kind, clearness=match.clearness, nats_a_cosine=match.steer)
    if match.kind != "none":
        queries.append(Query(REQUEST, vector, steer=match.steer))
    return queries, "clear" if named else match.kind


def _named(one: Named, retriever: Retriever) -> Query:
    """Return the query of a value: items that rise most first, popular ones before others."""
    order = np.lexsort((retriever.places(one.items), -one.nats))
    return Query(f"{NAMED}: {one.value}", items=one.items[order], nats=one.nats[order])
